import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// What a till keeps of a verdict, and what it is worth when head office no longer knows (R-W5, S-5).
struct PasswordProofTests {
    private func withTill(
        _ body: (TestShop, TestTill, TestShop.Card) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            try await body(shop, till, try await shop.card(1, balance: 1_000))
        }
    }

    private func reply(_ till: TestTill) async throws -> [RecordVerdict] {
        guard case .taken(let reply) = try await till.push() else {
            throw TestShop.TestFault.noRow
        }
        return reply.verdicts
    }

    private func keys(_ shop: TestShop) -> [NamedVerifyingKey] {
        [shop.office.store.secrets.namedSigningKey.verifying]
    }

    private func credential(_ entry: BatchEntry) throws -> RecordHash {
        guard case .saleCompleted(let sale) = try Record(bytes: entry.record).body,
            let hash = sale.payment.credential
        else { throw TestShop.TestFault.noRow }
        return hash
    }

    @Test func `right and wrong come back signed for the sale, and the same when sent again`()
        async throws
    {
        try await withTill { shop, till, card in
            let right = try till.sell(card, 100)
            let wrong = try till.sell(card, 200, password: "000000")
            try till.sell(card, 300, authorised: true)
            let verdicts = try await reply(till)
            #expect(verdicts.map { $0.password?.isRight } == [true, false, nil])
            let proof = try #require(verdicts[0].password)
            #expect(
                proof.isSigned(
                    for: right, credential: try credential(till.entries[0]), by: keys(shop)))
            #expect(
                !proof.isSigned(
                    for: wrong, credential: try credential(till.entries[1]), by: keys(shop)))
            #expect(try await reply(till).map(\.password) == verdicts.map(\.password))
        }
    }

    /// Head office's database as it was before the till's first record.
    private func forget(_ shop: TestShop, _ till: TestTill) async throws {
        try await shop.office.store.write { session in
            try session.executeScript(
                """
                SET LOCAL session_replication_role = replica;
                DELETE FROM transfer WHERE kind <> 'load';
                DELETE FROM exception; DELETE FROM sale; DELETE FROM payment;
                DELETE FROM credential_verdict; DELETE FROM record_identity;
                DELETE FROM journal_record; DELETE FROM change WHERE topic = 'verdict';
                UPDATE card SET wrong_count = 0, wrong_on = NULL, wrong_streak = 0;
                UPDATE account SET balance = coalesce((
                    SELECT sum(CASE WHEN to_account_id = account_id THEN amount ELSE -amount END)
                    FROM transfer WHERE account_id IN (from_account_id, to_account_id)), 0);
                """)
        }
    }

    @Test
    func
        `a record that head office lost is judged by its signed word when the sealed bytes are gone`()
        async throws
    {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            try till.sell(card, 200, password: "000000")
            try till.sell(card, 300)
            let verdicts = try await reply(till)
            try await forget(shop, till)
            let renewed = try await till.renewed()
            renewed.replaceCredentials(
                [verdicts[0].password?.bytes, verdicts[1].password?.bytes, nil])
            #expect(
                try await renewed.verdicts() == [
                    "posted", "exception wrong_password", "exception credential_gone",
                ])
            #expect(try await shop.balance(card) == (900, 0))
            #expect(
                try await shop.number("SELECT wrong_count FROM card") == 0,
                "the try was counted when it was made")
        }
    }

    @Test func `a signed word for another sale, or not head office's, is no word`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            try till.sell(card, 200, password: "000000")
            let other = try #require(try await reply(till)[0].password)
            try await forget(shop, till)
            let renewed = try await till.renewed()
            let forged = PasswordVerdict(
                isRight: true, sale: try Record(bytes: till.entries[0].record).id,
                credential: try credential(till.entries[0]),
                signedBy: NamedSigningKey(id: keys(shop)[0].id, key: till.key))
            renewed.replaceCredentials([forged.bytes, other.bytes])
            #expect(
                try await renewed.verdicts() == [
                    "exception credential_gone", "exception credential_gone",
                ])
            #expect(try await shop.balance(card) == (1_000, 0))
        }
    }

    @Test func `a duplicate says what the record is that came first, also once it was settled`()
        async throws
    {
        try await withTill { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            try till.sell(card, 100)
            let short = try till.sell(card, 1_200)
            let settled = try till.sell(card, 700, password: "000000")
            _ = try await till.verdicts()
            try await shop.decide(settled, .chargeStore, by: finance)
            let verdicts = try await reply(try await till.renewed())
            #expect(verdicts.map(\.state) == [.duplicate, .duplicate, .duplicate])
            #expect(
                verdicts.map(\.first) == [
                    VerdictChange(code: nil, state: .posted),
                    VerdictChange(code: "insufficient_balance", state: .exception),
                    VerdictChange(code: "borne_by_store", state: .posted),
                ])
            #expect(verdicts[1].id == short)
        }
    }

    @Test func `a password judged late reaches the till signed`() async throws {
        try await withTill { shop, till, card in
            for _ in 1...5 { _ = try await till.authorise(card, 100, password: "000000") }
            let sale = try till.sell(card, 100)
            let first = try await reply(till)
            #expect(first[0].code == "password_not_checked" && first[0].password == nil)
            shop.office.time.move(milliseconds: 86_400_000)
            await Jobs(shop.office.store).runOnce(now: shop.now)
            let body = try await shop.office.store.read { session in
                try session.queryOne(
                    "SELECT body FROM change WHERE topic = 'verdict' AND key = \(sale.description)"
                )?.decode("body", as: PostgresJSON.self)
            }
            let change = try VerdictChange(bytes: Array(try #require(body).text.utf8))
            #expect(change.state == .posted && change.password?.isRight == true)
        }
    }
}
