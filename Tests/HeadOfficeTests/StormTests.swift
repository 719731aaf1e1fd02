import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// Everything that moves money, all at once, on three cards.
struct StormTests {
    private struct People {
        let issuer: StaffActor
        let supervisor: StaffActor
        let approver: StaffActor

        init(_ shop: TestShop) async throws {
            issuer = try await Self.make(shop, "he", [.issuer])
            supervisor = try await Self.make(shop, "zhao", [.issuingSupervisor])
            approver = try await Self.make(shop, "sun", [.approver])
        }

        private static func make(
            _ shop: TestShop, _ login: String, _ roles: Set<StaffRole>
        ) async throws -> StaffActor {
            let names = roles.map(\.rawValue)
            return try await shop.office.store.write { session in
                let row = try session.queryOne(
                    """
                    WITH made AS (INSERT INTO person (name, created_at) VALUES (\(login), now())
                                  RETURNING person_id)
                    INSERT INTO staff_account (person_id, login, verifier, roles, created_at)
                    SELECT person_id, \(login), 'none', \(names), now() FROM made
                    RETURNING staff_account_id, person_id
                    """)
                guard let row else { throw TestShop.TestFault.noRow }
                return StaffActor(
                    accountID: try row["staff_account_id"], personID: try row["person_id"],
                    login: login, roles: roles)
            }
        }
    }

    @Test func `sales, holds, loads, refunds and jobs at once leave the ledger right`()
        async throws
    {
        try await withOffice(maximumConnections: 10) { office in
            let shop = try await TestShop.open(office)
            let people = try await People(shop)
            let cards = [
                try await shop.card(1, balance: 20_000), try await shop.card(2, balance: 20_000),
                try await shop.card(3, balance: 300),
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for place in 0..<4 {
                    group.addTask { try await trade(shop, cards, from: place) }
                }
                group.addTask { try await load(shop, cards, people) }
                for _ in 0..<2 { group.addTask { try await approve(shop, people) } }
                group.addTask {
                    for _ in 0..<10 { await Jobs(office.store).runOnce(now: office.time.now) }
                }
                try await group.waitForAll()
            }
            try await approve(shop, people)

            let proof = try await LedgerProof.make(office.store)
            #expect(proof.isRight, "\(proof.differences) \(proof.sums)")
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM payment WHERE state = 'held'") == 0)
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM refund_request WHERE state = 'approved'") > 0)
            // What the cards lost is what the stores got: loads in, refunds back.
            #expect(
                try await shop.number(
                    """
                    SELECT (SELECT sum(balance) FROM account WHERE kind IN ('card', 'store_payable'))
                         - (SELECT sum(amount) FROM transfer WHERE kind = 'load')
                    """) == 0)
            #expect(
                try await shop.number(
                    """
                    SELECT count(*) FROM sale WHERE refunded + refund_reserved <> (
                        SELECT coalesce(sum(amount), 0) FROM refund_request AS request
                        WHERE request.sale_id = sale.sale_id
                          AND request.state IN ('pending', 'approved'))
                    """) == 0)
        }
    }

    /// A till's day: holds that are captured or cancelled, sales taken offline, wrong passwords, refunds.
    private func trade(
        _ shop: TestShop, _ cards: [TestShop.Card], from place: Int
    ) async throws {
        let till = try await TestTill.enrol(shop)
        var sent = 0
        for round in 0..<6 {
            for step in 0..<3 {
                let card = cards[(place + step) % cards.count]
                let held = shop.office.store.clock.makeID()
                let reply = try await till.authorise(card, 150, payment: held)
                if reply.result == .approved, step != 1 {
                    let sale = try till.sell(card, 150, id: held, authorised: true)
                    till.requestRefund(sale, quantity: 1, amount: 150, card: card)
                } else {
                    till.append(
                        .paymentCancelled(.init(payment: held, reason: .cashier, by: "li")))
                }
                let sold = try till.sell(card, 70, quantity: 2)
                till.requestRefund(sold, quantity: 1, amount: 70, card: card)
                till.requestRefund(sold, quantity: 2, amount: 140, card: card)
            }
            try till.sell(cards[round % 2], 100, password: round == 3 ? "000000" : nil)
            // Half of what was sent before comes again.
            let from = sent / 2
            guard case .taken(let reply) = try await till.push(from..<till.entries.count) else {
                Issue.record("refused")
                return
            }
            #expect(reply.verdicts.count == till.entries.count - from)
            sent = till.entries.count
        }
    }

    private func load(
        _ shop: TestShop, _ cards: [TestShop.Card], _ people: People
    ) async throws {
        let office = Cards(store: shop.office.store)
        for round in 0..<12 {
            let id = shop.office.store.clock.makeID()
            let now = shop.office.time.now
            try await office.askLoad(
                id, card: cards[round % 3].id, amount: Money(fen: 100), reason: "充值",
                by: people.issuer, at: now)
            try await office.approveLoad(id, by: people.supervisor, at: now)
        }
    }

    /// Agrees to what waits, for as long as there is something; another approver may be faster.
    private func approve(_ shop: TestShop, _ people: People) async throws {
        let (refunds, now) = (Refunds(store: shop.office.store), shop.office.time.now)
        for _ in 0..<10 {
            let waiting = try await refunds.list(.pending, by: people.approver)
            for listed in waiting {
                do {
                    let shown = try await refunds.show(
                        listed.requestID, by: people.approver, at: now)
                    try await refunds.decide(
                        listed.requestID, .approved, opinion: "同意", digest: shown.found.digest,
                        by: people.approver, at: now)
                } catch is RefundsRefusal {
                    continue
                }
            }
        }
    }
}
