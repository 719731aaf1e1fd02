import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// A till that signs nonsense: nothing of it may stop its own next record, another till or a page.
struct HostileRecordTests {
    @Test func `amounts at the edge of 64 bits stop neither the batch nor any page`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            let testing = try await shop.card(2, balance: 1_000, isTest: true)
            for total in [Int64.max, .max, .min, -1] {
                try till.sell(card, 100, total: total)
                try till.sell(testing, 50, total: total)
            }
            let sale = try till.sell(card, 1_000)
            let request = till.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            till.status = TillStatus(
                clockOffset: .min, oldestUnsent: nil, unsentCount: .max,
                unsentValue: Money(fen: .max), version: "1.0")
            let verdicts = try await till.verdicts()
            #expect(
                verdicts.dropLast(2).allSatisfy { $0 == "exception lines_do_not_add_up" })
            #expect(verdicts.suffix(2) == ["posted", "posted"])
            let other = try await TestTill.enrol(shop)
            other.status = till.status
            try other.sell(card, 100)
            #expect(try await other.verdicts() == ["posted"])

            let approver = StaffActor(
                accountID: shop.administrator.accountID, personID: shop.administrator.personID,
                login: "chen", roles: [.approver])
            let shown = try await Refunds(store: office.store)
                .show(request, by: approver, at: till.time.now)
            #expect(shown.storeRate.sold == Money(fen: 1_100))
            let overview = try await Overview(store: office.store).show(at: till.time.now)
            #expect(overview.today.gross == Money(fen: 1_100))
            // A till's claim counts to ¥10 billion at most.
            #expect(overview.tills.count == 2)
            #expect(overview.atRisk == Money(fen: 2_000_000_000_000))
            #expect(overview.tills.map(\.isOffsetLarge) == [true, true])
            #expect(try await till.authorise(testing, 99).result == .approved)
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    @Test func `a refund request of nothing or less after the month is kept like any other`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            let sale = try till.sell(card, 1_000)
            #expect(try await till.verdicts() == ["posted"])
            till.time.set(TradingMonth(till.time.now).end)
            for amount in [Int64(0), -1, .min, .max] {
                till.requestRefund(sale, quantity: 1, amount: amount, card: card)
            }
            #expect(
                try await till.verdicts(1..<5) == ["posted", "posted", "posted", "posted"])
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM refund_request WHERE state IN ('refused', 'expired')")
                    == 4)
        }
    }

    @Test func `a duplicate keeps the business time of its first receipt`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let at = till.time.now
            let later = at.adding(milliseconds: 3_600_000)
            let id = office.store.clock.makeID()
            // The till's clock is an hour fast: the time is brought inside at the first receipt.
            till.append(.tillStarted(.init(version: "1")), id: id, at: later)
            guard case .taken(let first) = try await till.push() else {
                Issue.record("refused")
                return
            }
            #expect(first.verdicts.map(\.businessTime) == [at])
            till.time.move(milliseconds: 1_800_000)
            let twice = office.store.clock.makeID()
            till.append(.tillStarted(.init(version: "1")), id: id, at: later)
            till.append(.tillStarted(.init(version: "2")), id: twice, at: till.time.now)
            till.append(.tillStarted(.init(version: "2")), id: twice, at: till.time.now)
            guard case .taken(let again) = try await till.push(1..<4) else {
                Issue.record("refused")
                return
            }
            #expect(again.verdicts.map(\.state) == [.duplicate, .posted, .duplicate])
            #expect(
                again.verdicts.map(\.businessTime) == [at, till.time.now, till.time.now])
        }
    }
}
