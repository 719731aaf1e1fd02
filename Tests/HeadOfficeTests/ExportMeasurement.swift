import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

/// Not a proof but a measurement: run with HUIYIKA_MEASURE=1.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil), .serialized)
struct ExportMeasurement {
    private static let number = "6160201901100002"
    private static let lines: Int64 = 1_000_000

    /// A month of so many sales between one card and one store, by the shortest way.
    private func fill(_ world: DeskWorld, card: Int64) async throws {
        _ = try await world.sell(
            [.init(price: 1, quantity: 1)], card: card, number: Self.number)
        try await world.store.write { session in
            try session.execute(
                """
                INSERT INTO transfer (kind, from_account_id, to_account_id, amount, business_date,
                    business_at, posted_at, accounting_month, source_id, store_id, card_id)
                SELECT kind, from_account_id, to_account_id, 1 + n % 9999, business_date, business_at,
                       posted_at, accounting_month, gen_random_uuid(), store_id, card_id
                FROM transfer, generate_series(1, \(Self.lines)) AS n WHERE kind = 'sale'
                """)
            try session.execute("ANALYZE transfer")
        }
    }

    private func seconds(_ work: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await work()
        let taken = ContinuousClock.now - start
        return Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
    }

    @Test func `rows of the detail a second, beside COPY of the same rows`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            try await fill(world, card: card)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-measure-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let (month, finance) = (TradingMonth(world.now), try await world.actor("finance"))
            let source = ReportSource(live: .ledgerDetail, month, position: .max)
            for run in 1...3 {
                let copy = try await seconds {
                    _ = try await world.store.read { session in
                        try session.copyOut(source.plain, format: .csv(header: false)) { _ in }
                    }
                }
                for format in [ReportFormat.csv, .xlsx, .hledger] where format == .csv || run == 1 {
                    let export = try await seconds {
                        _ = try await MonthExport(store: world.store).write(
                            .ledgerDetail, month: month, format: format, to: folder, by: finance,
                            at: world.now)
                    }
                    let rate = Double(Self.lines) / export
                    print(
                        "MEASURED run \(run) \(format): \(Int(rate)) rows/s, COPY",
                        "\(Int(Double(Self.lines) / copy)) rows/s, ratio",
                        (copy / export * 100).rounded() / 100)
                }
            }
        }
    }
}
