/// Counts sign-in attempts by account and by address.
///
/// A value with the time passed in; a node keeps it in an actor, and a till stores it (it is
/// `Codable`) so that a lock survives a restart. An attempt counts before its answer is known, so
/// that guesses sent at once do not slip through; a success forgets the account's attempts.
public struct Throttle: Sendable, Codable {
    /// How many attempts in which time, and how long the lock.
    public struct Rule: Sendable, Codable {
        /// Attempts before the lock.
        public let attemptCountMax: Int
        /// Milliseconds after which earlier attempts are forgotten.
        public let windowMilliseconds: Int64
        /// Milliseconds of the lock.
        public let lockMilliseconds: Int64

        /// A rule.
        public init(attemptCountMax: Int, window: Duration, lock: Duration) {
            let zero = WebTime(milliseconds: 0)
            self.attemptCountMax = attemptCountMax
            windowMilliseconds = zero.adding(window).milliseconds
            lockMilliseconds = zero.adding(lock).milliseconds
        }
    }

    /// What to do with an attempt.
    public enum Verdict: Sendable, Equatable {
        /// Check the password.
        case check
        /// Refuse without checking; wait so many seconds.
        case wait(seconds: Int)
    }

    private struct Entry: Sendable, Codable {
        var count: Int
        var since: WebTime
        var lockedUntil: WebTime?
    }

    private let perAccount: Rule
    private let perAddress: Rule
    private let entryCountMax: Int
    private var entries: [String: Entry] = [:]

    /// An empty table: by default 5 tries in 15 minutes per account and 50 per address, locked for
    /// 15 minutes, 10,000 entries.
    public init(
        perAccount: Rule = Rule(attemptCountMax: 5, window: .seconds(900), lock: .seconds(900)),
        perAddress: Rule = Rule(attemptCountMax: 50, window: .seconds(900), lock: .seconds(900)),
        entryCountMax: Int = 10_000
    ) {
        self.perAccount = perAccount
        self.perAddress = perAddress
        self.entryCountMax = entryCountMax
    }

    /// Counts an attempt and says whether to check its password.
    ///
    /// - Shape: logins are compared in lower case; "" as address is one address.
    public mutating func attempt(account: String, address: String, at now: WebTime) -> Verdict {
        let keys = [("a:" + account.lowercased(), perAccount), ("p:" + address, perAddress)]
        let waits = keys.compactMap { key, _ in
            entries[key]?.lockedUntil.map { $0.milliseconds - now.milliseconds }
        }
        if let longest = waits.filter({ $0 > 0 }).max() {
            return .wait(seconds: Int((longest + 999) / 1000))
        }
        for (key, rule) in keys { count(key, rule, at: now) }
        return .check
    }

    /// Forgets the attempts of an account whose password was right.
    public mutating func succeeded(account: String, address: String) {
        entries["a:" + account.lowercased()] = nil
        // The address keeps its count: one right password must not pay for guesses at others.
        if var entry = entries["p:" + address], entry.lockedUntil == nil {
            entry.count -= 1
            entries["p:" + address] = entry.count > 0 ? entry : nil
        }
    }

    /// Lifts the lock of an account.
    public mutating func unlock(account: String) {
        entries["a:" + account.lowercased()] = nil
    }

    /// How many accounts and addresses are in the table.
    public var entryCount: Int { entries.count }

    private mutating func count(_ key: String, _ rule: Rule, at now: WebTime) {
        var entry = entries[key] ?? Entry(count: 0, since: now)
        if isForgotten(entry, rule, at: now) { entry = Entry(count: 0, since: now) }
        entry.count += 1
        if entry.count >= rule.attemptCountMax {
            entry.lockedUntil = WebTime(milliseconds: now.milliseconds + rule.lockMilliseconds)
        }
        if entries[key] == nil, entries.count >= entryCountMax { makeRoom(at: now) }
        entries[key] = entry
    }

    private func isForgotten(_ entry: Entry, _ rule: Rule, at now: WebTime) -> Bool {
        if let lockedUntil = entry.lockedUntil { return lockedUntil <= now }
        return entry.since.milliseconds + rule.windowMilliseconds <= now.milliseconds
    }

    // Forgotten entries go first; if none is, the oldest tenth of those without a lock, then of
    // all, so that a flood of invented logins cannot lift a real account's lock cheaply.
    private mutating func makeRoom(at now: WebTime) {
        entries = entries.filter { key, entry in
            !isForgotten(entry, key.hasPrefix("a:") ? perAccount : perAddress, at: now)
        }
        guard entries.count >= entryCountMax else { return }
        let oldest = entries.sorted {
            let (left, right) = ($0.value, $1.value)
            if (left.lockedUntil == nil) != (right.lockedUntil == nil) {
                return left.lockedUntil == nil
            }
            return left.since < right.since
        }
        for (key, _) in oldest.prefix(max(1, entryCountMax / 10)) { entries[key] = nil }
    }
}
