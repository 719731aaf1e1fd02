import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct ReportTests {
    private static let number = "6160201901100002"

    private func rows(_ data: Data?) -> [[String]] {
        String(decoding: data ?? Data(), as: UTF8.self).components(separatedBy: "\r\n")
            .filter { !$0.isEmpty }.map { $0.components(separatedBy: ",") }
    }

    /// Fen of a cell in yuan.
    private func fen(_ cell: String) -> Int64 { Int64(cell.replacing(".", with: "")) ?? .min }

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: data, as: UTF8.self))")
        return String(decoding: data, as: UTF8.self)
    }

    /// One event of a random history.
    private func step(
        _ world: DeskWorld, _ random: inout Splitmix64, _ card: Int64, _ other: Int64,
        _ sales: inout [(id: RecordID, amount: Int64, month: TradingMonth)]
    ) async throws {
        let choice = random.below(12)
        switch choice {
        case 0...4:
            let daysAgo = random.below(4) == 0 ? random.below(50) : random.below(2)
            let instant = world.now.adding(milliseconds: -Int64(daysAgo) * 86_400_000)
            let amount = Int64(random.below(5_000)) + 1
            let paid = random.below(6) == 0 ? amount / 3 : amount
            let id = try await world.sell(
                [.init(price: amount, quantity: 1)], card: random.below(2) == 0 ? card : other,
                number: Self.number, paid: paid, at: instant,
                mode: random.below(3) == 0 ? "stand_in" : "authorised")
            sales.append((id, amount, TradingMonth(instant)))
        case 5...6:
            sales.removeAll { $0.month != TradingMonth(world.now) }
            guard !sales.isEmpty else { return }
            let sale = sales.remove(at: random.below(sales.count))
            let request = try await world.request(
                sale.id, [0: 1], amount: sale.amount, number: Self.number)
            try? await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
        case 7:
            world.office.time.move(milliseconds: Int64(random.below(6)) * 86_400_000)
        case 8:
            do {
                let runID = world.store.clock.makeID()
                try await world.settlements.make(
                    runID, by: try await world.actor("finance"), at: world.now)
                try await world.settlements.decide(
                    runID, .approved, by: try await world.actor("finance2"), at: world.now)
            } catch SettlementRefusal.nothingToSettle {}
        case 9:
            let count = try await world.number("SELECT count(*) AS n FROM card")
            let (number, isTest) = ("61602019011\(10_000 + count)", random.below(2) == 0)
            let another = try await world.issueCard(number: number, load: 10, isTest: isTest)
            _ = try await world.sell(
                [.init(price: Int64(random.below(10)) + 1, quantity: 1)], card: another,
                number: number, isTest: isTest)
        default:
            world.office.time.move(milliseconds: 86_400_000)
        }
    }

    /// Evidence: R-L1, R-L5 and PRODUCT §6 over random histories with late arrivals, refunds, settlements and closings.
    @Test(arguments: [11, 12] as [UInt64])
    func `over any history the reports agree with the accounts and closed months never change`(
        seed: UInt64
    ) async throws {
        try await withDesk { world in
            try await world.addStaff("finance2", [.finance])
            _ = try await world.store.write { session in
                try session.execute(
                    "UPDATE store SET settlement_account = '6222', fee_per_million = 6150")
            }
            let card = try await world.issueCard(number: Self.number, load: 450_000)
            let other = try await world.issueCard(number: "6160201901100010", load: 450_000)
            var random = Splitmix64(seed: seed)
            var sales: [(id: RecordID, amount: Int64, month: TradingMonth)] = []
            var frozen: [TradingMonth: [String: Data]] = [:]
            for month in [MonthCloseTests.november, MonthCloseTests.december] {
                for _ in 0..<25 {
                    try await step(world, &random, card, other, &sales)
                    try await expectRollups(world)
                }
                world.office.time.set(max(world.now, month.end))
                for earlier in [
                    MonthCloseTests.november.previous.previous, .init(TestOffice.morning).previous,
                ] {
                    try? await MonthCloses(store: world.store).close(
                        earlier, by: try await world.actor("finance"), at: world.now)
                }
                try await MonthCloses(store: world.store).close(
                    month, by: try await world.actor("finance"), at: world.now)
                frozen[month] = try await MonthCloseTests.files(world, month)
            }
            for _ in 0..<10 {
                try await step(world, &random, card, other, &sales)
                try await expectRollups(world)
            }
            for (month, files) in frozen {
                #expect(try await MonthCloseTests.files(world, month) == files)
            }
            let now = TradingMonth(world.now)
            for month in frozen.keys + [now] {
                #expect(try await TransferTests.expectTrails(world, month) > 0)
            }
            let last = try await MonthCloseTests.files(world, now)
            try await expectAgreement(world, last)
            let earlier = rows(frozen[MonthCloseTests.november]?["card-liability"])
            let later = rows(frozen[MonthCloseTests.december]?["card-liability"])
            #expect(earlier.last?[8] == later.last?[2])
            for row in earlier.dropFirst() + later.dropFirst() {
                let amounts = row[2...8].map(fen)
                #expect(
                    amounts[0] + amounts[1] + amounts[2] - amounts[3] + amounts[4] + amounts[5]
                        == amounts[6], "\(row)")
            }
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    /// The roll-ups, the balances and the reports say what the transfers say.
    private func expectRollups(_ world: DeskWorld) async throws {
        let findings = try await LedgerProof.make(world.store).findings
        #expect(findings.isEmpty, "\(findings)")
        let differences = try await FullScan.differences(world.store)
        #expect(differences.isEmpty, "\(differences)")
        let shown = try await world.finance.trialBalance(by: try await world.actor("finance"))
        let kept = try await world.store.read { session in
            try session.query(
                """
                SELECT concat_ws(' ', book, kind, count(*), sum(balance)) AS line FROM account
                WHERE kind <> 'card'
                   OR EXISTS (SELECT FROM transfer
                              WHERE account_id IN (from_account_id, to_account_id))
                GROUP BY book, kind ORDER BY book, kind
                """
            ).map { try $0["line"] as String }
        }
        #expect(shown.map { "\($0.book) \($0.kind) \($0.accountCount) \($0.balance.fen)" } == kept)
    }

    private func expectAgreement(_ world: DeskWorld, _ files: [String: Data]) async throws {
        func sum(_ kind: String) async throws -> Int64 {
            try await world.number(
                """
                SELECT coalesce(sum(balance), 0)::bigint AS n FROM account
                WHERE book = 'real' AND kind = \(kind)
                """)
        }
        #expect(
            fen(rows(files["card-liability"]).last?[8] ?? "") == (try await sum("card")))
        let settlement = rows(files["store-settlement"]).last ?? []
        #expect(fen(settlement[11]) == (try await sum("store_payable")))
        #expect(fen(settlement[12]) == (try await sum("store_in_dispute")))
        for row in rows(files["trial-balance"]).dropFirst() where row[1] != "合计" {
            guard row[0] == "real" else { continue }
            #expect(
                fen(row[7]) == (try await sum(row[1])), "\(row[1]) has one owner in this world")
        }
        for row in rows(files["trial-balance"]) where row[1] == "合计" { #expect(row[7] == "0.00") }
        let detail = rows(files["ledger-detail"])
        let net = detail.reduce(into: Int64(0)) { sum, row in
            guard row.count > 7, row[1] == "real" else { return }
            switch row[2] {
            case "sale", "shortfall": sum += fen(row[7])
            case "refund", "shortfall_undone": sum -= fen(row[7])
            default: break
            }
        }
        #expect(fen(rows(files["monthly-sales"]).last?[8] ?? "") == net)
        #expect(fen(rows(files["province-clearing"]).last?[7] ?? "") == net)
    }

    @Test func `hledger accepts the month's journal and finds the balances of the trial balance`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            let october = world.now.adding(milliseconds: -30 * 86_400_000)
            for (fen, at) in [(1_000, october), (2_345, world.now), (1, world.now)]
                as [(Int64, Instant)]
            {
                _ = try await world.sell(
                    [.init(price: fen, quantity: 1)], card: card, number: Self.number, at: at)
            }
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-hledger-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let manifests = try await MonthExport(store: world.store).write(
                month: TradingMonth(world.now), format: .hledger, to: folder,
                by: try await world.actor("finance"), at: world.now)
            let path = folder.appending(path: try #require(manifests.first).file).path
            _ = try run("hledger", ["check", "--strict", "-f", path])
            let balances = try run(
                "hledger", ["balance", "-f", path, "--flat", "-N", "-O", "csv", "--no-elide"])
            #expect(balances.contains(#""real:card:GD","CNY 466.54""#))
            #expect(balances.contains(#""real:store_payable:GD0001","CNY 33.46""#))
            #expect(balances.contains(#""real:programme_funding:GD","CNY -500.00""#))
        }
    }

    @Test func `the statement's PDF holds the totals in embedded Chinese type`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 5_000_00)
            _ = try await world.store.write { session in
                try session.execute(
                    "UPDATE store SET fee_per_million = 6000, name = '<b>广州</b>一店'")
            }
            _ = try await world.sell(
                [.init(price: 123_456, quantity: 1)], card: card, number: Self.number)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-pdf-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let manifests = try await MonthExport(store: world.store).write(
                month: TradingMonth(world.now), format: .pdf, to: folder,
                by: try await world.actor("finance"), at: world.now)
            let path = folder.appending(path: try #require(manifests.first).file).path
            let text = try run("pdftotext", ["-layout", path, "-"])
            #expect(text.contains("门店结算单") && text.contains("<b>广州</b>一店"))
            #expect(text.contains("1234.56") && text.contains("7.41") && text.contains("1227.15"))
            let fonts = try run("pdffonts", [path])
            for font in fonts.split(separator: "\n").dropFirst(2) {
                #expect(font.contains(" yes yes "), "\(font) is not embedded")
            }
        }
    }

    @Test func `a workbook's rows equal the CSV's`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            _ = try await world.sell(
                [.init(price: 999, quantity: 1)], card: card, number: Self.number)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-xlsx-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let export = MonthExport(store: world.store)
            let finance = try await world.actor("finance")
            let month = TradingMonth(world.now)
            let books = try await export.write(
                month: month, format: .xlsx, to: folder, by: finance, at: world.now)
            let texts = try await export.write(
                month: month, to: folder, by: finance, at: world.now)
            #expect(books.map(\.cellsSHA256) == texts.map(\.cellsSHA256))
            #expect(books.map(\.rowCount) == texts.map(\.rowCount))
            #expect(books.count == MonthReport.allCases.count)
            for book in books {
                let bytes = try Data(contentsOf: folder.appending(path: book.file))
                #expect(bytes.starts(with: Data("PK".utf8)), "\(book.file)")
            }
        }
    }

    @Test func `the clearing's matrix holds each province's cards in each province's stores`()
        async throws
    {
        try await withDesk { world in
            let own = try await world.issueCard(number: Self.number, load: 50_000)
            let other = try await world.issueCard(
                number: "6232001234567890121", load: 50_000, programme: "JS")
            _ = try await world.sell(
                [.init(price: 999, quantity: 1)], card: own, number: Self.number)
            let sold = try await world.sell(
                [.init(price: 400, quantity: 1)], card: other, number: "6232001234567890121")
            let request = try await world.request(
                sold, [0: 1], amount: 400, number: "6232001234567890121")
            try await world.refunds.decide(
                request, .approved, opinion: "同意", digest: try await world.digest(request),
                by: try await world.actor("approver"), at: world.now)
            _ = try await world.sell(
                [.init(price: 250, quantity: 1)], card: other, number: "6232001234567890121")
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-matrix-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let manifest = try #require(
                try await MonthExport(store: world.store).write(
                    month: TradingMonth(world.now), format: .matrix, to: folder,
                    by: try await world.actor("finance"), at: world.now
                ).first)
            #expect(manifest.file == "clearing-matrix-2026-11.csv")
            let text = String(
                decoding: try Data(contentsOf: folder.appending(path: manifest.file)),
                as: UTF8.self)
            #expect(
                text == "\u{FEFF}发卡省份＼门店省份,44,合计\r\n32,2.50,2.50\r\n44,9.99,9.99\r\n"
                    + "合计,12.49,12.49\r\n")
        }
    }

    @Test
    func `a file is verified: unchanged, then changed by named rows, and unknown when altered`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            _ = try await world.sell(
                [.init(price: 999, quantity: 1)], card: card, number: Self.number)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-verify-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let export = MonthExport(store: world.store)
            let finance = try await world.actor("finance")
            var hashes: [String] = []
            for format in ReportFormat.allCases {
                hashes += try await export.write(
                    month: TradingMonth(world.now), format: format, to: folder, by: finance,
                    at: world.now
                ).map(\.sha256)
            }
            for hash in hashes {
                #expect(try await export.verify(sha256: hash, by: finance).state == .unchanged)
            }
            _ = try await world.sell(
                [.init(price: 5, quantity: 1)], card: card, number: Self.number)
            let sales = try await export.verify(sha256: hashes[0], by: finance)
            #expect(sales.state == .changed && sales.lateCount == 1)
            #expect(sales.late.map(\.amount.fen) == [5])
            let altered = String(hashes[0].reversed())
            #expect(try await export.verify(sha256: altered, by: finance).state == .unknown)
            await #expect(throws: FinanceRefusal.hashInvalid) {
                _ = try await export.verify(sha256: "abc", by: finance)
            }
        }
    }

    @Test(arguments: [
        ("2028-02-29", "2028-02"), ("2026-12-31", "2026-12"), ("2027-01-01", "2027-01"),
        ("2028-03-01", "2028-03"),
    ])
    func `a sale in the last and first millisecond of a day falls into its own month`(
        day: String, month: String
    ) async throws {
        try await withDesk { world in
            let day = try #require(BusinessDate.parse(day))
            world.office.time.set(day.end)
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            for at in [day.start, day.end.adding(milliseconds: -1)] {
                _ = try await world.sell(
                    [.init(price: 100, quantity: 1)], card: card, number: Self.number, at: at)
            }
            let files = try await MonthCloseTests.files(
                world, try #require(TradingMonth.parse(month)))
            let row = try #require(rows(files["monthly-sales"]).dropFirst().first)
            #expect(Array(row[3...5]) == [day.description, "2", "2.00"])
        }
    }

    @Test func `chunks may end anywhere in the server's CSV`() {
        let text = "a,\"b\"\"c,\nd\",\n\"\",x,\"y\"\n"
        for size in 1...7 {
            var reader = CellReader()
            var rows: [[String]] = []
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                reader.feed(Array(bytes[start..<min(start + size, bytes.count)])) {
                    rows.append($0)
                }
            }
            #expect(rows == [["a", "b\"c,\nd", ""], ["", "x", "y"]])
        }
    }
}
