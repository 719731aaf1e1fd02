import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// PRODUCT §3.2: what a till says about itself, with its batches and with its pulls.
struct TillHealthTests {
    private static let printers: [TillStatus.Printer] = [
        .init(name: "前台", slip: "sale", state: "paper_out", waiting: 3),
        .init(name: "后台", slip: "refund", state: nil, waiting: 0),
    ]

    private func status(_ printers: [TillStatus.Printer]?, unsent: Int = 0) -> TillStatus {
        TillStatus(
            clockOffset: -250,
            oldestUnsent: unsent == 0 ? nil : TestOffice.morning.adding(milliseconds: -60_000),
            printers: printers, unsentCount: unsent, unsentValue: Money(fen: Int64(unsent) * 100),
            version: "1.0.1")
    }

    @Test
    func `a till with nothing to send tells of its printers and its oldest record by its pull`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let overview = Overview(store: office.store)
            func shown() async throws -> Overview.Till {
                try #require(try await overview.till(till.known.code, at: office.time.now))
            }
            #expect(try await shown().printers == nil)
            let tills = Tills(office.store)
            try await tills.noteContact(
                tillID: till.known.tillID, head: nil, status: status(Self.printers, unsent: 2))
            #expect(try await shown().printers == Self.printers)
            #expect(try await shown().unsentCount == 2)
            #expect(
                try await shown().oldestUnsentAt == TestOffice.morning.adding(milliseconds: -60_000)
            )
            // All sent: the next pull says so, without a batch.
            try await tills.noteContact(
                tillID: till.known.tillID, head: nil, status: status([]))
            let quiet = try await shown()
            #expect(quiet.printers == [] && quiet.unsentCount == 0 && quiet.oldestUnsentAt == nil)
            // A program that says nothing of them takes nothing back.
            try await tills.noteContact(
                tillID: till.known.tillID, head: nil, status: status(Self.printers))
            try await tills.noteContact(
                tillID: till.known.tillID, head: nil, status: status(nil))
            #expect(try await shown().printers == Self.printers)
        }
    }

    @Test func `a batch tells the same`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            till.status = status(Self.printers, unsent: 1)
            try till.sell(try await shop.card(1, balance: 1_000), 100)
            _ = try await till.push()
            let shown = try await Overview(store: office.store).till(
                till.known.code, at: office.time.now)
            #expect(shown?.printers == Self.printers && shown?.version == "1.0.1")
        }
    }
}
