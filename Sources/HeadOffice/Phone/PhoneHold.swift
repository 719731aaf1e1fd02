import Domain
import Journal
import PostgresDriver

extension PhoneHoldEnds {
    /// What was asked about a hold.
    struct Request: Sendable {
        let move: Move
        let receipt: String
        let isProved: Bool
        let reason: String
        let personID: Int64
        let personName: String
        let askedAt: Instant
    }

    /// A hold whose exception, payment, card and account are locked, in the order of every posting.
    struct Hold: Sendable {
        let exceptionID: Int64
        let holdLife: Int64
        let till: KnownTill
        let payment: PaymentRow
        let terms: Payment.Terms
        let card: CardRow
        let account: Ledger.LockedAccount?
        let confirmedAt: Instant
        let items: [PhoneItem]
        /// A record made a sale of it, which did not take the hold.
        let hasSale: Bool
        let request: Request?
    }
}

extension PhoneHoldEnds.Hold {
    /// Locks the till as a batch does, then the payment, the exception, card and account.
    ///
    /// - Refuses: `ExceptionsRefusal.unknownException`, `.holdEnded`, `.holdHasSale` while its sale waits in quarantine.
    static func lock(
        _ exceptionID: Int64, holdLife: Int64, in session: PostgresSession
    ) throws -> PhoneHoldEnds.Hold {
        let found = try session.queryOne(
            """
            SELECT record_id, till.code AS till, till_key.epoch, phone_payment.confirmed_at,
                   phone_payment.items, exception.opened_at
            FROM exception JOIN till ON till.till_id = exception.till_id
            JOIN phone_payment ON phone_payment.payment_id = record_id
            JOIN till_key ON till_key.till_id = till.till_id
                         AND till_key.epoch = phone_payment.epoch
            WHERE exception_id = \(exceptionID) AND exception.code = \(PhoneHolds.unresolved)
            FOR NO KEY UPDATE OF till
            """)
        guard let found else { throw ExceptionsRefusal.unknownException }
        let paymentID: RecordID = try found["record_id"]
        let payment = try PaymentRow.lock(session, [paymentID])[paymentID]
        let open = try session.queryOne(
            """
            SELECT exception_id FROM exception
            WHERE exception_id = \(exceptionID) AND state = 'open' FOR NO KEY UPDATE
            """)
        guard let payment, open != nil, payment.payment.state == .held,
            let terms = payment.payment.terms,
            let till = try Tills.known(
                code: try found["till"], epoch: Int(try found["epoch"] as Int32), in: session),
            let card = try CardRow.lock(session, [terms.card], province: till.province)[terms.card]
        else { throw ExceptionsRefusal.holdEnded }
        let record = try PhoneHoldEnds.record(of: paymentID, in: session)
        if record == .waits { throw ExceptionsRefusal.holdHasSale }
        let json: PostgresJSON? = try found["items"]
        let confirmedAt: Instant? = try found["confirmed_at"]
        return PhoneHoldEnds.Hold(
            exceptionID: exceptionID, holdLife: holdLife, till: till, payment: payment,
            terms: terms, card: card,
            account: try Ledger.lock(session, [card.account])[card.account],
            confirmedAt: try confirmedAt ?? payment.payment.heldAt ?? found["opened_at"],
            items: try json.map { try [PhoneItem](bytes: Array($0.text.utf8)) } ?? [],
            hasSale: record != .none, request: try PhoneHoldEnds.request(exceptionID, in: session))
    }

    /// The money goes back to the card; a sale's record that still comes is an exception and moves nothing (R-P8).
    func release(at now: Instant, in session: PostgresSession) throws {
        let (ended, action) = payment.payment.cancelling()
        precondition(action == .releaseHold(terms), "a hold is released: \(action)")
        try store(ended, outcome: "released", saleID: nil, at: now, in: session)
        try Ledger.post(session, [], releasing: [card.account: terms.amount], at: now)
    }

    /// The sale is booked as its record would have been, at the time the phone confirmed it.
    func payStore(against receipt: String, at now: Instant, in session: PostgresSession) throws {
        let sale = SalePosting.Sale(
            terms: terms, store: till.storeCode, businessTime: confirmedAt, linesAddUp: true,
            isTest: card.isTest, knewUntil: nil, keptLimits: true, isByPhone: true)
        let verdict = SalePosting.decide(
            sale, card: card.facts(account), payment: payment.payment, credential: .notNeeded)
        precondition(verdict.hold == .captured(terms), "a hold pays its sale: \(verdict)")
        try insertSale(receipt, at: now, in: session)
        try store(
            verdict.payment, outcome: "card", saleID: payment.id, at: now, in: session)
        let names = LedgerNames(
            storeID: till.storeID, storeCode: till.storeCode, cardID: card.cardID,
            card: card.fingerprint, programmeID: card.programmeID, programme: card.programme)
        let moved = verdict.transfers.map {
            names.transfer($0, source: payment.id, at: confirmedAt)
        }
        let fees = try SaleFees.transfers(
            session,
            beside: [
                SaleFees.Sale(
                    saleID: payment.id, soldOn: BusinessDate(confirmedAt), transfers: moved)
            ])
        try Ledger.post(
            session, moved + fees, releasing: [card.account: terms.amount], at: now)
    }

    private func store(
        _ ended: Payment, outcome: String, saleID: RecordID?, at now: Instant,
        in session: PostgresSession
    ) throws {
        var row = payment
        row.payment = ended
        try PaymentRow.update(session, [row], at: now, holdLife: holdLife)
        try session.execute(
            """
            UPDATE exception
            SET state = 'settled', outcome = \(outcome), settled_at = \(now),
                sale_id = \(saleID as RecordID?)
            WHERE exception_id = \(exceptionID)
            """)
    }

    private func insertSale(
        _ receipt: String, at now: Instant, in session: PostgresSession
    ) throws {
        let lines = String(decoding: self.lines.wire.canonicalBytes, as: UTF8.self)
        let knew = SaleCompleted.Knew(blockListVersion: 0, contactAge: 0, limitsVersion: 0)
        try session.execute(
            """
            INSERT INTO sale
                (sale_id, store_id, till_id, receipt, cashier, card_id, card_mask, fingerprint,
                 test, mode, total, paid_by_card, lines, knew, business_at, business_date,
                 received_at, state)
            VALUES (\(payment.id), \(till.storeID), \(till.tillID), \(receipt), '',
                    \(card.cardID), \(card.mask), \(card.fingerprint), \(card.isTest), 'phone',
                    \(terms.amount), \(terms.amount), \(PostgresJSON(lines)),
                    \(PostgresJSON(String(decoding: knew.wire.canonicalBytes, as: UTF8.self))),
                    \(confirmedAt), \(BusinessDate(confirmedAt)), \(now), 'posted')
            """)
    }

    /// What the till had told of the basket; one line of everything when it told nothing that adds up.
    private var lines: [SaleCompleted.Line] {
        func line(_ name: String, _ amount: Money, quantity: Int64) -> SaleCompleted.Line {
            let isEven = quantity > 0 && amount.fen.isMultiple(of: quantity)
            let price = isEven ? Money(fen: amount.fen / quantity) : amount
            return SaleCompleted.Line(
                amount: amount, list: price, name: name, price: price,
                quantity: isEven ? quantity : 1, repricedBy: nil, sku: "", spec: "")
        }
        let sum = items.reduce(Int64(0)) { $0 &+ $1.amount.fen }
        guard sum == terms.amount.fen, !items.isEmpty else {
            return [line("—", terms.amount, quantity: 1)]
        }
        return items.map { line($0.name, $0.amount, quantity: Int64($0.quantity)) }
    }
}

extension PhoneHoldEnds {
    /// Where the record of the hold's sale is.
    enum SaleRecord: Sendable {
        /// It has not come.
        case none
        /// It waits in quarantine, where it is decided first.
        case waits
        /// It made a sale that did not take the hold, which can then only be released.
        case decided
    }

    static func record(
        of paymentID: RecordID, in session: PostgresSession
    ) throws -> SaleRecord {
        let sale = try session.queryOne(
            """
            SELECT exists (SELECT 1 FROM exception
                           WHERE exception.sale_id = sale.sale_id AND exception.state = 'open'
                             AND exception.code = \(RecordException.quarantined.code)) AS waits
            FROM sale WHERE sale_id = \(paymentID)
            """)
        guard let sale else { return .none }
        return try sale["waits"] ? .waits : .decided
    }

    /// What was asked about an exception's hold; nil while nothing is.
    static func request(
        _ exceptionID: Int64, in session: PostgresSession
    ) throws -> Request? {
        try session.queryOne(
            """
            SELECT move, receipt, is_proved, reason, person_id, person.name, asked_at
            FROM phone_hold_request
            JOIN staff_account ON staff_account_id = asked_by JOIN person USING (person_id)
            WHERE exception_id = \(exceptionID)
            """
        ).map { row in
            Request(
                move: Move(rawValue: try row["move"]) ?? .release, receipt: try row["receipt"],
                isProved: try row["is_proved"], reason: try row["reason"],
                personID: try row["person_id"], personName: try row["name"],
                askedAt: try row["asked_at"])
        }
    }

    /// A hold for the page of its exception.
    struct Shown: Sendable {
        let amount: Money
        let cardID: Int64?
        let cardMask: String
        let holder: String
        let confirmedAt: Instant?
        let items: [PhoneItem]
        let isHeld: Bool
        let record: SaleRecord
        let request: Request?

        /// What would not be refused for the record's sake.
        var moves: [Move] {
            guard isHeld else { return [] }
            return switch record {
            case .none: Move.allCases
            case .waits: []
            case .decided: [.release]
            }
        }
    }

    /// The hold behind an exception; nil when it is about something else.
    func show(_ exceptionID: Int64, by actor: StaffActor) async throws -> Shown? {
        try actor.require(.approver, .finance, .auditor)
        return try await store.read { session in
            let row = try session.queryOne(
                """
                SELECT payment_id, payment.amount, payment.card_id, payment.state, card.mask,
                       coalesce(card.holder_mask, '') AS holder, phone_payment.confirmed_at,
                       phone_payment.items
                FROM exception JOIN payment ON payment_id = record_id
                LEFT JOIN phone_payment USING (payment_id) LEFT JOIN card USING (card_id)
                WHERE exception_id = \(exceptionID) AND exception.code = \(PhoneHolds.unresolved)
                """)
            guard let row else { return nil }
            let (amount, mask): (Money?, String?) = (try row["amount"], try row["mask"])
            let json: PostgresJSON? = try row["items"]
            return Shown(
                amount: amount ?? .zero, cardID: try row["card_id"], cardMask: mask ?? "",
                holder: try row["holder"], confirmedAt: try row["confirmed_at"],
                items: try json.map { try [PhoneItem](bytes: Array($0.text.utf8)) } ?? [],
                isHeld: try row["state"] as String == "held",
                record: try Self.record(of: try row["payment_id"], in: session),
                request: try Self.request(exceptionID, in: session))
        }
    }
}
