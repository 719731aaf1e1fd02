// A phone's hold does not lapse. When its till has said nothing for seven days, two people end it: they pay the store
// against its slip, which books the sale, or release the money to the card (R-P11).

public import Domain
import Journal
import PostgresDriver

/// Ends phone holds that their tills never ended.
public struct PhoneHoldEnds: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// How a hold is ended. Raw values as stored and as forms send them.
    public enum Move: String, Sendable, CaseIterable {
        /// The store has a slip: the sale is booked from it.
        case payStore = "pay_store"
        /// The store has none: the card has its money back.
        case release = "release_hold"
    }

    /// Asks to end a hold; another person decides.
    ///
    /// - Parameter slip: to pay the store, the order number on its slip, or the text of the slip's QR code.
    /// - Refuses, first match wins: `.roleMissing`, `.reasonEmpty`, `.unknownException`, `.holdEnded`, `.holdHasSale`
    ///   (while the sale's record waits in quarantine; to pay the store, also once it is decided), `.holdAsked`,
    ///   `.slipUnreadable`, `.slipDiffers`.
    public func ask(
        _ exceptionID: Int64, _ move: Move, slip: String, reason: String, by actor: StaffActor,
        at clock: @autoclosure @escaping @Sendable () -> Instant
    ) async throws {
        try actor.require(.approver, .finance)
        let reason = String(reason.trimmedText.prefix(Exceptions.reasonLengthMax))
        guard !reason.isEmpty else { throw ExceptionsRefusal.reasonEmpty }
        try await store.write { [store] session in
            let hold = try Hold.lock(exceptionID, holdLife: store.holdLife, in: session)
            let now = clock()
            guard hold.request == nil else { throw ExceptionsRefusal.holdAsked }
            if move == .payStore, hold.hasSale { throw ExceptionsRefusal.holdHasSale }
            let read = move == .payStore ? try Slip(slip, of: hold, in: session) : nil
            try session.execute(
                """
                INSERT INTO phone_hold_request
                    (exception_id, move, receipt, is_proved, reason, asked_by, asked_at)
                VALUES (\(exceptionID), \(move.rawValue), \(read?.receipt ?? ""),
                        \(read?.isProved ?? false), \(reason), \(actor.accountID), \(now))
                """)
            try Self.note(
                hold, move.rawValue + "_ask", reason: reason, receipt: read?.receipt ?? "",
                by: actor, at: now, in: session)
        }
    }

    /// Agrees to what was asked, or not.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownException`, `.holdEnded`, `.holdHasSale`, `.holdNotAsked`,
    ///   `.samePerson`, `.slipDiffers` when the order came in the meantime.
    public func decide(
        _ exceptionID: Int64, agrees: Bool, by actor: StaffActor,
        at clock: @autoclosure @escaping @Sendable () -> Instant
    ) async throws {
        try actor.require(.approver, .finance)
        try await store.write { [store] session in
            let hold = try Hold.lock(exceptionID, holdLife: store.holdLife, in: session)
            let now = clock()
            guard let request = hold.request else { throw ExceptionsRefusal.holdNotAsked }
            guard request.personID != actor.personID else { throw ExceptionsRefusal.samePerson }
            let taken = try session.execute(
                """
                DELETE FROM phone_hold_request
                WHERE exception_id = \(exceptionID)
                  AND (SELECT person_id FROM staff_account WHERE staff_account_id = asked_by)
                      <> \(actor.personID)
                """)
            guard taken == 1 else { throw ExceptionsRefusal.samePerson }
            guard agrees else {
                return try Self.note(
                    hold, "hold_refuse", reason: "", receipt: "", by: actor, at: now, in: session)
            }
            switch request.move {
            case .payStore:
                if hold.hasSale { throw ExceptionsRefusal.holdHasSale }
                try Slip.requireUnused(request.receipt, of: hold, in: session)
                try hold.payStore(against: request.receipt, at: now, in: session)
            case .release:
                try hold.release(at: now, in: session)
            }
            try Self.note(
                hold, request.move.rawValue, reason: request.reason, receipt: request.receipt,
                by: actor, at: now, in: session)
        }
    }

    private static func note(
        _ hold: Hold, _ action: String, reason: String, receipt: String, by actor: StaffActor,
        at now: Instant, in session: PostgresSession
    ) throws {
        try ExceptionEvent(
            exceptionID: hold.exceptionID, actor: .staff(actor), action: action,
            amount: hold.terms.amount, reason: reason
        ).write(session, at: now)
        try session.audit(
            actor, "exception.\(action)", hold.payment.id.description,
            [
                "amount": String(hold.terms.amount.fen), "reason": reason, "receipt": receipt,
                "till": hold.till.code,
            ].filter { !$0.value.isEmpty }, at: now)
    }
}

extension PhoneHoldEnds {
    /// The business times of those sales that were booked from their slips.
    static func booked(
        _ saleIDs: [RecordID], in session: PostgresSession
    ) throws -> [RecordID: Instant] {
        guard !saleIDs.isEmpty else { return [:] }
        var found: [RecordID: Instant] = [:]
        for row in try session.query(
            """
            SELECT sale_id, business_at FROM sale JOIN exception USING (sale_id)
            WHERE sale_id = ANY (\(saleIDs)) AND exception.code = \(PhoneHolds.unresolved)
            """)
        {
            found[try row["sale_id"]] = try row["business_at"]
        }
        return found
    }

    /// A slip that the store has shown.
    private struct Slip {
        let receipt: String
        let isProved: Bool

        init(_ text: String, of hold: Hold, in session: PostgresSession) throws {
            let text = text.trimmedText
            if let code = try Self.code(text, of: hold, in: session) {
                guard code.sale == hold.payment.id, code.total == hold.terms.amount else {
                    throw ExceptionsRefusal.slipDiffers
                }
                (receipt, isProved) = (code.receipt, true)
            } else {
                guard let number = ReceiptNumber(text) else {
                    throw ExceptionsRefusal.slipUnreadable
                }
                guard number.till == hold.till.code else { throw ExceptionsRefusal.slipDiffers }
                (receipt, isProved) = (number.description, false)
            }
            try Self.requireUnused(receipt, of: hold, in: session)
            try Self.requireUnnamed(receipt, of: hold, in: session)
        }

        /// The signed code, when one of the till's keys signed it.
        private static func code(
            _ text: String, of hold: Hold, in session: PostgresSession
        ) throws -> SlipCode? {
            try session.query(
                "SELECT public_key FROM till_key WHERE till_id = \(hold.till.tillID)"
            ).compactMap { row in
                VerifyingKey(rawRepresentation: try row["public_key"]).flatMap {
                    SlipCode(text: text, signedBy: $0)
                }
            }.first
        }

        /// Nor is asked for twice.
        private static func requireUnnamed(
            _ receipt: String, of hold: Hold, in session: PostgresSession
        ) throws {
            let other = try session.queryOne(
                """
                SELECT 1 AS n FROM phone_hold_request JOIN exception USING (exception_id)
                WHERE exception.till_id = \(hold.till.tillID) AND receipt = \(receipt)
                  AND exception.state = 'open'
                """)
            guard other == nil else { throw ExceptionsRefusal.slipDiffers }
        }

        /// No slip pays twice; the till is locked, so that nobody pays against it meanwhile.
        static func requireUnused(
            _ receipt: String, of hold: Hold, in session: PostgresSession
        ) throws {
            let sale = try session.queryOne(
                "SELECT 1 AS n FROM sale WHERE till_id = \(hold.till.tillID) AND receipt = \(receipt)"
            )
            guard sale == nil else { throw ExceptionsRefusal.slipDiffers }
        }
    }
}
