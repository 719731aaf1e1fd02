// A payment by phone needs no flow in memory: it is open until one transaction ends it, and every way to
// end it (head office's answer, a code, a cancellation) looks at the payment's row in that transaction.
// So whichever comes first wins, and the others find the payment ended.

import Domain
import GRDB
import Journal
import Logging
import ServiceLifecycle

/// Shows QRs, checks codes and learns from head office which payments phones have confirmed.
actor PhoneCheckout {
    /// How long to wait before head office is asked again after no answer.
    static let retryInterval: Duration = .seconds(2)

    private let store: TillStore
    private let identity: TillIdentity
    private let world: TillWorld
    private let line: PhoneLine
    /// How long a QR may be paid, in seconds.
    private let lifetime: Int
    private let logger: Logger
    private var watched: Set<RecordID> = []

    init(
        store: TillStore, identity: TillIdentity, world: TillWorld, line: PhoneLine,
        lifetime: Int, logger: Logger
    ) {
        self.store = store
        self.identity = identity
        self.world = world
        self.line = line
        self.lifetime = lifetime
        self.logger = logger
    }

    /// Makes the payment's QR; one that has expired gets a new time under the same payment and key.
    ///
    /// - Refuses, first match wins: `disk_nearly_full`, `PaymentRefusal` (`tillForked`,
    ///   `tillRevoked`, `storeSuspended`, `unknown`, `ended`, `cardTried`, `noConfirmationKey`).
    func show(_ payment: RecordID) async throws {
        try store.requireRoom()
        let now = world.now()
        try await store.write { [identity, lifetime] database in
            try TillStore.requireSelling(in: database)
            guard let row = try PaymentRow.find(payment, in: database) else {
                throw PaymentRefusal.unknown
            }
            guard row.ending == nil else { throw PaymentRefusal.ended }
            // A hold of a card attempt may exist under this id: a phone must not meet it.
            guard row.attempt == 0 else { throw PaymentRefusal.cardTried }
            let made = try SyncState.load(in: database).corrected(now)
            let known = try PhoneRow.find(payment, in: database)
            if let known, made < known.expires { return }
            let stored =
                try known.map { try StoredConfirmationKey.find($0.keyNumber, in: database) }
                ?? StoredConfirmationKey.newest(in: database)
            guard let stored, !stored.address.isEmpty else {
                throw PaymentRefusal.noConfirmationKey
            }
            let request = PhoneRequest(
                till: identity.till, epoch: identity.epoch, payment: payment, amount: row.amount,
                made: made, lifetime: lifetime, head: try JournalBook.head(in: database),
                key: stored.key.number, items: try Self.items(payment, in: database),
                signedBy: identity.signingKey)
            try database.execute(
                sql: """
                    INSERT INTO phone_request (payment, key_number, token, address, expires_at)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (payment) DO UPDATE SET token = excluded.token,
                        address = excluded.address, expires_at = excluded.expires_at
                    """,
                arguments: [
                    payment.description, stored.key.number, request.token,
                    request.address(at: stored.address), request.expires.milliseconds,
                ])
        }
        watch(payment)
    }

    private static func items(
        _ payment: RecordID, in database: Database
    ) throws -> [PhoneItem] {
        try Orders.lines(of: payment.description, in: database).map {
            PhoneItem(amount: Money(fen: $0.amount), name: $0.name, quantity: $0.quantity)
        }
    }

    /// Takes the code that the phone shows: judging it, counting it when wrong and committing the sale
    /// when right are one transaction (R-P12).
    ///
    /// - Refuses, first match wins: `disk_nearly_full`, `PaymentRefusal` (`codeMalformed`, `unknown`,
    ///   `ended`, `notOffered` without a QR, `codesUsedUp`, `codeWrong`).
    func enter(_ payment: RecordID, code typed: String) async throws {
        try store.requireRoom()
        guard let code = ConfirmationCode(typed: typed) else { throw PaymentRefusal.codeMalformed }
        let verdict = try await store.commitByCode(
            payment, code: code, at: world.now(), identity: identity)
        switch verdict {
        case .right: return
        case .wrong: throw PaymentRefusal.codeWrong
        case .usedUp: throw PaymentRefusal.codesUsedUp
        }
    }

    /// Asks head office about the payment until it has ended; asking once is enough.
    func watch(_ payment: RecordID) {
        guard watched.insert(payment).inserted else { return }
        Task {
            while await self.ask(payment) {}
            self.unwatch(payment)
        }
    }

    private func unwatch(_ payment: RecordID) { watched.remove(payment) }

    /// One question; whether another makes sense.
    private func ask(_ payment: RecordID) async -> Bool {
        do {
            try store.reopenIfClosed()
            let request = try await store.read { database -> PhonePaymentRequest? in
                guard let row = try PaymentRow.find(payment, in: database), row.ending == nil,
                    let phone = try PhoneRow.find(payment, in: database)
                else { return nil }
                return PhonePaymentRequest(
                    items: try Self.items(payment, in: database), request: phone.token,
                    tillHead: try JournalBook.head(in: database), version: 1,
                    wait: PhonePaymentRequest.waitSecondsMax)
            }
            guard let request else { return false }
            guard let reply = await line.payment(request), reply.payment == payment else {
                try await Task.sleep(for: Self.retryInterval)
                return true
            }
            switch reply.state {
            case .none: return true
            case .held where reply.isConfirmed:
                try await store.commitByAnswer(
                    payment, reply: reply, at: world.now(), identity: identity)
                return false
            case .held, .captured, .cancelled, .lapsed: return false
            }
        } catch is PaymentRefusal {
            return false
        } catch let error as TillStoreError where error.code == .unavailable {
            return false
        } catch {
            logger.error("a payment by phone was not stored", metadata: ["error": "\(error)"])
            do { try await Task.sleep(for: Self.retryInterval) } catch { return false }
            return true
        }
    }

    // MARK: Keys

    /// Fetches the till's key, and says that it is on disk; whether head office answered.
    @discardableResult
    func refreshKey() async throws -> Bool {
        for _ in 1...2 {
            let request = try await store.read { database in
                ConfirmationKeyRequest(
                    holds: try StoredConfirmationKey.newest(in: database)?.key.number,
                    tillHead: try JournalBook.head(in: database), version: 1)
            }
            guard let reply = await line.key(request) else { return false }
            try await store.storeConfirmationKey(reply, at: world.now())
            if reply.key.number == request.holds { return true }
        }
        return true
    }
}

/// Keeps the till's confirmation key fresh.
struct ConfirmationKeyWatch: Service {
    static let interval: Duration = .seconds(600)
    static let retryInterval: Duration = .seconds(15)

    let phone: PhoneCheckout
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                var hasAnswered = false
                do { hasAnswered = try await phone.refreshKey() } catch {
                    logger.error(
                        "the confirmation key was not stored", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: hasAnswered ? Self.interval : Self.retryInterval)
            }
        }
    }
}
