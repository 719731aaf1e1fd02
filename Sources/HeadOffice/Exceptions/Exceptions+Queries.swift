import Domain
import PostgresDriver

extension Exceptions {
    /// What a list shows.
    struct Filter: Sendable, Equatable {
        /// `undecided` (open and collecting), a state, or `all`.
        var state = "undecided"
        /// A cause, empty for every one.
        var code = ""
        var bearer = ""
        var storeCode = ""
        /// In fen; nil for any.
        var atLeast: Money?
        /// Only what has been waiting so many days.
        var days: Int?
    }

    /// States a list may ask for.
    static let states = ["undecided", "open", "collecting", "settled", "all"]

    /// An exception in a list. Amounts in fen.
    struct Listed: Sendable {
        let exceptionID: Int64
        let receipt: String?
        let kind: String
        let storeCode: String
        let storeName: String
        let tillCode: String
        let cardMask: String?
        let isTest: Bool
        let code: String
        let amount: Money
        let disputed: Money
        let bearer: String
        let state: String
        let outcome: String?
        let openedAt: Instant
        let awaitsSecond: Bool
    }

    /// Where a page of the list ends.
    struct Position: Sendable {
        let openedAt: Instant
        let exceptionID: Int64
    }

    /// What the exceptions of a list come to. Amounts in fen.
    struct Totals: Sendable {
        let count: Int64
        let disputed: Money
    }

    static let pageSize = 50

    /// A page of exceptions, those that wait longest first; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: Filter, after: Position? = nil, by actor: StaffActor, at now: Instant
    ) async throws -> (rows: [Listed], totals: Totals) {
        try actor.require(.approver, .finance, .auditor)
        let condition = Self.condition(filter, at: now)
        return try await store.read { session in
            let rows = try session.query(
                """
                SELECT exception.exception_id, sale.receipt, record.kind, store.code AS store_code,
                       store.name AS store_name, till.code AS till_code, sale.card_mask,
                       coalesce(sale.test, false) AS test, exception.code, exception.amount,
                       exception.disputed, exception.bearer, exception.state, exception.outcome,
                       exception.opened_at, exception.write_off_by IS NOT NULL AS awaits_second
                \(fragment: Self.joined)
                WHERE \(fragment: condition)
                  AND (\(after == nil) OR (exception.opened_at, exception.exception_id)
                       > (\(after?.openedAt as Instant?), \(after?.exceptionID as Int64?)))
                ORDER BY exception.opened_at, exception.exception_id LIMIT \(Self.pageSize + 1)
                """
            ).map(Self.listed)
            let sums = try session.queryOne(
                """
                SELECT count(*) AS count, coalesce(sum(exception.disputed), 0)::bigint AS disputed
                \(fragment: Self.joined)
                WHERE \(fragment: condition) AND NOT coalesce(sale.test, false)
                """)
            return (
                rows,
                Totals(
                    count: try sums?.decode("count") ?? 0,
                    disputed: try sums?.decode("disputed") ?? .zero)
            )
        }
    }

    private static let joined: SQL = """
        FROM exception
        JOIN store USING (store_id)
        JOIN till ON till.till_id = exception.till_id
        LEFT JOIN journal_record AS record
               ON record.till_id = exception.till_id AND record.epoch = exception.epoch
              AND record.seq = exception.seq
        LEFT JOIN sale ON sale.sale_id = exception.sale_id
        """

    private static func condition(_ filter: Filter, at now: Instant) -> SQL {
        var parts: [SQL] = ["true"]
        switch filter.state {
        case "undecided": parts.append("exception.state <> 'settled'")
        case "all": break
        default: parts.append("exception.state = \(filter.state)")
        }
        if !filter.code.isEmpty { parts.append("exception.code = \(filter.code)") }
        if !filter.bearer.isEmpty { parts.append("exception.bearer = \(filter.bearer)") }
        if !filter.storeCode.isEmpty { parts.append("store.code = \(filter.storeCode)") }
        if let atLeast = filter.atLeast { parts.append("exception.amount >= \(atLeast)") }
        if let days = filter.days {
            let since = now.adding(milliseconds: -Int64(days) * 86_400_000)
            parts.append("exception.opened_at <= \(since)")
        }
        return parts.joined(separator: " AND ")
    }

    private static func listed(_ row: PostgresRow) throws -> Listed {
        let kind: String? = try row["kind"]
        return Listed(
            exceptionID: try row["exception_id"], receipt: try row["receipt"],
            kind: kind ?? "", storeCode: try row["store_code"],
            storeName: try row["store_name"], tillCode: try row["till_code"],
            cardMask: try row["card_mask"], isTest: try row["test"], code: try row["code"],
            amount: try row["amount"], disputed: try row["disputed"], bearer: try row["bearer"],
            state: try row["state"], outcome: try row["outcome"], openedAt: try row["opened_at"],
            awaitsSecond: try row["awaits_second"])
    }

    /// One line of an exception's history.
    struct Happened: Sendable {
        let at: Instant
        let actor: String
        let person: String?
        let action: String
        let amount: Money
        let reason: String
    }

    /// The record as received.
    struct Received: Sendable {
        let sequence: Int64
        let epoch: Int
        let tillTime: Instant?
        let businessAt: Instant
        let receivedAt: Instant
        let flags: [String]
        let content: String
    }

    /// An exception's page. Amounts in fen.
    struct Shown: Sendable {
        let listed: Listed
        let facts: ExceptionPosting.Facts
        let saleID: RecordID?
        let sale: Orders.Shown?
        let received: Received
        let cardID: Int64?
        let cardState: String?
        let credential: String?
        let writeOffReason: String?
        let writeOffBy: String?
        let writeOffPersonID: Int64?
        let history: [Happened]
    }

    /// One exception.
    ///
    /// - Refuses: `.roleMissing`, `.unknownException`.
    func show(_ exceptionID: Int64, by actor: StaffActor) async throws -> Shown {
        try actor.require(.approver, .finance, .auditor)
        let found = try await store.read { session in
            try Self.read(exceptionID, in: session)
        }
        guard let saleID = found.saleID else { return found }
        return found.with(sale: try await Orders(store: store).find(saleID, by: actor))
    }

    private static func read(_ exceptionID: Int64, in session: PostgresSession) throws -> Shown {
        guard
            let row = try session.queryOne(
                """
                SELECT exception.exception_id, sale.receipt, record.kind, store.code AS store_code,
                       store.name AS store_name, till.code AS till_code, sale.card_mask,
                       coalesce(sale.test, false) AS test, exception.code, exception.amount,
                       exception.disputed, exception.bearer, exception.state, exception.outcome,
                       exception.opened_at, exception.write_off_by IS NOT NULL AS awaits_second,
                       exception.seq, exception.epoch, record.till_at,
                       coalesce(record.business_at, exception.opened_at) AS business_at,
                       coalesce(record.received_at, exception.opened_at) AS received_at,
                       coalesce(array_to_string(record.time_flags, ','), '') AS flags,
                       coalesce(encode(record.bytes, 'hex'), '') AS bytes,
                       card.card_id, card.state AS card_state, credential.result,
                       exception.write_off_reason, asker.name AS asker_name,
                       asker.person_id AS asker_id
                \(fragment: joined)
                LEFT JOIN card ON card.fingerprint = sale.fingerprint
                LEFT JOIN credential_verdict AS credential
                       ON credential.sale_id = exception.sale_id
                LEFT JOIN staff_account ON staff_account_id = exception.write_off_by
                LEFT JOIN person AS asker ON asker.person_id = staff_account.person_id
                WHERE exception.exception_id = \(exceptionID)
                """),
            let locked = try LockedException.read(
                "exception.exception_id = \(exceptionID)", in: session
            ).first
        else { throw ExceptionsRefusal.unknownException }
        return Shown(
            listed: try listed(row), facts: locked.facts, saleID: locked.saleID, sale: nil,
            received: Received(
                sequence: try row["seq"], epoch: Int(try row["epoch"] as Int32),
                tillTime: try row["till_at"], businessAt: try row["business_at"],
                receivedAt: try row["received_at"],
                flags: (try row["flags"] as String).split(separator: ",").map(String.init),
                content: Self.text(hex: try row["bytes"])),
            cardID: try row["card_id"], cardState: try row["card_state"],
            credential: try row["result"], writeOffReason: try row["write_off_reason"],
            writeOffBy: try row["asker_name"], writeOffPersonID: try row["asker_id"],
            history: try history(of: exceptionID, in: session))
    }

    /// The record's bytes as text; what is no text shows as the replacement character.
    private static func text(hex: String) -> String {
        String(decoding: [UInt8](hex: hex) ?? [], as: UTF8.self)
    }

    private static func history(
        of exceptionID: Int64, in session: PostgresSession
    ) throws -> [Happened] {
        try session.query(
            """
            SELECT at, actor, person.name AS person, action, amount, reason
            FROM exception_event LEFT JOIN person USING (person_id)
            WHERE exception_id = \(exceptionID) ORDER BY event_id
            """
        ).map { row in
            Happened(
                at: try row["at"], actor: try row["actor"], person: try row["person"],
                action: try row["action"], amount: try row["amount"], reason: try row["reason"])
        }
    }
}

extension Exceptions.Shown {
    fileprivate func with(sale: Orders.Shown?) -> Exceptions.Shown {
        Exceptions.Shown(
            listed: listed, facts: facts, saleID: saleID, sale: sale, received: received,
            cardID: cardID, cardState: cardState, credential: credential,
            writeOffReason: writeOffReason, writeOffBy: writeOffBy,
            writeOffPersonID: writeOffPersonID, history: history)
    }
}
