import Domain
import PostgresDriver

extension Cards {
    /// Who may look at cards.
    private static let readers: [StaffRole] = [
        .issuer, .issuingSupervisor, .approver, .finance, .auditor,
    ]

    private func requireReader(_ actor: StaffActor) throws {
        guard !actor.roles.isDisjoint(with: Self.readers) else { throw RoleRefusal.roleMissing }
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
        let wrongCount: Int
    }

    /// Cards found by a full number or by the last four digits; empty text finds the newest 50.
    ///
    /// - Refuses: `.roleMissing`, Domain's `CardRefusal` for what is neither.
    func find(_ text: String, by actor: StaffActor) async throws -> [Listed] {
        try requireReader(actor)
        let typed = text.halfWidth.filter { !$0.isWhitespace }
        var condition: SQL = "true"
        if typed.count == 4, typed.allSatisfy(\.isNumber) {
            condition = "mask LIKE \("%" + typed.likeEscaped)"
        } else if !typed.isEmpty {
            let number = try CardNumber(typed)
            condition = "fingerprint = \(store.cards.fingerprint(ofNumber: number.text))"
        }
        let chosen = condition
        return try await store.read { session in
            try session.query(
                "\(fragment: Self.columns) WHERE \(fragment: chosen) ORDER BY card_id DESC LIMIT 50"
            ).map(Self.listed)
        }
    }

    private static let columns: SQL = """
        SELECT card_id, mask, programme.code AS programme_code,
               programme.name AS programme_name, state, state_since, test,
               coalesce(account.balance, 0) AS balance, coalesce(account.held, 0) AS held,
               issued_at, face_colour, face_title, balance_maximum, wrong_count
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
            wrongCount: Int(try row["wrong_count"] as Int64))
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
    }

    /// One card with its movements and loads.
    ///
    /// - Refuses: `.roleMissing`, `.unknownCard`.
    func show(_ cardID: Int64, by actor: StaffActor) async throws -> Shown {
        try requireReader(actor)
        return try await store.read { session in
            guard
                let row = try session.queryOne(
                    "\(fragment: Self.columns) WHERE card_id = \(cardID)")
            else { throw CardsRefusal.unknownCard }
            let movements = try session.query(
                """
                SELECT transfer_id, transfer.kind,
                       CASE WHEN payee.kind = 'card' THEN transfer.amount
                            ELSE -transfer.amount END AS amount,
                       store.name AS store_name, sale.sale_id, sale.receipt,
                       transfer.business_at, posted_at
                FROM transfer
                JOIN account AS payer ON payer.account_id = from_account_id
                JOIN account AS payee ON payee.account_id = to_account_id
                LEFT JOIN store ON store.store_id = transfer.store_id
                LEFT JOIN refund_request AS request ON request.request_id = source_id
                LEFT JOIN sale ON sale.sale_id = coalesce(request.sale_id, source_id)
                WHERE transfer.card_id = \(cardID) AND 'card' IN (payer.kind, payee.kind)
                ORDER BY transfer_id DESC LIMIT 100
                """
            ).map { row in
                Movement(
                    transferID: try row["transfer_id"], kind: try row["kind"],
                    amount: try row["amount"], storeName: try row["store_name"],
                    saleID: try row["sale_id"], receipt: try row["receipt"],
                    businessAt: try row["business_at"],
                    postedAt: try row["posted_at"])
            }
            let loads = try Self.loads("card_load.card_id = \(cardID)", in: session)
            return Shown(card: try Self.listed(row), movements: movements, loads: loads)
        }
    }

    /// A load as lists show it. `amount` in fen.
    struct ListedLoad: Sendable {
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
    }

    /// The loads that wait for a second person, oldest first, at most 200.
    ///
    /// - Refuses: `.roleMissing`.
    func waitingLoads(by actor: StaffActor) async throws -> [ListedLoad] {
        try requireReader(actor)
        return try await store.read { session in
            try Self.loads("card_load.state = 'asked'", in: session)
        }
    }

    private static func loads(
        _ condition: SQL, in session: PostgresSession
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
            WHERE \(fragment: condition)
            ORDER BY asked_at, load_id LIMIT 200
            """
        ).map { row in
            ListedLoad(
                loadID: try row["load_id"], cardID: try row["card_id"], mask: try row["mask"],
                amount: try row["amount"], reason: try row["reason"], state: try row["state"],
                askedBy: try row["asked_by"], askedAt: try row["asked_at"],
                askerID: try row["asker_id"], decidedBy: try row["decided_by"])
        }
    }

    /// A batch as lists show it. `initialLoad` in fen for each card.
    struct ListedBatch: Sendable {
        let batchID: Int64
        let programmeCode: String
        let programmeName: String
        let quantity: Int
        let initialLoad: Money
        let isTest: Bool
        let state: String
        let note: String
        let askedBy: String
        let askerID: Int64
        let askedAt: Instant
        let decidedBy: String?
        let decidedAt: Instant?
    }

    /// Batches, waiting ones first, then newest first, at most 100.
    ///
    /// - Refuses: `.roleMissing`.
    func batches(by actor: StaffActor) async throws -> [ListedBatch] {
        try requireReader(actor)
        return try await store.read { session in
            try session.query(
                """
                SELECT card_batch_id, programme.code AS programme_code,
                       programme.name AS programme_name, quantity, initial_load, test,
                       card_batch.state, note, asker.name AS asked_by,
                       asker.person_id AS asker_id, asked_at, decider.name AS decided_by,
                       decided_at
                FROM card_batch JOIN programme USING (programme_id)
                JOIN staff_account AS asking ON asking.staff_account_id = asked_by
                JOIN person AS asker ON asker.person_id = asking.person_id
                LEFT JOIN staff_account AS deciding ON deciding.staff_account_id = decided_by
                LEFT JOIN person AS decider ON decider.person_id = deciding.person_id
                ORDER BY (card_batch.state <> 'asked'), card_batch_id DESC LIMIT 100
                """
            ).map { row in
                let decidedAt: Instant? = try row["decided_at"]
                return ListedBatch(
                    batchID: try row["card_batch_id"], programmeCode: try row["programme_code"],
                    programmeName: try row["programme_name"],
                    quantity: Int(try row["quantity"] as Int64),
                    initialLoad: try row["initial_load"], isTest: try row["test"],
                    state: try row["state"], note: try row["note"],
                    askedBy: try row["asked_by"], askerID: try row["asker_id"],
                    askedAt: try row["asked_at"], decidedBy: try row["decided_by"],
                    decidedAt: decidedAt)
            }
        }
    }
}
