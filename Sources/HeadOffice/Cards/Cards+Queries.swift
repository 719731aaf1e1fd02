import Domain
import PostgresDriver

extension Cards {
    /// Who may look at cards.
    static let readers: [StaffRole] = [
        .issuer, .issuingSupervisor, .approver, .finance, .auditor,
    ]

    static func requireReader(_ actor: StaffActor) throws {
        guard actor.hasOne(of: readers) else { throw RoleRefusal.roleMissing }
    }

    /// A card in a list or at the head of its page. Amounts in fen.
    struct Listed: Sendable {
        let cardID: Int64
        let mask: String
        let programmeCode: String
        let programmeName: String
        let state: String
        let stateSince: Instant
        let isTest: Bool
        let balance: Money
        let held: Money
        let issuedAt: Instant
        let faceColour: String
        let faceTitle: String
        let balanceMaximum: Money
        let holderMask: String?
        let expiresOn: BusinessDate?
        let isExpired: Bool
        let lock: PasswordLock
    }

    /// What a list of cards shows; empty texts show everything.
    struct Filter: Sendable, Equatable {
        /// `active`, `frozen`, `lost`, `closed` or `expired`.
        var state = ""
        /// A programme's code.
        var programme = ""
        /// The last four digits.
        var last = ""
        var isTestOnly = false

        /// Everything.
        init() {}
    }

    /// The programmes that a list may be narrowed to.
    ///
    /// - Refuses: `.roleMissing`.
    func programmeChoices(
        by actor: StaffActor
    ) async throws -> [(code: String, name: String)] {
        try Self.requireReader(actor)
        return try await store.read { session in
            try session.query("SELECT code, name FROM programme ORDER BY code").map {
                (code: try $0["code"], name: try $0["name"])
            }
        }
    }

    /// Cards in a page of a list.
    static let pageSize = 50

    /// A page of cards, newest first, older than `before`; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: Filter, before: Int64? = nil, by actor: StaffActor
    ) async throws -> [Listed] {
        try Self.requireReader(actor)
        let wantsExpired = filter.state == "expired"
        let state = wantsExpired ? "frozen" : filter.state
        return try await store.read { session in
            try session.query(
                """
                \(fragment: Self.columns)
                WHERE (\(state) = '' OR (state = \(state)
                       AND (state <> 'frozen' OR expired = \(wantsExpired))))
                  AND (\(filter.programme) = '' OR programme.code = \(filter.programme))
                  AND (\(filter.last) = '' OR right(mask, 4) = \(filter.last))
                  AND (NOT \(filter.isTestOnly) OR test)
                  AND (\(before as Int64?) IS NULL OR card_id < \(before as Int64?))
                ORDER BY card_id DESC LIMIT \(Int64(Self.pageSize + 1))
                """
            ).map(Self.listed)
        }
    }

    /// Cards found by a full number, a till's fingerprint, the holder's exact name or the last four digits, newest first,
    /// at most 50; empty text finds the newest.
    ///
    /// - Refuses: `.roleMissing`, Domain's `CardRefusal` for digits that are no card number, or for what is no name.
    func find(_ text: String, by actor: StaffActor) async throws -> [Listed] {
        try Self.requireReader(actor)
        let condition = try search(text)
        return try await store.read { session in
            try session.query(
                "\(fragment: Self.columns) WHERE \(fragment: condition) ORDER BY card_id DESC LIMIT 50"
            ).map(Self.listed)
        }
    }

    /// Numbers are text and match whole: no prefix finds a card, no leading zero is lost.
    private func search(_ text: String) throws -> SQL {
        let typed = text.halfWidth.filter { !$0.isWhitespace }
        if typed.isEmpty { return "true" }
        let isDigits = typed.allSatisfy { $0.isASCII && $0.isNumber }
        if isDigits, typed.count == 4 { return "right(mask, 4) = \(typed)" }
        if let fingerprint = try? CardFingerprint(typed.lowercased()) {
            return "fingerprint = \(fingerprint)"
        }
        if isDigits || typed.first?.isNumber == true {
            let number = try CardNumber(typed)
            return "fingerprint = \(store.cards.fingerprint(ofNumber: number.text))"
        }
        let name = try HolderName(text)
        return "holder_fingerprint = \(store.cards.fingerprint(ofHolder: name.text))"
    }

    private static let columns: SQL = """
        SELECT card_id, mask, programme.code AS programme_code,
               programme.name AS programme_name, state, state_since, test,
               coalesce(account.balance, 0) AS balance, coalesce(account.held, 0) AS held,
               issued_at, face_colour, face_title, holder_mask, expires_on, expired,
               CASE WHEN holder_sealed IS NULL THEN bearer_maximum ELSE balance_maximum END
                   AS balance_maximum,
               wrong_count, wrong_on, wrong_streak
        FROM card JOIN programme USING (programme_id)
        LEFT JOIN account ON account.kind = 'card' AND account.owner_id = card_id
             AND account.book = CASE WHEN test THEN 'test' ELSE 'real' END
        """

    private static func listed(_ row: PostgresRow) throws -> Listed {
        Listed(
            cardID: try row["card_id"], mask: try row["mask"],
            programmeCode: try row["programme_code"], programmeName: try row["programme_name"],
            state: try row["state"], stateSince: try row["state_since"],
            isTest: try row["test"], balance: try row["balance"], held: try row["held"],
            issuedAt: try row["issued_at"], faceColour: try row["face_colour"],
            faceTitle: try row["face_title"], balanceMaximum: try row["balance_maximum"],
            holderMask: try row["holder_mask"], expiresOn: try row["expires_on"],
            isExpired: try row["expired"],
            lock: PasswordLock(
                wrongOnDay: Int(try row["wrong_count"] as Int32), day: try row["wrong_on"],
                wrongInRow: Int(try row["wrong_streak"] as Int32)))
    }

    /// A movement on a card. `amount` in fen, below zero when money left the card.
    struct Movement: Sendable {
        let transferID: Int64
        let kind: String
        let amount: Money
        let storeName: String?
        let saleID: RecordID?
        let receipt: String?
        let businessAt: Instant
        let postedAt: Instant
    }

    /// A card's page.
    struct Shown: Sendable {
        let card: Listed
        /// Newest first, at most 100.
        let movements: [Movement]
        let loads: [ListedLoad]
        let requests: [ListedRequest]
        let heldBack: [HeldBack]
        /// Who did what to the card, newest first, at most 50.
        let acts: [Act]
        /// The cards before and after it in its replacement chain.
        let replaces: Linked?
        let replacedBy: Linked?
    }

    /// Another card of a chain.
    struct Linked: Sendable {
        let cardID: Int64
        let mask: String
    }

    /// What a silent till keeps on a blocked card. `amount` in fen.
    struct HeldBack: Sendable {
        let tillCode: String
        let amount: Money
        let endsAt: Instant
        let isHeard: Bool
    }

    /// A line of the audit that tells of the card.
    struct Act: Sendable {
        let at: Instant
        let actor: String
        let action: String
        let reason: String
    }

    /// One card with its movements and loads.
    ///
    /// - Refuses: `.roleMissing`, `.unknownCard`.
    func show(_ cardID: Int64, by actor: StaffActor) async throws -> Shown {
        try Self.requireReader(actor)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    "\(fragment: Self.columns) WHERE card_id = \(cardID)")
            else { throw CardsRefusal.unknownCard }
            return Shown(
                card: try Self.listed(row), movements: try Self.movements(cardID, in: session),
                loads: try Self.loads(
                    "card_load.card_id = \(cardID) ORDER BY asked_at DESC, load_id LIMIT 100",
                    in: session),
                requests: try Self.requests(
                    "card_request.card_id = \(cardID) ORDER BY asked_at DESC, request_id LIMIT 100",
                    in: session),
                heldBack: try Self.heldBack(cardID, in: session),
                acts: try Self.acts(cardID, in: session),
                replaces: try Self.linked("next_card_id = \(cardID)", "card_id", in: session),
                replacedBy: try Self.linked("card_id = \(cardID)", "next_card_id", in: session))
        }
    }

    /// Refunds and remainders of cards before it in its chain are the card's too.
    private static func movements(
        _ cardID: Int64, in session: PostgresSession
    ) throws -> [Movement] {
        try session.query(
            """
            SELECT transfer_id, transfer.kind,
                   CASE WHEN payee.kind = 'card' AND payee.owner_id = \(cardID)
                        THEN transfer.amount ELSE -transfer.amount END AS amount,
                   store.name AS store_name, sale.sale_id, sale.receipt,
                   transfer.business_at, posted_at
            FROM transfer
            JOIN account AS payer ON payer.account_id = from_account_id
            JOIN account AS payee ON payee.account_id = to_account_id
            LEFT JOIN store ON store.store_id = transfer.store_id
            LEFT JOIN refund_request AS request ON request.request_id = source_id
            LEFT JOIN sale ON sale.sale_id = coalesce(request.sale_id, source_id)
            WHERE transfer.card_id IN (\(fragment: CardChain.upTo(cardID)))
              AND ((payer.kind = 'card' AND payer.owner_id = \(cardID))
                   OR (payee.kind = 'card' AND payee.owner_id = \(cardID)))
            ORDER BY transfer_id DESC LIMIT 100
            """
        ).map { row in
            Movement(
                transferID: try row["transfer_id"], kind: try row["kind"],
                amount: try row["amount"], storeName: try row["store_name"],
                saleID: try row["sale_id"], receipt: try row["receipt"],
                businessAt: try row["business_at"], postedAt: try row["posted_at"])
        }
    }

    private static func heldBack(
        _ cardID: Int64, in session: PostgresSession
    ) throws -> [HeldBack] {
        try session.query(
            """
            SELECT till.code, amount, ends_at, heard_seq IS NOT NULL AS heard
            FROM card_hold_back JOIN till USING (till_id)
            WHERE card_id = \(cardID) AND released_at IS NULL
            ORDER BY till.code LIMIT 100
            """
        ).map { row in
            HeldBack(
                tillCode: try row["code"], amount: try row["amount"], endsAt: try row["ends_at"],
                isHeard: try row["heard"])
        }
    }

    private static func acts(_ cardID: Int64, in session: PostgresSession) throws -> [Act] {
        try session.query(
            """
            SELECT at, coalesce(person.name, actor) AS actor, action,
                   coalesce(detail ->> 'reason', detail ->> 'kind', '') AS reason
            FROM audit LEFT JOIN person USING (person_id)
            WHERE detail ->> 'card' = \(String(cardID))
            ORDER BY audit_id DESC LIMIT 50
            """
        ).map { row in
            Act(
                at: try row["at"], actor: try row["actor"], action: try row["action"],
                reason: try row["reason"])
        }
    }

    private static func linked(
        _ condition: SQL, _ column: String, in session: PostgresSession
    ) throws -> Linked? {
        let row = try session.queryOne(
            """
            SELECT card.card_id, mask FROM card
            WHERE card_id = (SELECT \(unsafeSQL: column) FROM card_chain
                             WHERE \(fragment: condition))
            """)
        return try row.map { Linked(cardID: try $0["card_id"], mask: try $0["mask"]) }
    }

    /// A load as lists show it. `amount` in fen.
    struct ListedLoad: Sendable, Asked {
        let loadID: RecordID
        let cardID: Int64
        let mask: String
        let amount: Money
        let reason: String
        let state: String
        let askedBy: String
        let askedAt: Instant
        let askerID: Int64
        let decidedBy: String?
        var askedID: RecordID { loadID }
    }

    /// A page of loads asked one by one; those of a file stand with their file.
    ///
    /// - Refuses: `.roleMissing`.
    func loads(
        _ filter: AskedFilter, limit: Int, by actor: StaffActor
    ) async throws -> [ListedLoad] {
        try Self.requireReader(actor)
        return try await store.read { session in
            try Self.loads(
                """
                card_load_file_id IS NULL
                AND \(fragment: filter.sql("card_load", id: "load_id", limit: limit))
                """, in: session)
        }
    }

    private static func loads(
        _ found: SQL, in session: PostgresSession
    ) throws -> [ListedLoad] {
        try session.query(
            """
            SELECT load_id, card_load.card_id, mask, amount, reason, card_load.state,
                   asker.name AS asked_by, asker.person_id AS asker_id, asked_at,
                   decider.name AS decided_by
            FROM card_load JOIN card USING (card_id)
            JOIN staff_account AS asking ON asking.staff_account_id = asked_by
            JOIN person AS asker ON asker.person_id = asking.person_id
            LEFT JOIN staff_account AS deciding ON deciding.staff_account_id = decided_by
            LEFT JOIN person AS decider ON decider.person_id = deciding.person_id
            WHERE \(fragment: found)
            """
        ).map { row in
            ListedLoad(
                loadID: try row["load_id"], cardID: try row["card_id"], mask: try row["mask"],
                amount: try row["amount"], reason: try row["reason"], state: try row["state"],
                askedBy: try row["asked_by"], askedAt: try row["asked_at"],
                askerID: try row["asker_id"], decidedBy: try row["decided_by"])
        }
    }

    /// A request as lists show it.
    struct ListedRequest: Sendable, Asked {
        let requestID: RecordID
        let cardID: Int64
        let mask: String
        let kind: CardRequestKind
        let reason: String
        let state: String
        let askedBy: String
        let askerID: Int64
        let askedAt: Instant
        let decidedBy: String?
        var askedID: RecordID { requestID }
    }

    /// A page of requests.
    ///
    /// - Refuses: `.roleMissing`.
    func requests(
        _ filter: AskedFilter, limit: Int, by actor: StaffActor
    ) async throws -> [ListedRequest] {
        try Self.requireReader(actor)
        return try await store.read { session in
            try Self.requests(
                filter.sql("card_request", id: "request_id", limit: limit), in: session)
        }
    }

    private static func requests(
        _ found: SQL, in session: PostgresSession
    ) throws -> [ListedRequest] {
        try session.query(
            """
            SELECT request_id, card_request.card_id, mask, kind, reason, card_request.state,
                   asker.name AS asked_by, asker.person_id AS asker_id, asked_at,
                   decider.name AS decided_by
            FROM card_request JOIN card USING (card_id)
            JOIN staff_account AS asking ON asking.staff_account_id = asked_by
            JOIN person AS asker ON asker.person_id = asking.person_id
            LEFT JOIN staff_account AS deciding ON deciding.staff_account_id = decided_by
            LEFT JOIN person AS decider ON decider.person_id = deciding.person_id
            WHERE \(fragment: found)
            """
        ).compactMap { row in
            guard let kind = CardRequestKind(rawValue: try row["kind"]) else { return nil }
            return ListedRequest(
                requestID: try row["request_id"], cardID: try row["card_id"],
                mask: try row["mask"], kind: kind, reason: try row["reason"],
                state: try row["state"], askedBy: try row["asked_by"],
                askerID: try row["asker_id"], askedAt: try row["asked_at"],
                decidedBy: try row["decided_by"])
        }
    }
}
