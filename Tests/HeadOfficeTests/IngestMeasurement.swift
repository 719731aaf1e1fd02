import Domain
import Foundation
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// Not a proof but a measurement: run with HUIYIKA_MEASURE=1.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil), .serialized)
struct IngestMeasurement {
    @Test(arguments: [1, 2])
    func `sales a second`(tillCount: Int) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            var cards: [TestShop.Card] = []
            for number in 0..<500 {
                cards.append(try await shop.card(number, balance: 1_000_000))
            }
            var work: [(ingest: BatchIngest, frames: [BatchFrame], till: KnownTill)] = []
            for _ in 0..<tillCount {
                let till = try await TestTill.enrol(shop)
                for index in 0..<4_000 {
                    try till.sell(cards[index * 7 % 500], 100)
                }
                let frames = (0..<8).map { till.frame($0 * 500..<($0 + 1) * 500) }
                work.append((till.ingest, frames, till.known))
            }
            let clock = ContinuousClock()
            let start = clock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (ingest, frames, till) in work {
                    group.addTask {
                        for frame in frames { _ = try await ingest.take(frame, from: till) }
                    }
                }
                try await group.waitForAll()
            }
            let milliseconds =
                clock.now.duration(to: start).components.seconds * -1_000
                - clock.now.duration(to: start).components.attoseconds / 1_000_000_000_000_000
            let sales = Int64(tillCount) * 4_000
            print(
                "MEASURED \(tillCount) tills:",
                "\(sales) sales in \(milliseconds) ms = \(sales * 1_000 / milliseconds) a second")
            #expect(try await LedgerProof.make(office.store).isRight)
            let spent = try await rollingUp(office.store)
            print(
                "MEASURED \(tillCount) tills: a batch of 500 in",
                "\(milliseconds * 500 / sales) ms, \(spent) ms of it for the roll-ups")
        }
    }

    /// Milliseconds that adding a batch's transfers to the roll-ups takes: the mean of ten, none of them kept.
    private func rollingUp(_ store: OfficeStore) async throws -> Double {
        struct Undone: Error {
            let milliseconds: Double
        }
        do {
            try await store.write { session in
                let posted = try session.query(
                    """
                    SELECT transfer_id FROM transfer WHERE kind IN ('sale', 'fee')
                    ORDER BY transfer_id DESC LIMIT 500
                    """
                ).map { try $0["transfer_id"] as Int64 }
                let clock = ContinuousClock()
                let start = clock.now
                for _ in 0..<10 { try Rollups.add(session, posted) }
                let spent = clock.now - start
                throw Undone(
                    milliseconds: Double(spent.components.seconds) * 100
                        + Double(spent.components.attoseconds) / 1e16)
            }
            return 0
        } catch let undone as Undone {
            return undone.milliseconds
        }
    }
}
