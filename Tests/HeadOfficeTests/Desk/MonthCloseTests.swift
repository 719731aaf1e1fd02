import Domain
import Foundation
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct MonthCloseTests {
    static let number = "6160201901100002"
    static let november = TradingMonth(TestOffice.morning)
    static var december: TradingMonth { november.next }

    /// Files of a month, by name, without a manifest's time.
    static func files(
        _ world: DeskWorld, _ month: TradingMonth, closing: Int? = nil
    ) async throws -> [String: Data] {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-test-close-\(world.store.clock.makeID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let manifests = try await MonthExport(store: world.store).write(
            month: month, closing: closing, to: folder, by: try await world.actor("finance"),
            at: world.now)
        return Dictionary(
            uniqueKeysWithValues: try manifests.map {
                ($0.report, try Data(contentsOf: folder.appending(path: $0.file)))
            })
    }

    private func sell(
        _ world: DeskWorld, _ card: Int64, _ fen: Int64, at instant: Instant
    ) async throws {
        _ = try await world.sell(
            [.init(price: fen, quantity: 1)], card: card, number: Self.number, at: instant)
    }

    private func close(_ world: DeskWorld, _ month: TradingMonth) async throws {
        try await MonthCloses(store: world.store).close(
            month, by: try await world.actor("finance"), at: world.now)
    }

    private func withMonth(_ body: (DeskWorld, MonthCloses, Int64) async throws -> Void)
        async throws
    {
        try await withDesk { world in
            try await world.addStaff("finance2", [.finance])
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            try await body(world, MonthCloses(store: world.store), card)
        }
    }

    @Test func `months close in order, after their end, once, by finance`() async throws {
        try await withMonth { world, closes, card in
            try await sell(world, card, 1_000, at: Self.november.previous.lastDay.start)
            await #expect(throws: MonthClosing.Refusal.monthNotOver) {
                try await close(world, Self.november)
            }
            world.office.time.set(Self.november.end)
            await #expect(throws: MonthClosing.Refusal.earlierMonthOpen) {
                try await close(world, Self.november)
            }
            let approver = try await world.actor("approver")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await closes.close(Self.november.previous, by: approver, at: world.now)
            }
            try await close(world, Self.november.previous)
            await #expect(throws: MonthClosing.Refusal.monthClosed) {
                try await close(world, Self.november.previous)
            }
            try await close(world, Self.november)
            await #expect(throws: MonthClosing.Refusal.monthNotOver) {
                try await close(world, Self.december)
            }
        }
    }

    @Test func `a month is not closed over roll-ups that are not what the accounts hold`()
        async throws
    {
        try await withMonth { world, _, card in
            try await sell(world, card, 1_000, at: Self.november.end.adding(milliseconds: -1))
            world.office.time.set(Self.november.end)
            try await world.store.write { session in
                _ = try session.execute(
                    "UPDATE movement_rollup SET amount = amount + 1 WHERE kind = 'sale'")
            }
            await #expect(throws: FinanceRefusal.ledgerDiffers) {
                try await close(world, Self.november)
            }
            #expect(try await world.number("SELECT count(*) AS n FROM closing") == 0)
            _ = try await Rollups.rebuild(world.store, at: world.now)
            try await close(world, Self.november)
            #expect(try await world.number("SELECT count(*) AS n FROM closing") == 1)
        }
    }

    @Test func `what arrives after the closing is booked in the open month with its own month`()
        async throws
    {
        try await withMonth { world, _, card in
            try await sell(world, card, 1_000, at: Self.november.end.adding(milliseconds: -1))
            world.office.time.set(Self.november.end)
            try await close(world, Self.november)
            let before = try await Self.files(world, Self.november)
            // A till that was silent brings a sale of 30 November 23:59:59.999, and one of 31 October.
            try await sell(world, card, 700, at: Self.november.end.adding(milliseconds: -1))
            try await sell(world, card, 70, at: Self.november.start.adding(milliseconds: -1))
            try await sell(world, card, 7, at: Self.december.start)
            #expect(
                try await world.number(
                    """
                    SELECT sum(amount)::bigint AS n FROM transfer
                    WHERE kind = 'sale' AND accounting_month = '2026-12-01'
                    """) == 777)
            #expect(try await Self.files(world, Self.november) == before)
            let sales = String(
                decoding: try await Self.files(world, Self.december)["monthly-sales"] ?? Data(),
                as: UTF8.self)
            #expect(sales.contains("2026-11-30,1,7.00,0.00,0.00,7.00,0,0.00,0.00%,1,7.00"))
            #expect(sales.contains("2026-10-31,1,0.70,0.00,0.00,0.70,0,0.00,0.00%,1,0.70"))
            #expect(sales.contains("2026-12-01,1,0.07,0.00,0.00,0.07,0,0.00,0.00%,0,0.00"))
            let board = try await MonthCloses(store: world.store).board(
                Self.december, by: try await world.actor("auditor"), at: world.now)
            #expect(board.late.map(\.month) == [Self.november.previous, Self.november])
            #expect(board.late.map(\.amount.fen) == [70, 700])
        }
    }

    @Test func `a month is opened again by two people, and its earlier figures stay`() async throws
    {
        try await withMonth { world, closes, card in
            try await sell(world, card, 1_000, at: world.now)
            world.office.time.set(Self.november.end)
            try await close(world, Self.november)
            let first = try await Self.files(world, Self.november)
            let (finance, second) = (
                try await world.actor("finance"), try await world.actor("finance2")
            )
            let id = world.store.clock.makeID()
            await #expect(throws: MonthCloseRefusal.reasonEmpty) {
                try await closes.askReopening(
                    id, of: Self.november, reason: "  ", by: finance, at: world.now)
            }
            await #expect(throws: MonthClosing.Refusal.monthNotClosed) {
                try await closes.askReopening(
                    id, of: Self.december, reason: "漏记", by: finance, at: world.now)
            }
            try await closes.askReopening(
                id, of: Self.november, reason: "漏记一家门店", by: finance, at: world.now)
            await #expect(throws: FourEyes.Refusal.ownRequest) {
                try await closes.decideReopening(id, .approved, by: finance, at: world.now)
            }
            await #expect(throws: MonthCloseRefusal.reopeningWaiting) {
                try await closes.askReopening(
                    world.store.clock.makeID(), of: Self.november, reason: "再来", by: second,
                    at: world.now)
            }
            try await closes.decideReopening(id, .approved, by: second, at: world.now)
            await #expect(throws: MonthCloseRefusal.alreadyDecided) {
                try await closes.decideReopening(id, .approved, by: second, at: world.now)
            }
            // Its own business comes in; what is late of October goes past it.
            try await sell(world, card, 500, at: Self.november.lastDay.start)
            try await sell(world, card, 50, at: Self.november.previous.lastDay.start)
            #expect(
                try await world.number(
                    """
                    SELECT sum(amount)::bigint AS n FROM transfer
                    WHERE kind = 'sale' AND accounting_month = '2026-11-01'
                    """) == 1_500)
            try await expectTransfers(world)
            try await close(world, Self.november)
            try await expectTransfers(world)
            let again = try await Self.files(world, Self.november)
            #expect(again != first)
            #expect(try await Self.files(world, Self.november, closing: 1) == first)
            #expect(try await Self.files(world, Self.november, closing: 2) == again)
            await #expect(throws: FinanceRefusal.closingUnknown) {
                _ = try await Self.files(world, Self.november, closing: 3)
            }
            let board = try await closes.board(Self.november, by: second, at: world.now)
            #expect(board.closings.map(\.number) == [1, 2])
            #expect(board.reopenings.map(\.state) == ["approved"])
        }
    }

    /// Reports and proof say what the transfers say, whatever was frozen before.
    private func expectTransfers(_ world: DeskWorld) async throws {
        let found =
            try await LedgerProof.make(world.store).findings
            + FullScan.differences(world.store)
        #expect(found.isEmpty, "\(found)")
    }

    @Test func `a month opens again only from the latest backwards`() async throws {
        try await withMonth { world, closes, card in
            try await sell(world, card, 1_000, at: world.now)
            world.office.time.set(Self.december.end)
            try await close(world, Self.november)
            try await close(world, Self.december)
            let finance = try await world.actor("finance")
            await #expect(throws: MonthClosing.Refusal.laterMonthClosed) {
                try await closes.askReopening(
                    world.store.clock.makeID(), of: Self.november, reason: "漏记", by: finance,
                    at: world.now)
            }
            let id = world.store.clock.makeID()
            try await closes.askReopening(
                id, of: Self.december, reason: "漏记", by: finance, at: world.now)
            try await closes.decideReopening(
                id, .refused, by: try await world.actor("finance2"), at: world.now)
            let board = try await closes.board(Self.december, by: finance, at: world.now)
            #expect(board.status == .closed)
        }
    }

    @Test func `closing ends the refund requests that still wait`() async throws {
        try await withMonth { world, _, card in
            let sale = try await world.sell(
                [.init(price: 1_000, quantity: 1)], card: card, number: Self.number)
            let request = try await world.request(
                sale, [0: 1], amount: 1_000, number: Self.number)
            world.office.time.set(Self.november.end)
            try await close(world, Self.november)
            #expect(
                try await world.number(
                    """
                    SELECT count(*) AS n FROM refund_request
                    WHERE request_id = \(request) AND state = 'expired'
                      AND code = 'refund_month_over'
                    """) == 1)
            #expect(
                try await world.number("SELECT refund_reserved AS n FROM sale LIMIT 1") == 0)
        }
    }

    @Test func `the board tells complete, behind and silent tills and what they may bring`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 100_000)
            let auditor = StaffActor(
                accountID: shop.administrator.accountID, personID: shop.administrator.personID,
                login: "audit", roles: [.auditor, .finance])
            let closes = MonthCloses(store: office.store)
            func board() async throws -> [String] {
                let board = try await closes.board(
                    Self.november, by: auditor, at: office.time.now)
                return board.stores.map { "\($0.completeness) \($0.mayBring.fen)" }
            }
            try till.sell(card, 1_000)
            _ = try await till.verdicts()
            #expect(try await board() == ["silent 2000000"])
            _ = try await till.authorise(card, 3_000)
            office.time.set(Self.november.end.adding(milliseconds: 60_000))
            #expect(try await board() == ["silent 2003000"])
            // In contact, but no beacon of December stands in the journal yet.
            try till.sell(card, 100)
            _ = try await till.verdicts()
            #expect(try await board() == ["behind 2003000"])
            let nonce = try #require(RequestNonce(bytes: office.store.clock.randomBytes(16)))
            let beacon = Beacon(
                issued: office.time.now, nonce: nonce, till: till.known.code,
                key: office.store.secrets.namedSigningKey)
            till.append(.beacon(BeaconRecorded(token: beacon.token)))
            _ = try await till.verdicts()
            #expect(try await board() == ["complete 0"])
        }
    }
}
