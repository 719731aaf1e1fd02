import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

/// Not a proof but a measurement: run with HUIYIKA_MEASURE=1. HUIYIKA_MEASURE_SALES changes the number of sales.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil), .serialized)
struct ReportMeasurement {
    private static let november = TradingMonth(TestOffice.morning)

    /// Milliseconds, the least of a few runs.
    private func least<Value>(
        _ runs: Int, _ body: () async throws -> Value
    ) async throws -> (Double, Value) {
        var least = Double.infinity
        var value: Value?
        let clock = ContinuousClock()
        for _ in 0..<runs {
            let start = clock.now
            value = try await body()
            let spent = clock.now - start
            least = min(
                least,
                Double(spent.components.seconds) * 1_000
                    + Double(spent.components.attoseconds) / 1e15)
        }
        return (least, try #require(value))
    }

    private func fill(_ store: OfficeStore, _ scale: Scale) async throws {
        try await store.pool.transaction(attempts: 1) { session in
            for statement in scale.statements { try session.execute(SQL(unsafeSQL: statement)) }
        }
        // What came by itself over months would long have been analysed.
        try await store.read { try $0.execute("ANALYZE") }
        _ = try await Rollups.rebuild(store, at: TestOffice.morning)
        try await store.read { try $0.execute("VACUUM ANALYZE") }
    }

    /// A report's cells as an export takes them from the server.
    private func cells(_ report: SQL, _ store: OfficeStore) async throws -> [UInt8] {
        try await store.read { session in
            var bytes: [UInt8] = []
            try session.copyOut(report, format: .csv(header: false)) { bytes += $0 }
            return bytes
        }
    }

    /// 25 days of 100 sales a day and a fee each, at 1,000 stores: five million transfers.
    @Test func `reports from roll-ups beside the scan of the same figures`() async throws {
        try await withDesk { world in
            let sales = Int(
                ProcessInfo.processInfo.environment["HUIYIKA_MEASURE_SALES"] ?? "")
            try await fill(
                world.store,
                Scale(
                    stores: 1_000, cards: 100_000, sales: sales ?? 2_500_000, days: 25,
                    hasFees: true))
            let lines = try await world.number("SELECT count(*) AS n FROM transfer")
            let rows = try await world.number(
                """
                SELECT (SELECT count(*) FROM sales_rollup)
                    + (SELECT count(*) FROM movement_rollup) AS n
                """)
            print("MEASURED \(lines) transfers, \(rows) rows of roll-ups")
            for report in FullScan.reports {
                let (fast, kept) = try await least(5) {
                    try await cells(report.cells(Self.november, upTo: .max), world.store)
                }
                let (slow, scanned) = try await least(1) {
                    try await cells(FullScan.cells(report, Self.november), world.store)
                }
                #expect(kept == scanned)
                let lines = kept.split(separator: 0x0A)
                let differing = zip(lines, scanned.split(separator: 0x0A)).count { $0 != $1 }
                print(
                    "MEASURED \(report): roll-ups \(fast.rounded()) ms,",
                    "scan \(slow.rounded()) ms, 1/\(Int(slow / fast)),",
                    "\(differing) of \(lines.count) lines differ")
            }
            let (figures, _) = try await least(5) {
                try await world.store.read {
                    _ = try MonthReport.salesTotals(Self.november, in: $0)
                    return try MonthReport.salesByDay(Self.november, in: $0)
                }
            }
            print("MEASURED the finance page's figures: \(figures) ms")
            let (proof, found) = try await least(1) { try await LedgerProof.make(world.store) }
            print("MEASURED the proof: \(proof.rounded()) ms, \(found.findings.count) findings")
        }
    }

    /// 10,000 stores with a till each, a million cards, a million sales.
    @Test func `pages at ten thousand stores and a million cards`() async throws {
        try await withDesk { world in
            try await fill(
                world.store,
                Scale(
                    stores: 10_000, cards: 1_000_000, sales: 1_000_000, days: 25, hasFees: false))
            let pages =
                [
                    "/", "/orders", "/stores", "/tills", "/programmes", "/cards",
                    "/cards?last=0042",
                    "/batches", "/loads", "/refunds", "/exceptions", "/audit", "/finance",
                    "/finance/closing", "/finance/settlements",
                ] + MonthReport.allCases.map { "/finance/reports/\($0.rawValue)" }
            try await OfficeWebTests.withBrowsers(world) { client in
                var browser = OfficeWebTests.Browser(client: client)
                try await browser.signIn("auditor")
                let auditor = browser
                for path in pages {
                    let (milliseconds, size) = try await least(4) {
                        try await auditor.size(path)
                    }
                    print("MEASURED \(path): \(milliseconds.rounded()) ms, \(size) bytes")
                }
            }
        }
    }
}
