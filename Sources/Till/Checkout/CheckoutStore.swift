import Domain
import Foundation
import GRDB
import Journal

/// A committed sale, as the answer to the cashier needs it.
struct CommittedSale: Sendable, Equatable {
    let id: RecordID
    let receipt: String
    let mode: SaleCompleted.Mode
    let remaining: Int64?
    let holder: String?
}

/// The business transactions of a payment.
extension TillStore {
    /// Begins a payment for the account's basket; its id is on disk before anything is sent (R-M3).
    ///
    /// - Repetition: the same basket settled again while its payment is open gives that payment; a
    ///   changed one cancels it first and gets a new id (R-P9).
    /// - Refuses, first match wins: `disk_nearly_full`, `PaymentRefusal` (`tillForked`,
    ///   `tillRevoked`, `storeSuspended`), `SaleRefusal`.
    func beginPayment(
        of login: String, id: RecordID, cancellationID: RecordID, at now: Instant,
        book: JournalBook
    ) async throws -> (payment: RecordID, replaced: RecordID?) {
        try requireRoom()
        return try await write { database in
            try Self.requireSelling(in: database)
            let basket = try Basket.of(login, in: database)
            let total = try SaleRules.total(of: basket.lines.map(\.saleLine))
            let mine = try PaymentRow.open(in: database).first { $0.login == login }
            if let mine {
                let lines = try Orders.lines(of: mine.id.description, in: database)
                if lines.map(\.saleLine) == basket.lines.map(\.saleLine) {
                    return (mine.id, nil)
                }
                try Self.cancel(
                    mine.id, reason: .basketChanged, by: login, id: cancellationID, at: now,
                    book: book, in: database)
            }
            try database.execute(
                sql: "INSERT INTO payment (id, login, amount, begun_at) VALUES (?, ?, ?, ?)",
                arguments: [id.description, login, total.fen, now.milliseconds])
            for (index, line) in basket.lines.enumerated() {
                try database.execute(
                    sql: """
                        INSERT INTO payment_line (payment, line, sku, name, spec, list, price,
                            quantity, amount, repriced_by, reprice_reason)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id.description, index, line.sku, line.name, line.spec, line.list,
                        line.price, line.quantity, line.amount, line.repricedBy,
                        line.repriceReason,
                    ])
            }
            return (id, mine?.id)
        }
    }

    /// Stores the card and the number of the attempt that is about to be sent.
    func storeAttempt(_ attempt: Int, card: PaymentCard, payment: RecordID) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE payment SET attempt = ?, fingerprint = ?, mask = ?, programme = ?,
                        test = ?, refusal_code = NULL, tries_left = NULL
                    WHERE id = ? AND ended_at IS NULL
                        AND id NOT IN (SELECT payment FROM phone_request)
                    """,
                arguments: [
                    attempt, card.fingerprint.text, card.mask, card.programme, card.isTest,
                    payment.description,
                ])
            guard database.changesCount == 1 else { throw PaymentRefusal.ended }
        }
    }

    /// Stores a definite no: the card takes no stand-in until an online approval (R-P9).
    func storeRefusal(
        _ code: String, triesLeft: Int?, blocks fingerprint: CardFingerprint?,
        payment: RecordID, at now: Instant
    ) async throws {
        try await write { database in
            if let fingerprint {
                try Cards.refused(fingerprint, code: code, at: now, in: database)
            }
            try database.execute(
                sql: "UPDATE payment SET refusal_code = ?, tries_left = ? WHERE id = ?",
                arguments: [code, triesLeft, payment.description])
        }
    }

    /// Notes that head office approved the card: stand-in may take it again.
    func storeApproval(_ fingerprint: CardFingerprint, at now: Instant) async throws {
        try await write { try Cards.approved(fingerprint, at: now, in: $0) }
    }

    /// Notes that head office said no to a sale that was taken offline already.
    func storeLateRefusal(_ code: String, payment: RecordID) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE sale SET late_refusal = ? WHERE id = ?",
                arguments: [code, payment.description])
        }
    }

    /// Stores a manager's word for this one payment, with the limit it lifts.
    ///
    /// - Refuses: `PaymentRefusal.ended`.
    func storeOverride(
        _ override: ManagerOverride, limit: Money, payment: RecordID
    ) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    UPDATE payment SET override_by = ?, override_reason = ?, override_limit = ?
                    WHERE id = ? AND ended_at IS NULL
                    """,
                arguments: [override.by, override.reason, limit.fen, payment.description])
            guard database.changesCount == 1 else { throw PaymentRefusal.ended }
        }
    }

    /// Commits sale and journal record in one transaction.
    ///
    /// - Repetition: the id is the key; a sale that is there is answered as it stands.
    /// - Refuses: `PaymentRefusal.unknown`, `.ended` (cancelled before), `.testCardLimit`,
    ///   `StandInRefusal`.
    func commitSale(
        _ payment: RecordID, acceptance: PaymentFlow.Acceptance, at now: Instant,
        identity: TillIdentity
    ) async throws -> CommittedSale {
        let id = payment.description
        return try await write(
            lookUp: { try Self.committedSale(id, in: $0) },
            { database in
                if let done = try Self.committedSale(id, in: database) { return done }
                guard let row = try PaymentRow.find(payment, in: database), let card = row.card
                else { throw PaymentRefusal.unknown }
                guard row.ending == nil else { throw PaymentRefusal.ended }
                if case .standIn = acceptance {
                    try Self.requireSelling(in: database)
                    try StandIn.check(
                        amount: row.amount, card: card, at: now,
                        managerOverride: row.override != nil, in: database)
                } else if card.isTest {
                    // Other payments may have used up the day since the password was typed (R-P7).
                    let time = try SyncState.load(in: database).corrected(now)
                    let usage = try StandIn.usage(of: nil, at: time, in: database).test
                    guard TestCardLimits.allow(row.amount, usage: usage) else {
                        throw PaymentRefusal.testCardLimit
                    }
                }
                try Self.insertSale(
                    row,
                    taken: .init(
                        acceptance, card: card,
                        override: try Self.lifted(
                            row, acceptance: acceptance, card: card, at: now, in: database)),
                    at: now, identity: identity, in: database)
                guard let done = try Self.committedSale(id, in: database) else {
                    throw TillStoreError(.damaged, "a sale just written is not there")
                }
                return done
            })
    }

    /// Commits the cancellation's record.
    ///
    /// - Repetition: a payment that is cancelled already stays as it is.
    /// - Refuses: `PaymentRefusal.unknown`, `.ended` (it became a sale).
    func cancelPayment(
        _ payment: RecordID, reason: PaymentCancelled.Reason, by login: String, id: RecordID,
        at now: Instant, book: JournalBook
    ) async throws {
        try await write(
            lookUp: { database in
                try PaymentRow.find(payment, in: database)?.ending == nil ? nil : ()
            },
            { database in
                try Self.cancel(
                    payment, reason: reason, by: login, id: id, at: now, book: book, in: database)
            })
    }

    /// Payments that were begun and not ended.
    func openPayments() async throws -> [PaymentRow] {
        try await read { try PaymentRow.open(in: $0) }
    }

    static func committedSale(_ id: String, in database: Database) throws -> CommittedSale? {
        let row = try Row.fetchOne(
            database, sql: "SELECT receipt, mode, remaining, holder FROM sale WHERE id = ?",
            arguments: [id])
        guard let row, let payment = RecordID(id),
            let mode = SaleCompleted.Mode(rawValue: row["mode"])
        else { return nil }
        return CommittedSale(
            id: payment, receipt: row["receipt"], mode: mode, remaining: row["remaining"],
            holder: row["holder"])
    }

    private static func cancel(
        _ payment: RecordID, reason: PaymentCancelled.Reason, by login: String, id: RecordID,
        at now: Instant, book: JournalBook, in database: Database
    ) throws {
        guard let row = try PaymentRow.find(payment, in: database) else {
            throw PaymentRefusal.unknown
        }
        if row.ending == "sale" { throw PaymentRefusal.ended }
        if row.ending != nil { return }
        try book.append(
            .paymentCancelled(.init(payment: payment, reason: reason, by: login)), id: id, at: now,
            in: database)
        try database.execute(
            sql: "UPDATE payment SET ended_at = ?, ending = ? WHERE id = ?",
            arguments: [now.milliseconds, reason.rawValue, payment.description])
    }

    /// Refuses what head office stopped, before anything is begun.
    static func requireSelling(in database: Database) throws {
        switch try SyncState.load(in: database).stop {
        case .fork: throw PaymentRefusal.tillForked
        case .tillRevoked: throw PaymentRefusal.tillRevoked
        case .version, nil: break
        }
        if try isStoreSuspended(in: database) { throw PaymentRefusal.storeSuspended }
    }

    /// Whether head office has suspended the store, as far as this till knows.
    static func isStoreSuspended(in database: Database) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT suspended FROM store_info") ?? false
    }
}

extension BasketLine {
    var saleLine: SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: Money(fen: list), price: Money(fen: price),
            quantity: quantity, repricedBy: repricedBy, repriceReason: repriceReason)
    }
}

extension OrderLine {
    var saleLine: SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: Money(fen: list), price: Money(fen: price),
            quantity: quantity, repricedBy: repricedBy, repriceReason: repriceReason)
    }
}
