import Domain
import Hummingbird
import HummingbirdTesting
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct OrdersEndpointTests {
    private func search(
        _ asked: OrdersSearch, by till: TestTill
    ) async throws -> OrdersFound {
        let store = till.shop.office.store
        let door = SyncDoor(store: store, names: ["localhost"])
        let nonce = try #require(RequestNonce(bytes: store.clock.randomBytes(16)))
        let reply = try await OrdersEndpoint(door: door).answer(
            SyncRequest(
                till: till.known, nonce: nonce, body: asked.bytes, query: [:],
                received: till.time.now))
        #expect(reply.status == 200)
        return try OrdersFound(bytes: reply.body)
    }

    @Test func `a till finds what the store's other tills sold, by every condition, and no more`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let asking = try await TestTill.enrol(shop)
            let other = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100_000)
            let next = try await shop.card(2, balance: 100_000)
            try asking.sell(card, 100)
            let first = try other.sell(card, 2_000)
            let second = try other.sell(next, 7_550)
            _ = try await asking.push()
            _ = try await other.push()
            let all = try await search(OrdersSearch(), by: asking)
            #expect(Set(all.orders.map(\.id)) == [first, second])
            #expect(all.orders.allSatisfy { $0.till == other.known.code })
            #expect(!all.hasMore)
            var asked = OrdersSearch()
            asked.fingerprint = next.fingerprint
            let found = try await search(asked, by: asking)
            #expect(found.orders.map(\.total.fen) == [7_550])
            #expect(found.orders.first?.lines.first?.name == "感冒颗粒")
            asked = OrdersSearch(number: "no-such")
            #expect(try await search(asked, by: asking).orders.isEmpty)
            asked = OrdersSearch(sale: first)
            #expect(try await search(asked, by: asking).orders.map(\.id) == [first])
            asked = OrdersSearch(until: Instant(milliseconds: 0))
            #expect(try await search(asked, by: asking).orders.isEmpty)
            let end = try #require(all.orders.last)
            asked = OrdersSearch(
                after: .init(businessTime: end.businessTime, id: end.id))
            #expect(try await search(asked, by: asking).orders.isEmpty)
        }
    }

    @Test func `asked for one sale, head office tells its holder and what is left of each line`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let (asking, other) = (try await TestTill.enrol(shop), try await TestTill.enrol(shop))
            let card = try await shop.card(1, balance: 100_000)
            let sale = try other.sell(card, 2_000, quantity: 3)
            other.requestRefund(sale, quantity: 2, amount: 4_000, card: card)
            _ = try await other.push()
            try await office.store.write { session in
                try session.execute("UPDATE card SET holder_mask = '张*'")
            }
            let told = try #require(
                try await search(OrdersSearch(sale: sale), by: asking).orders.first)
            #expect(told.left == [1] && told.holder == "张*")
            #expect(told.refundPending == Money(fen: 4_000))
            let listed = try #require(try await search(OrdersSearch(), by: asking).orders.first)
            #expect(listed.left == nil && listed.holder == nil)
            // What the asking till then asks for is judged by the rules of every request.
            asking.requestRefund(sale, quantity: 2, amount: 4_000, card: card)
            asking.requestRefund(sale, quantity: 1, amount: 2_000, card: card)
            _ = try await asking.push()
            let states = try await office.store.read { session in
                try session.query(
                    "SELECT state FROM refund_request WHERE sale_id = \(sale) ORDER BY received_at, asked_at, request_id"
                ).map { try $0["state"] as String }
            }
            #expect(states.sorted() == ["pending", "pending", "refused"])
        }
    }

    @Test func `O-08: two sales under one order number are both there`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let tills = [try await TestTill.enrol(shop), try await TestTill.enrol(shop)]
            let asking = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100_000)
            // Both print GD0001-01-20261125-0001.
            try tills[0].sell(card, 2_000)
            try tills[1].sell(card, 7_550)
            for till in tills { #expect(try await till.verdicts() == ["posted"]) }
            let found = try await search(
                OrdersSearch(number: "GD0001-01-20261125-0001"), by: asking)
            #expect(found.orders.reduce(0) { $0 + $1.total.fen } == 9_550)
            // The same id with the same content is still one sale.
            _ = try await tills[0].push()
            let again = try await search(OrdersSearch(), by: asking)
            #expect(again.orders.count == 2)
        }
    }

    @Test func `O-12: both tills of a store ask for all of it back, and it is asked for once`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let tills = [try await TestTill.enrol(shop), try await TestTill.enrol(shop)]
            let card = try await shop.card(1, balance: 100_000)
            let sale = try tills[0].sell(card, 3_000, quantity: 2)
            #expect(try await tills[0].verdicts() == ["posted"])
            tills[0].requestRefund(sale, quantity: 2, amount: 6_000, card: card)
            tills[1].requestRefund(sale, quantity: 2, amount: 6_000, card: card)
            let first = try await tills[0].verdicts()
            let second = try await tills[1].verdicts()
            #expect(first.count == 2 && second.count == 1)
            let reserved = try await office.store.read { session in
                try session.queryOne(
                    "SELECT refund_reserved + refunded AS sum FROM sale WHERE sale_id = \(sale)"
                )
                .map { try $0["sum"] as Int64 }
            }
            #expect(reserved == 6_000)
            let requests = try await office.store.read { session in
                try session.query(
                    "SELECT state FROM refund_request WHERE sale_id = \(sale) ORDER BY asked_at, request_id"
                ).map { try $0["state"] as String }
            }
            #expect(requests.count == 2)
            #expect(Set(requests).count == 2)
        }
    }
}
