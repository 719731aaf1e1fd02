import Crypto
import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct FinanceTests {
    private func export(
        _ world: DeskWorld, _ report: MonthReport
    ) async throws -> (ExportManifest, Data) {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-test-export-\(world.store.clock.makeID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let month = TradingMonth(world.now)
        let manifests = try await MonthExport(store: world.store).write(
            month: month, to: folder, by: try await world.actor("finance"), at: world.now)
        let manifest = try #require(manifests.first { $0.report == report.rawValue })
        let path = folder.appending(path: manifest.file)
        let sum = try String(
            contentsOf: path.appendingPathExtension("sha256"), encoding: .utf8)
        #expect(sum == "\(manifest.sha256)  \(manifest.file)\n")
        let written = try JSONDecoder().decode(
            ExportManifest.self, from: Data(contentsOf: path.appendingPathExtension("json")))
        #expect(written == manifest)
        return (manifest, try Data(contentsOf: path))
    }

    private func rows(_ data: Data) -> [[String]] {
        String(decoding: data, as: UTF8.self).components(separatedBy: "\r\n")
            .filter { !$0.isEmpty }.map { $0.components(separatedBy: ",") }
    }

    @Test func `monthly sales come to what the ledger says, and leave test cards out`()
        async throws
    {
        try await withDesk { world in
            let number = "6160201901100002"
            let test = "6160201901100003"
            let card = try await world.issueCard(number: number, load: 50_000)
            let testCard = try await world.issueCard(number: test, load: 500, isTest: true)
            let sale = try await world.sell(
                [.init(price: 1_680, quantity: 2)], card: card, number: number)
            _ = try await world.sell(
                [.init(price: 2_000, quantity: 1)], card: card, number: number, paid: 500,
                mode: "stand_in")
            _ = try await world.sell(
                [.init(price: 50, quantity: 1)], card: testCard, number: test, isTest: true)
            let request = try await world.request(sale, [0: 1], amount: 1_680, number: number)
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)

            let (manifest, data) = try await export(world, .monthlySales)
            #expect(
                manifest.totals == [
                    "saleCount": 2, "gross": 5_360, "disputed": 1_500, "refunds": 1_680,
                    "net": 3_680,
                ])
            let hash = SHA256.hash(data: data).map {
                String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
            }
            #expect(hash.joined() == manifest.sha256)
            let lines = rows(data)
            #expect(lines.count == 3)
            #expect(lines[0][0].hasPrefix("\u{FEFF}"))
            let day = BusinessDate(world.now).description
            #expect(
                lines[1] == [
                    "GD0001", "广州中山路店", "44", day, "2", "53.60", "15.00", "16.80", "36.80", "1",
                    "20.00", "37.31%", "0", "0.00",
                ])
            #expect(Array(lines[2][4...]) == Array(lines[1][4...]))
            #expect(lines[2][0] == "合计")
            #expect(manifest.rowCount == 1)
        }
    }

    @Test func `the ledger detail holds every transfer and its totals`() async throws {
        try await withDesk { world in
            let number = "6160201901100002"
            let card = try await world.issueCard(number: number, load: 50_000)
            _ = try await world.sell([.init(price: 999, quantity: 1)], card: card, number: number)
            let (manifest, data) = try await export(world, .ledgerDetail)
            let lines = rows(data)
            #expect(manifest.rowCount == 2)
            #expect(manifest.ledgerPosition == 2)
            #expect(manifest.totals == ["real": 50_999, "test": 0])
            #expect(lines.count == 5)
            #expect(
                lines[1][2...7] == [
                    "load", "programme_funding", "GD", "card", "6160 **** **** 0002", "500.00",
                ])
            #expect(
                lines[2][2...7] == [
                    "sale", "card", "6160 **** **** 0002", "store_payable", "GD0001", "9.99",
                ])
            #expect(lines[3][7] == "509.99")
            // The screen finds the same lines and totals without reading the rest.
            let shown = try await world.finance.show(
                .ledgerDetail, TradingMonth(world.now), closing: nil,
                by: try await world.actor("finance"))
            let cells = lines[1...].map { $0.map { $0 == #""""# ? "" : $0 } }
            #expect(shown.rows + shown.totals == cells)
            #expect(!shown.isCut)
        }
    }

    @Test func `a store's name that is a formula does not run in a spreadsheet`() async throws {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET name = '=1+1'")
            }
            let number = "6160201901100002"
            let card = try await world.issueCard(number: number, load: 50_000)
            _ = try await world.sell([.init(price: 999, quantity: 1)], card: card, number: number)
            let (_, data) = try await export(world, .monthlySales)
            #expect(rows(data)[1][1] == "'=1+1")
        }
    }

    @Test func `an empty month is a heading and a total of nothing`() async throws {
        try await withDesk { world in
            let (manifest, data) = try await export(world, .monthlySales)
            #expect(manifest.rowCount == 0)
            #expect(rows(data).count == 2)
            #expect(rows(data)[1][5] == "0.00")
        }
    }
}
