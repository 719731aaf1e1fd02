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

    private func sale(_ entry: BatchEntry) throws -> (id: RecordID, body: SaleCompleted) {
        let record = try Record(bytes: entry.record)
        guard case .saleCompleted(let sale) = record.body else { throw TestShop.TestFault.noRow }
        return (record.id, sale)
    }

    @Test func `right and wrong come back signed for the sale, and the same when sent again`()
        async throws
    {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            try till.sell(card, 200, password: "000000")
            try till.sell(card, 300, authorised: true)
            let verdicts = try await reply(till)
            #expect(verdicts.map { $0.password?.isRight } == [true, false, nil])
            let proof = try #require(verdicts[0].password)
            #expect(
                proof.isSigned(for: RecordHash(of: till.entries[0].record), by: keys(shop)))
            #expect(
                !proof.isSigned(for: RecordHash(of: till.entries[1].record), by: keys(shop)))
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
                isRight: true, record: RecordHash(of: till.entries[0].record),
                signedBy: NamedSigningKey(id: keys(shop)[0].id, key: till.key))
            renewed.replaceCredentials([forged.bytes, other.bytes])
            #expect(
                try await renewed.verdicts() == [
                    "exception credential_gone", "exception credential_gone",
                ])
            #expect(try await shop.balance(card) == (1_000, 0))
        }
    }

    @Test func `a signed word is none for another total or card under the same id`() async throws {
        try await withTill { shop, till, card in
            let other = try await shop.card(2, balance: 1_000)
            try till.sell(card, 100)
            try till.sell(card, 100)
            let proofs = try await reply(till).map(\.password)
            let sales = try till.entries.map(sale)
            try await forget(shop, till)
            let renewed = try await till.renewed()
            renewed.forget(from: 0)
            for (index, (total, payer)) in [(Int64(900), card), (100, other)].enumerated() {
                let (id, body) = sales[index]
                let line = SaleCompleted.Line(
                    amount: Money(fen: total), list: Money(fen: total), name: "感冒颗粒",
                    price: Money(fen: total), quantity: 1, repricedBy: nil, sku: "A1", spec: "")
                renewed.append(
                    .saleCompleted(
                        SaleCompleted(
                            card: .init(
                                fingerprint: payer.fingerprint, mask: payer.number.masked,
                                programme: "GD"),
                            cashier: body.cashier, lines: [line], payment: body.payment,
                            receipt: body.receipt, isTest: false, total: Money(fen: total))),
                    id: id, sealed: try #require(proofs[index]).bytes)
            }
            #expect(
                try await renewed.verdicts() == [
                    "exception credential_gone", "exception credential_gone",
                ])
            #expect(try await shop.balance(card) == (1_000, 0))
            #expect(try await shop.balance(other) == (1_000, 0))
        }
    }

    @Test func `head office signs nothing for other content under an id that is taken`()
        async throws
    {
        try await withTill { _, till, card in
            let id = try till.sell(card, 100)
            try till.sell(card, 900, id: id, password: "000000")
            for _ in 1...2 {
                let verdicts = try await reply(till)
                #expect(verdicts.map(\.code) == [nil, "same_id_different_content"])
                #expect(verdicts.map { $0.password?.isRight } == [true, nil])
            }
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
