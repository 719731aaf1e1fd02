import Domain
import Foundation
import PostgresDriver
import TestSupport
import Testing

@testable import HeadOffice

struct SettlementTests {
    private static let number = "6160201901100002"

    private func withStore(
        account: String = "6222 0000 1111 2222", fee: Int32 = 6_000,
        _ body: (DeskWorld, Int64) async throws -> Void
    ) async throws {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute(
                    "UPDATE store SET settlement_account = \(account), fee_per_million = \(fee)")
            }
            try await world.addStaff("finance2", [.finance])
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            try await body(world, card)
        }
    }

    private func make(_ world: DeskWorld) async throws -> RecordID {
        let runID = world.store.clock.makeID()
        try await world.settlements.make(
            runID, by: try await world.actor("finance"), at: world.now)
        return runID
    }

    private func approve(_ world: DeskWorld, _ runID: RecordID) async throws {
        try await world.settlements.decide(
            runID, .approved, by: try await world.actor("finance2"), at: world.now)
    }

    private func payable(_ world: DeskWorld) async throws -> Int64 {
        try await world.number(
            """
            SELECT coalesce(sum(balance), 0)::bigint AS n FROM account
            WHERE kind = 'store_payable' AND book = 'real'
            """)
    }

    @Test func `a run pays what the store is owed, once`() async throws {
        try await withStore { world, card in
            _ = try await world.sell(
                [.init(price: 10_000, quantity: 1)], card: card, number: Self.number)
            let runID = try await make(world)
            #expect(try await payable(world) == 9_940)
            try await approve(world, runID)
            #expect(try await payable(world) == 0)
            let shown = try await world.settlements.show(
                runID, by: try await world.actor("auditor"))
            let due = try #require(shown.lines.first?.due)
            #expect(due.gross.fen == 10_000 && due.fees.fen == 60 && due.paid.fen == 9_940)
            #expect(shown.run.state == "approved" && shown.run.paid.fen == 9_940)
            #expect(
                try await world.number(
                    "SELECT balance AS n FROM account WHERE kind = 'bank'") == 9_940)
            await #expect(throws: SettlementRefusal.alreadyDecided) {
                try await approve(world, runID)
            }
            await #expect(throws: SettlementRefusal.nothingToSettle) { _ = try await make(world) }
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    @Test func `nobody agrees to an own run, by whatever login`() async throws {
        try await withStore { world, card in
            _ = try await world.sell(
                [.init(price: 500, quantity: 1)], card: card, number: Self.number)
            let runID = try await make(world)
            let maker = try await world.actor("finance")
            let twin = try await world.addStaff("finance-b", [.finance], person: maker.personID)
            for actor in [maker, twin] {
                await #expect(throws: FourEyes.Refusal.ownRequest) {
                    try await world.settlements.decide(
                        runID, .approved, by: actor, at: world.now)
                }
            }
            let auditor = try await world.actor("auditor")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await world.settlements.decide(runID, .approved, by: auditor, at: world.now)
            }
            await #expect(throws: SettlementRefusal.runWaiting) { _ = try await make(world) }
            #expect(try await payable(world) == 497)
        }
    }

    @Test func `a run turned down leaves everything unsettled`() async throws {
        try await withStore { world, card in
            _ = try await world.sell(
                [.init(price: 500, quantity: 1)], card: card, number: Self.number)
            let first = try await make(world)
            try await world.settlements.decide(
                first, .refused, by: try await world.actor("finance2"), at: world.now)
            let second = try await make(world)
            try await approve(world, second)
            let run = try await world.settlements.show(
                second, by: try await world.actor("finance")
            ).run
            #expect(run.paid.fen == 497 && run.afterPosition == 0)
            #expect(try await payable(world) == 0)
        }
    }

    @Test func `a refund after the run is carried forward, and the next run pays the rest`()
        async throws
    {
        try await withStore { world, card in
            let sale = try await world.sell(
                [.init(price: 1_000, quantity: 1)], card: card, number: Self.number)
            try await approve(world, try await make(world))
            let request = try await world.request(
                sale, [0: 1], amount: 1_000, number: Self.number)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            #expect(try await payable(world) == -994)
            let second = try await make(world)
            try await approve(world, second)
            let finance = try await world.actor("finance")
            let carried = try #require(
                try await world.settlements.show(second, by: finance).lines.first)
            #expect(carried.due.paid == .zero && carried.due.carriedOut.fen == -994)
            #expect(carried.due.feesReturned.fen == 6)
            _ = try await world.sell(
                [.init(price: 5_000, quantity: 1)], card: card, number: Self.number)
            let third = try await make(world)
            try await approve(world, third)
            let line = try #require(
                try await world.settlements.show(third, by: finance).lines.first)
            #expect(line.due.carriedIn.fen == -994 && line.due.paid.fen == 5_000 - 30 - 994)
            #expect(try await payable(world) == 0)
        }
    }

    @Test func `a store without a bank account is carried until it has one`() async throws {
        try await withStore(account: "") { world, card in
            _ = try await world.sell(
                [.init(price: 1_000, quantity: 1)], card: card, number: Self.number)
            try await approve(world, try await make(world))
            #expect(try await payable(world) == 994)
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET settlement_account = '6222'")
            }
            let second = try await make(world)
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET settlement_account = '6333'")
            }
            await #expect(throws: SettlementRefusal.accountChanged) {
                try await approve(world, second)
            }
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET settlement_account = '6222'")
            }
            try await approve(world, second)
            #expect(try await payable(world) == 0)
            await #expect(throws: SettlementRefusal.nothingToSettle) { _ = try await make(world) }
        }
    }

    @Test func `a run waits for a posting under way and takes it too`() async throws {
        try await withStore { world, card in
            let (entered, enter) = AsyncStream.makeStream(of: Void.self)
            let leave = DispatchSemaphore(value: 0)
            let store = world.store
            let (sourceID, now) = (store.clock.makeID(), world.now)
            let storeID = try await world.number(
                "SELECT store_id AS n FROM store WHERE code = 'GD0001'")
            let posting = Task {
                try await store.pool.transaction { session in
                    try Ledger.post(
                        session,
                        [
                            NewTransfer(
                                .sale, from: LedgerAccount(.card, of: card, in: .real),
                                to: LedgerAccount(.storePayable, of: storeID, in: .real),
                                amount: Money(fen: 700), businessAt: now, sourceID: sourceID,
                                storeID: storeID, cardID: card)
                        ], at: now)
                    enter.yield()
                    leave.wait()
                }
            }
            for await _ in entered { break }
            let making = Task { try await make(world) }
            try await eventually("the run waits for a lock") {
                try await world.number(
                    """
                    SELECT count(*) AS n FROM pg_locks
                    WHERE NOT granted AND relation = 'accounting_month'::regclass
                    """) == 1
            }
            leave.signal()
            try await posting.value
            try await approve(world, try await making.value)
            #expect(try await payable(world) == 0)
        }
    }

    @Test func `the bank's list names each payment with every digit as it is`() async throws {
        try await withStore(account: "6222000011112222333") { world, card in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET name = '=1+\"1'")
            }
            _ = try await world.sell(
                [.init(price: 10_000, quantity: 1)], card: card, number: Self.number)
            let runID = try await make(world)
            let finance = try await world.actor("finance")
            let waiting = try await world.settlements.show(runID, by: finance)
            #expect(throws: SettlementRefusal.unknownRun) {
                try PaymentList(run: waiting.run, lines: waiting.lines)
            }
            try await approve(world, runID)
            let shown = try await world.settlements.show(runID, by: finance)
            let list = try PaymentList(run: shown.run, lines: shown.lines)
            let row = list.text.components(separatedBy: "\r\n")[1]
            #expect(row.contains(#","GD0001","=1+""1","6222000011112222333",99.40,"CNY","#))
            #expect(list.rowCount == 1)
            let statement = try await world.settlements.statement(
                runID, store: "GD0001", by: finance)
            #expect(statement.days.map(\.gross.fen) == [10_000])
            #expect(statement.days.map(\.fees.fen) == [60])
        }
    }

    /// Evidence: R-L7 over random histories: nothing is paid twice, nothing is left out.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `over any history the bank paid what the stores earned less what is still due`(
        seed: UInt64
    ) async throws {
        try await withStore(fee: 6_150) { world, card in
            var random = Splitmix64(seed: seed)
            var sales: [(id: RecordID, amount: Int64)] = []
            for _ in 0..<30 {
                switch random.below(4) {
                case 0, 1:
                    let amount = Int64(random.below(9_000)) + 1
                    let id = try await world.sell(
                        [.init(price: amount, quantity: 1)], card: card, number: Self.number)
                    sales.append((id, amount))
                case 2 where !sales.isEmpty:
                    let sale = sales.remove(at: random.below(sales.count))
                    let request = try await world.request(
                        sale.id, [0: 1], amount: sale.amount, number: Self.number)
                    try await world.refunds.decide(
                        request, .approved, opinion: "同意",
                        digest: try await world.digest(request),
                        by: try await world.actor("approver"), at: world.now)
                default:
                    do {
                        try await approve(world, try await make(world))
                    } catch SettlementRefusal.nothingToSettle {}
                    let due = try await world.settlements.overview(
                        by: try await world.actor("finance")
                    ).due
                    #expect(due.reduce(0) { $0 + $1.net.fen } == (try await payable(world)))
                }
            }
            let earned = try await world.number(
                """
                SELECT coalesce(sum(CASE kind WHEN 'sale' THEN amount WHEN 'fee_returned' THEN amount
                                    WHEN 'refund' THEN -amount WHEN 'fee' THEN -amount
                                    ELSE 0 END), 0)::bigint AS n FROM transfer
                """)
            let paid = try await world.number(
                "SELECT coalesce(sum(paid), 0)::bigint AS n FROM settlement_line")
            #expect(earned - paid == (try await payable(world)))
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }
}

/// A small seeded generator.
struct Splitmix64 {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
