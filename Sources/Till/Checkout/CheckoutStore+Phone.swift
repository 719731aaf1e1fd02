import Domain
import GRDB
import Journal

extension TillStore {
    /// Commits a sale that head office says a phone has paid for.
    ///
    /// - Repetition: the id is the key; a sale that is there stays as it stands.
    /// - Refuses: `PaymentRefusal.unknown`, `.ended` (cancelled before), `.notOffered`.
    func commitByAnswer(
        _ payment: RecordID, reply: PhonePaymentReply, at now: Instant, identity: TillIdentity
    ) async throws {
        try await write(
            lookUp: { try Self.committedSale(payment.description, in: $0).map { _ in () } },
            { database in
                guard let (row, phone) = try Self.openPhonePayment(payment, in: database) else {
                    return
                }
                try Self.insertSale(
                    row, taken: .init(phone, answered: reply), at: now, identity: identity,
                    in: database)
            })
    }

    /// Judges a code and commits the sale when it is right, or counts it when it is wrong.
    ///
    /// - Repetition: a sale that is there is `.right`.
    /// - Refuses: `PaymentRefusal.unknown`, `.ended` (cancelled before), `.notOffered`.
    func commitByCode(
        _ payment: RecordID, code: ConfirmationCode, at now: Instant, identity: TillIdentity
    ) async throws -> ConfirmationTries.Verdict {
        try await write(
            lookUp: { try Self.committedSale(payment.description, in: $0).map { _ in .right } },
            { database in
                guard let (row, phone) = try Self.openPhonePayment(payment, in: database) else {
                    return .right
                }
                guard
                    let stored = try StoredConfirmationKey.find(phone.keyNumber, in: database)
                else { throw PaymentRefusal.noConfirmationKey }
                let expected = stored.key.code(
                    till: identity.till, payment: payment, amount: row.amount)
                let verdict = ConfirmationTries.judge(
                    code, expected: expected, wrongCount: phone.wrongCount)
                switch verdict {
                case .right:
                    try Self.insertSale(
                        row, taken: .init(phone), at: now, identity: identity, in: database)
                case .wrong:
                    try database.execute(
                        sql: """
                            UPDATE phone_request SET wrong_count = wrong_count + 1
                            WHERE payment = ?
                            """,
                        arguments: [payment.description])
                case .usedUp: break
                }
                return verdict
            })
    }

    /// The open payment with its QR; nil when it has become a sale already.
    private static func openPhonePayment(
        _ payment: RecordID, in database: Database
    ) throws -> (PaymentRow, PhoneRow)? {
        guard let row = try PaymentRow.find(payment, in: database) else {
            throw PaymentRefusal.unknown
        }
        if row.ending == "sale" { return nil }
        guard row.ending == nil else { throw PaymentRefusal.ended }
        guard let phone = try PhoneRow.find(payment, in: database) else {
            throw PaymentRefusal.notOffered
        }
        return (row, phone)
    }
}
