import Domain
import PostgresDriver
import Testing

@testable import HeadOffice

struct FactsTests {
    @Test func `nothing changes or removes a transfer, a record or an audit line`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            try till.sell(try await shop.card(1, balance: 1_000), 300)
            #expect(try await till.verdicts() == ["posted"])
            let columns = [
                "transfer": "amount = amount + 1", "journal_record": "code = code",
                "record_identity": "seq = seq + 1", "audit": "action = action",
            ]
            for (table, change) in columns {
                let before = try await shop.number("SELECT count(*) FROM \(unsafeSQL: table)")
                #expect(before > 0, "\(table)")
                for statement in [
                    "UPDATE \(table) SET \(change)", "DELETE FROM \(table)",
                    "TRUNCATE \(table) CASCADE",
                ] {
                    await #expect(throws: PostgresError.self, "\(statement)") {
                        try await office.store.write {
                            try $0.execute("\(unsafeSQL: statement)")
                        }
                    }
                }
                #expect(
                    try await shop.number("SELECT count(*) FROM \(unsafeSQL: table)") == before)
            }
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    @Test func `no table holds a full card number or a password`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(77, balance: 10_000, password: "802694")
            let payment = office.store.clock.makeID()
            _ = try await till.authorise(card, 500, payment: payment, password: "715380")
            _ = try await till.authorise(card, 500, payment: payment, attempt: 2)
            try till.sell(card, 500, id: payment, authorised: true)
            for _ in 0..<5 { try till.sell(card, 100, password: "715380") }
            try till.sell(card, 100)
            _ = try await till.verdicts()
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 2)
            let secrets = [card.number.text, "802694", "715380"]
            let tables = try await office.store.read { session in
                try session.query(
                    "SELECT relname::text AS name FROM pg_stat_user_tables ORDER BY relname"
                ).map { try $0["name"] as String }
            }
            #expect(tables.contains("journal_record") && tables.contains("card"))
            for table in tables {
                for secret in secrets {
                    let hex = Array(secret.utf8).hex
                    let found = try await shop.number(
                        """
                        SELECT count(*) FROM \(unsafeSQL: table) AS row
                        WHERE row::text ~ \("(^|[^0-9a-f])\(secret)([^0-9a-f]|$)")
                           OR row::text LIKE \("%\(hex)%")
                        """)
                    #expect(found == 0, "\(table) holds a secret of \(secret.count) digits")
                }
            }
        }
    }
}
