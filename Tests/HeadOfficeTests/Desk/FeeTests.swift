import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct FeeTests {
    private func setRate(_ shop: TestShop, _ perMillion: Int32) async throws {
        _ = try await shop.office.store.write { session in
            try session.execute("UPDATE store SET fee_per_million = \(perMillion)")
        }
    }

    private func fees(_ shop: TestShop) async throws -> [Int64] {
        try await shop.office.store.read { session in
            try session.query(
                "SELECT amount FROM transfer WHERE kind = 'fee' ORDER BY transfer_id"
            ).map { try $0["amount"] as Int64 }
        }
    }

    @Test func `each sale's fee is posted with it, half up, and never for a test card`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            try await setRate(shop, 6_000)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100_000)
            let test = try await shop.card(2, balance: 1_000, isTest: true)
            for fen in [83, 84, 249, 250, 10_000] as [Int64] { try till.sell(card, fen) }
            try till.sell(test, 99)
            #expect(Set(try await till.verdicts()) == ["posted"])
            #expect(try await fees(shop) == [1, 1, 2, 60])
            #expect(
                try await shop.number(
                    "SELECT sum(balance)::bigint FROM account WHERE kind = 'fees'") == 64)
            #expect(
                try await shop.number(
                    """
                    SELECT balance FROM account WHERE kind = 'store_payable' AND book = 'real'
                    """) == 10_666 - 64)
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM transfer WHERE kind = 'fee' AND business_date <> '2026-11-25'"
                ) == 0)
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    @Test func `sending records again charges no second fee`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            try await setRate(shop, 10_000)
            let till = try await TestTill.enrol(shop)
            try till.sell(try await shop.card(1, balance: 100_000), 5_000)
            _ = try await till.verdicts()
            let before = try await shop.counts()
            _ = try await till.verdicts()
            #expect(try await shop.counts() == before)
            #expect(try await fees(shop) == [50])
        }
    }

    @Test func `only what reached the store bears a fee`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            try await setRate(shop, 10_000)
            let till = try await TestTill.enrol(shop)
            try till.sell(try await shop.card(1, balance: 1_000), 5_000)
            #expect(try await till.verdicts() == ["exception insufficient_balance"])
            #expect(try await fees(shop) == [10])
        }
    }

    @Test func `a late sale bears the rate of its business date`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            try await setRate(shop, 10_000)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100_000)
            _ = try await office.store.write { session in
                try session.execute(
                    """
                    INSERT INTO store_fee_rate VALUES
                        (\(shop.storeID), '2026-11-26', 20000, \(shop.administrator.accountID), now()),
                        (\(shop.storeID), '2026-11-28', 0, \(shop.administrator.accountID), now())
                    """)
            }
            try till.sell(card, 1_000)
            office.time.move(milliseconds: 86_400_000)
            try till.sell(card, 1_000)
            office.time.move(milliseconds: 2 * 86_400_000)
            try till.sell(card, 1_000)
            #expect(Set(try await till.verdicts()) == ["posted"])
            #expect(try await fees(shop) == [10, 20])
        }
    }

    @Test func `a rate holds from tomorrow at the earliest`() async throws {
        try await withDesk { world in
            let rates = FeeRates(store: world.store)
            let finance = try await world.actor("finance")
            let today = BusinessDate(world.now)
            await #expect(throws: FeeRatesRefusal.feeDatePast) {
                try await rates.set(6_000, store: "GD0001", from: today, by: finance, at: world.now)
            }
            await #expect(throws: FeeRatesRefusal.feeInvalid) {
                try await rates.set(
                    200_001, store: "GD0001", from: today.next, by: finance, at: world.now)
            }
            await #expect(throws: FeeRatesRefusal.storeUnknown) {
                try await rates.set(
                    6_000, store: "GD9999", from: today.next, by: finance, at: world.now)
            }
            let approver = try await world.actor("approver")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await rates.set(
                    6_000, store: "GD0001", from: today.next, by: approver, at: world.now)
            }
            try await rates.set(
                6_000, store: "GD0001", from: today.next, by: finance, at: world.now)
            let listed = try await rates.list(by: finance)
            #expect(listed.map(\.perMillion) == [6_000, 0])
        }
    }

    @Test func `refunds in pieces return exactly the fee`() async throws {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET fee_per_million = 6150")
            }
            let number = "6160201901100002"
            let card = try await world.issueCard(number: number, load: 50_000)
            let sale = try await world.sell(
                [.init(price: 333, quantity: 7)], card: card, number: number)
            let fee = try await world.number(
                "SELECT amount AS n FROM transfer WHERE kind = 'fee'")
            #expect(fee == 14)
            var returned: [Int64] = []
            for (quantity, amount) in [(1, 333), (2, 666), (4, 1_332)] as [(Int, Int64)] {
                let request = try await world.request(
                    sale, [0: quantity], amount: amount, number: number)
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: try await world.digest(request),
                    by: try await world.actor("approver"), at: world.now)
                returned.append(
                    try await world.number(
                        """
                        SELECT coalesce(sum(amount), 0)::bigint AS n FROM transfer
                        WHERE kind = 'fee_returned'
                        """))
            }
            #expect(returned == [2, 6, 14])
            #expect(
                try await world.number(
                    "SELECT sum(balance)::bigint AS n FROM account WHERE kind = 'fees'") == 0)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }
}
