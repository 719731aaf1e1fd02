/// A card's count of wrong passwords.
///
/// Shape: counts of the last business day with a wrong try, and since the last right one.
/// Repetition: `registering` is called once per judged try, before its answer leaves.
/// Source: R-W1, R-W4. A right password ends the row but not the day's count: five wrong tries on
/// one day lock, whoever typed right in between.
public struct PasswordLock: Sendable, Hashable {
    /// Wrong tries on one business day that lock the rest of the day.
    public static let triesPerDay = 5
    /// Wrong tries in a row that lock until head office resets.
    public static let triesInRow = 15

    /// Wrong tries on `day`.
    public let wrongOnDay: Int
    /// The day that `wrongOnDay` counts, nil when there was none.
    public let day: BusinessDate?
    /// Wrong tries since the last right one, over all days.
    public let wrongInRow: Int

    /// No wrong try yet.
    public static let unused = PasswordLock(wrongOnDay: 0, day: nil, wrongInRow: 0)

    /// The lock as stored.
    public init(wrongOnDay: Int, day: BusinessDate?, wrongInRow: Int) {
        self.wrongOnDay = wrongOnDay
        self.day = day
        self.wrongInRow = wrongInRow
    }

    /// Whether only head office can open the lock.
    public var needsReset: Bool { wrongInRow >= Self.triesInRow }

    /// Whether a password may not be judged today.
    public func isLocked(on today: BusinessDate) -> Bool { triesLeft(on: today) == 0 }

    /// Wrong tries that are left today, 0 when locked.
    public func triesLeft(on today: BusinessDate) -> Int {
        max(0, min(Self.triesPerDay - count(on: today), Self.triesInRow - wrongInRow))
    }

    /// The lock after a judged try; a locked one stays as it is, because nothing is judged.
    public func registering(right: Bool, on today: BusinessDate) -> PasswordLock {
        if isLocked(on: today) { return self }
        if right { return PasswordLock(wrongOnDay: wrongOnDay, day: day, wrongInRow: 0) }
        return PasswordLock(
            wrongOnDay: count(on: today) + 1, day: max(day ?? today, today),
            wrongInRow: wrongInRow + 1)
    }

    /// A day before the stored one means a clock that went back: its count goes on.
    private func count(on today: BusinessDate) -> Int {
        guard let day, day >= today else { return 0 }
        return wrongOnDay
    }
}
