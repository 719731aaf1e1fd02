import Domain
import Journal
import PostgresDriver

@testable import HeadOffice

/// A store of Guangdong with its staff and programme, on head office's database.
struct TestShop: Sendable {
    let office: TestOffice
    let storeID: Int64
    let programmeID: Int64
    let administrator: StaffActor

    /// A card that tests pay with.
    struct Card: Sendable {
        let id: Int64
        let number: CardNumber
        let password: CardPassword
        let fingerprint: CardFingerprint
        let isTest: Bool
        var account: LedgerAccount { LedgerAccount(.card, of: id, in: isTest ? .test : .real) }
    }

    static func open(_ office: TestOffice) async throws -> TestShop {
        try await office.store.write { session in
            func id(_ sql: SQL) throws -> Int64 {
                guard let row = try session.queryOne(sql) else { throw TestFault.noRow }
                return try row["id"]
            }
            let now = TestOffice.morning
            let person = try id(
                """
                INSERT INTO person (name, created_at) VALUES ('陈门店', \(now))
                RETURNING person_id AS id
                """)
            let account = try id(
                """
                INSERT INTO staff_account (person_id, login, verifier, roles, created_at)
                VALUES (\(person), 'chen', 'none', '{store_administrator}', \(now))
                RETURNING staff_account_id AS id
                """)
            let programme = try id(
                """
                INSERT INTO programme
                    (code, name, province, prefix, scheme, face_colour, face_title,
                     bearer_maximum, created_at)
                VALUES ('GD', '广东慧医卡', '44', '6160', 'dated16', '#1a7f5a', '广东',
                        500000, \(now))
                RETURNING programme_id AS id
                """)
            try session.execute(
                "INSERT INTO programme_acceptance VALUES (\(programme), '44')")
            let store = try id(
                """
                INSERT INTO store (code, name, province, address, telephone, created_at)
                VALUES ('GD0001', '越秀一店', '44', '中山五路1号', '020-12345678', \(now))
                RETURNING store_id AS id
                """)
            return TestShop(
                office: office, storeID: store, programmeID: programme,
                administrator: StaffActor(
                    accountID: account, personID: person, login: "chen",
                    roles: [.storeAdministrator]))
        }
    }

    enum TestFault: Error { case noRow }

    /// Somebody at head office, with a person of their own.
    func staff(_ login: String, _ roles: Set<StaffRole>) async throws -> StaffActor {
        try await office.store.write { session in
            let row = try session.queryOne(
                """
                WITH made AS (
                    INSERT INTO person (name, created_at) VALUES (\(login), \(TestOffice.morning))
                    RETURNING person_id)
                INSERT INTO staff_account (person_id, login, verifier, roles, created_at)
                SELECT person_id, \(login), 'none', \(roles.map(\.rawValue)),
                       \(TestOffice.morning)
                FROM made RETURNING staff_account_id, person_id
                """)
            guard let row else { throw TestFault.noRow }
            return StaffActor(
                accountID: try row["staff_account_id"], personID: try row["person_id"],
                login: login, roles: roles)
        }
    }

    /// An active card with so much on it.
    func card(
        _ number: Int, balance fen: Int64, password: String = "123456", isTest: Bool = false,
        state: String = "active", since: Instant = TestOffice.morning
    ) async throws -> Card {
        let digits = String(6_160_202_611_250_000 + number)
        let cardNumber = try CardNumber(digits)
        let cardPassword = try CardPassword(password)
        let store = office.store
        let fingerprint = store.secrets.wireFingerprintKey.fingerprint(of: cardNumber)
        let programmeID = programmeID
        let source = store.clock.makeID()
        return try await store.write { session in
            let salt: [UInt8] = Array(repeating: 7, count: 16)
            let row = try session.queryOne(
                """
                INSERT INTO card (programme_id, fingerprint, mask, number_sealed, holder_mask, state,
                    state_since, test, password_salt, password_verifier, issued_at)
                VALUES (\(programmeID), \(fingerprint), \(cardNumber.masked),
                        \(try store.cards.seal(digits, use: .number)), '张*', \(state), \(since),
                        \(isTest), \(salt),
                        \(store.cards.passwordVerifier(salt: salt, password: password)), \(since))
                RETURNING card_id
                """)
            guard let row else { throw TestFault.noRow }
            let card = Card(
                id: try row["card_id"], number: cardNumber, password: cardPassword,
                fingerprint: fingerprint, isTest: isTest)
            guard fen > 0 else { return card }
            try Ledger.post(
                session,
                [
                    NewTransfer(
                        .load,
                        from: LedgerAccount(
                            .programmeFunding, of: programmeID, in: isTest ? .test : .real),
                        to: card.account, amount: Money(fen: fen), businessAt: since,
                        sourceID: source, storeID: nil, cardID: card.id)
                ], at: since)
            return card
        }
    }

    func balance(_ card: Card) async throws -> (balance: Int64, held: Int64) {
        let account = card.account
        return try await office.store.read { session in
            let found = try Ledger.lock(session, [account])[account]
            return (found?.balance.fen ?? 0, found?.held.fen ?? 0)
        }
    }

    /// One number of one row.
    func number(_ sql: SQL) async throws -> Int64 {
        try await office.store.read { session in
            try session.queryOne("SELECT (\(fragment: sql))::bigint AS n")?.decode("n") ?? -1
        }
    }

    /// Everything that a repeat must not change.
    func counts() async throws -> [String] {
        var counts: [String] = []
        for table in [
            "journal_record", "record_identity", "sale", "transfer", "exception", "payment",
            "refund_request", "refund_line", "change",
        ] {
            counts.append(
                "\(table) \(try await number("SELECT count(*) FROM \(unsafeSQL: table)"))")
        }
        counts.append(
            "\(try await number("SELECT coalesce(sum(balance * account_id), 0) FROM account"))")
        return counts
    }
}
