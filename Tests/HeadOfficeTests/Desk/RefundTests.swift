import Dispatch
import Domain
import PostgresDriver
import TestSupport
import Testing

@testable import HeadOffice

struct RefundTests {
    private static let number = "6160201901100002"

    /// Makes a card with ¥500, sells `lines` and asks the whole of line 0 back.
    private func asked(
        _ world: DeskWorld, _ lines: [DeskWorld.SoldLine] = [.init(price: 1_680, quantity: 3)],
        paid: Int64? = nil
    ) async throws -> (card: Int64, sale: RecordID, request: RecordID) {
        let card = try await world.issueCard(number: Self.number, load: 50_000)
        let sale = try await world.sell(lines, card: card, number: Self.number, paid: paid)
        let request = try await world.request(
            sale, [0: lines[0].quantity], amount: lines[0].price * Int64(lines[0].quantity),
            number: Self.number)
        return (card, sale, request)
    }

    private func balance(_ world: DeskWorld, _ card: Int64) async throws -> Int64 {
        try await world.number(
            "SELECT balance AS n FROM account WHERE kind = 'card' AND owner_id = \(card)")
    }

    @Test func `an approved refund is a new transfer of the same amount to the card`() async throws
    {
        try await withDesk { world in
            let (card, sale, request) = try await asked(world)
            #expect(try await balance(world, card) == 50_000 - 5_040)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            #expect(try await balance(world, card) == 50_000)
            let moved = try await world.number(
                """
                SELECT sum(amount)::bigint AS n FROM transfer
                WHERE kind = 'refund' AND source_id = \(request)
                """)
            #expect(moved == 5_040)
            let state = try await world.number(
                """
                SELECT refunded + refund_reserved * 1000000 AS n FROM sale WHERE sale_id = \(sale)
                """)
            #expect(state == 5_040)
            let published = try await world.number(
                """
                SELECT count(*) AS n FROM change
                WHERE scope = 'GD0001' AND topic = 'decision' AND key = \(request.description)
                  AND body ->> 'state' = 'approved' AND body ->> 'opinion' = '同意'
                """)
            #expect(published == 1)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    @Test func `of two approvers at once one decides and the money moves once`() async throws {
        try await withDesk { world in
            let (card, _, request) = try await asked(world)
            try await world.addStaff("approver2", [.approver])
            let digest = try await world.digest(request)
            let actors = [
                try await world.actor("approver"), try await world.actor("approver2"),
            ]
            let outcomes = await withTaskGroup(of: String.self) { group in
                for actor in actors {
                    group.addTask {
                        do {
                            try await world.refunds.decide(
                                request, .approved, opinion: "同意", digest: digest, by: actor,
                                at: world.now)
                            return "decided"
                        } catch let refusal as RefundsRefusal { return refusal.code } catch {
                            return "\(error)"
                        }
                    }
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(outcomes.sorted() == ["already_decided", "decided"])
            #expect(try await balance(world, card) == 50_000)
        }
    }

    @Test func `an approval of something else than was shown is refused`() async throws {
        try await withDesk { world in
            let (card, sale, request) = try await asked(
                world, [.init(price: 1_000, quantity: 1), .init(price: 200, quantity: 1)])
            let digest = try await world.digest(request)
            _ = try await world.request(sale, [1: 1], amount: 200, number: Self.number)
            let approver = try await world.actor("approver")
            await #expect(throws: RefundsRefusal.digestDiffers) {
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: digest, by: approver,
                    at: world.now)
            }
            #expect(try await balance(world, card) == 50_000 - 1_200)
        }
    }

    @Test func `the month ends for a refund at midnight in Shanghai, not a millisecond before`()
        async throws
    {
        try await withDesk { world in
            let (card, _, request) = try await asked(world)
            let monthEnd = TradingMonth(world.now).end
            let approver = try await world.actor("approver")
            let digest = try await world.digest(request)
            await #expect(throws: RefundRefusal.refundMonthOver) {
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: digest, by: approver, at: monthEnd)
            }
            #expect(try await balance(world, card) == 50_000 - 5_040)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: digest, by: approver,
                at: monthEnd.adding(milliseconds: -1))
            #expect(try await balance(world, card) == 50_000)
        }
    }

    @Test func `an approval that had to wait past midnight is too late`() async throws {
        try await withDesk { world in
            let (card, sale, request) = try await asked(world)
            let approver = try await world.actor("approver")
            let digest = try await world.digest(request)
            let monthEnd = TradingMonth(world.now).end
            world.office.time.set(monthEnd.adding(milliseconds: -1))
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            let finish = DispatchSemaphore(value: 0)
            async let holder: Void = world.store.write { session in
                try session.execute("SELECT 1 FROM sale WHERE sale_id = \(sale) FOR UPDATE")
                signal.yield()
                finish.wait()
            }
            for await _ in begun { break }
            let decision = Task {
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: digest, by: approver,
                    at: world.now)
            }
            do {
                try await eventually("the approval waits for the sale") {
                    try await world.number(
                        """
                        SELECT count(*) AS n FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'
                        """) == 1
                }
            } catch {
                finish.signal()
                throw error
            }
            world.office.time.set(monthEnd)
            finish.signal()
            try await holder
            await #expect(throws: RefundRefusal.refundMonthOver) { try await decision.value }
            #expect(try await balance(world, card) == 50_000 - 5_040)
        }
    }

    @Test func `several requests together never refund more than was sold`() async throws {
        try await withDesk { world in
            let (card, sale, first) = try await asked(
                world, [.init(price: 1_000, quantity: 3), .init(price: 5_000, quantity: 1)])
            let second = try await world.request(sale, [0: 1], amount: 1_000, number: Self.number)
            let approver = try await world.actor("approver")
            let digest = try await world.digest(first)
            // Two requests reserve four of three: neither may take what the other reserved.
            await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 2)) {
                try await world.refunds.decide(
                    first, .approved, opinion: "同意", digest: digest, by: approver, at: world.now)
            }
            try await world.refunds.decide(
                second, .refused, opinion: "数量不符", digest: try await world.digest(second),
                by: approver, at: world.now)
            try await world.refunds.decide(
                first, .approved, opinion: "同意", digest: try await world.digest(first),
                by: approver, at: world.now)
            let third = try await world.request(sale, [0: 1], amount: 1_000, number: Self.number)
            let again = try await world.digest(third)
            await #expect(throws: RefundRefusal.quantityExceedsSold(line: 0, left: 0)) {
                try await world.refunds.decide(
                    third, .approved, opinion: "同意", digest: again, by: approver, at: world.now)
            }
            #expect(try await balance(world, card) == 50_000 - 5_000)
        }
    }

    @Test func `a refund first undoes what the card never paid`() async throws {
        try await withDesk { world in
            let (card, _, request) = try await asked(
                world, [.init(price: 1_000, quantity: 3)], paid: 1_800)
            #expect(try await balance(world, card) == 50_000 - 1_800)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            #expect(try await balance(world, card) == 50_000)
            let dispute = try await world.number(
                "SELECT sum(balance)::bigint AS n FROM account WHERE kind = 'store_in_dispute'")
            #expect(dispute == 0)
        }
    }

    @Test func `what a closed card should get back waits in its programme's suspense`()
        async throws
    {
        try await withDesk { world in
            let (card, _, request) = try await asked(world)
            try await world.store.write {
                try $0.execute("UPDATE card SET state = 'closed' WHERE card_id = \(card)")
            }
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            #expect(try await balance(world, card) == 50_000 - 5_040)
            let waiting = try await world.number(
                """
                SELECT balance AS n FROM account JOIN programme ON owner_id = programme_id
                WHERE kind = 'refund_suspense' AND programme.code = 'GD'
                """)
            #expect(waiting == 5_040)
        }
    }

    @Test func `another card, a missing opinion, the requester and another role are refused`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            _ = try await world.issueCard(number: "6160201901100003", load: 100)
            let sale = try await world.sell(
                [.init(price: 1_000, quantity: 1)], card: card, number: Self.number)
            let request = try await world.request(
                sale, [0: 1], amount: 1_000, number: "6160201901100003")
            let digest = try await world.digest(request)
            let approver = try await world.actor("approver")
            await #expect(throws: RefundRefusal.cardDiffers) {
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: digest, by: approver, at: world.now)
            }
            await #expect(throws: RefundsRefusal.opinionEmpty) {
                try await world.refunds.decide(
                    request, .refused, opinion: "  ", digest: digest, by: approver, at: world.now)
            }
            // Whatever the logins are called: who asked has another login at head office, and a colleague too.
            let administrator = try await world.actor("store-administrator")
            for (login, wanted) in [
                ("manager", FourEyes.Refusal.ownRequest), ("colleague", .ownStore),
            ] {
                try await world.stores.addAccount(
                    .init(
                        login: login, name: login, roles: [.manager], password: "till-demo-11"),
                    toStore: "GD0001", by: administrator, at: world.now)
                try await world.accounts.addStaff(
                    .init(
                        person: .sameAs(login: "GD0001/\(login)"), login: "office-\(login)",
                        roles: [.approver], password: DeskWorld.password), by: .setUp,
                    at: world.now)
                let decider = try await world.actor("office-\(login)")
                await #expect(throws: wanted) {
                    try await world.refunds.decide(
                        request, .approved, opinion: "同意", digest: digest, by: decider,
                        at: world.now)
                }
            }
            for role in StaffRole.allCases where role != .approver {
                let other = try await world.actor(
                    role.rawValue.replacing("_", with: "-"))
                await #expect(throws: RoleRefusal.roleMissing) {
                    try await world.refunds.decide(
                        request, .refused, opinion: "不同意", digest: digest, by: other, at: world.now)
                }
            }
        }
    }
}
