import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import PostgresDriver
import Testing

@testable import HeadOffice

struct ExportOrderTests {
    private static let number = "6160201901100002"

    private func withOrders(
        _ body:
            @Sendable (DeskWorld, ExportOrders, ExportWriter, ExportOrders.Wish) async throws
            -> Void
    ) async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            for fen in 1...20 as ClosedRange<Int64> {
                _ = try await world.sell(
                    [.init(price: fen, quantity: 1)], card: card, number: Self.number)
            }
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-orders-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let wish = ExportOrders.Wish(
                report: .ledgerDetail, month: TradingMonth(world.now), format: .csv, closing: nil)
            try await body(
                world, ExportOrders(store: world.store),
                ExportWriter(store: world.store, accounts: world.accounts, folder: folder), wish)
        }
    }

    private func path(
        _ writer: ExportWriter, _ order: ExportOrders.Listed
    ) -> String {
        ExportWriter.folder(of: order.orderID, in: writer.folder)
            .appending(path: order.file?.path ?? "").path
    }

    @Test func `an ordered file is written, registered and the same as a direct one`() async throws
    {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            let id = world.store.clock.makeID()
            try await orders.ask(id, wish, by: finance, at: world.now)
            try await orders.ask(id, wish, by: finance, at: world.now)
            #expect(await writer.writeNext())
            #expect(!(await writer.writeNext()), "asked for once")
            let order = try await orders.find(id, by: finance)
            let file = try #require(order.file)
            #expect(order.state == .done && order.rowsWritten == 21 && order.rowEstimate == 21)
            #expect(try ExportFiles.sha256(ofFile: path(writer, order)) == file.sha256)
            let direct = try await MonthExport(store: world.store).write(
                wish.report, month: wish.month, to: writer.folder, by: finance, at: world.now)
            #expect(direct.sha256 == file.sha256)
            let finding = try await MonthExport(store: world.store).verify(
                sha256: file.sha256, by: finance)
            #expect(finding.state == .unchanged)
        }
    }

    @Test func `a cancelled order leaves no file, before and while it is written`() async throws {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            let (waiting, writing) = (world.store.clock.makeID(), world.store.clock.makeID())
            try await orders.ask(waiting, wish, by: finance, at: world.now)
            try await orders.cancel(waiting, by: finance, at: world.now)
            #expect(!(await writer.writeNext()))
            try await orders.ask(writing, wish, by: finance, at: world.now)
            let claimed = try #require(try await orders.claim(as: writer.writer, at: world.now))
            #expect(claimed.orderID == writing)
            try await orders.cancel(writing, by: finance, at: world.now)
            let isWanted = try await orders.note(
                writing, rows: 3, by: writer.writer, at: world.now)
            #expect(!isWanted)
            let file = ExportOrders.File(path: "x.csv", size: 1, sha256: "00")
            let isDone = try await orders.end(
                writing, .done(file, rows: 3), by: writer.writer, at: world.now)
            #expect(!isDone)
            for id in [waiting, writing] {
                let order = try await orders.find(id, by: finance)
                #expect(order.state == .cancelled && order.file == nil)
            }
        }
    }

    @Test func `a writer that is told to stop ends at the next lines`() async throws {
        try await withOrders { world, _, writer, wish in
            let progress = ExportProgress()
            progress.stop()
            let finance = try await world.actor("finance")
            for format in [ReportFormat.csv, .xlsx, .hledger] {
                await #expect(throws: FinanceRefusal.exportStopped) {
                    _ = try await MonthExport(store: world.store).write(
                        wish.report, month: wish.month, format: format, to: writer.folder,
                        by: finance, at: world.now, progress: progress)
                }
            }
        }
    }

    @Test func `an order whose writer died is begun again by another, and once only`() async throws
    {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            let id = world.store.clock.makeID()
            try await orders.ask(id, wish, by: finance, at: world.now)
            let dead = world.store.clock.makeID()
            _ = try await orders.claim(as: dead, at: world.now)
            #expect(!(await writer.writeNext()), "its writer may live")
            world.office.time.move(milliseconds: ExportOrders.writerLife + 1)
            #expect(await writer.writeNext())
            #expect(try await orders.find(id, by: finance).state == .done)
            let isStill = try await orders.note(id, rows: 1, by: dead, at: world.now)
            #expect(!isStill)
        }
    }

    @Test func `a writer that lost its order leaves the other's file alone`() async throws {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            let id = world.store.clock.makeID()
            try await orders.ask(id, wish, by: finance, at: world.now)
            let stalled = ExportWriter(
                store: world.store, accounts: world.accounts, folder: writer.folder)
            let claimed = try #require(try await orders.claim(as: stalled.writer, at: world.now))
            world.office.time.move(milliseconds: ExportOrders.writerLife + 1)
            #expect(await writer.writeNext())
            try await stalled.write(claimed)
            let order = try await orders.find(id, by: finance)
            let file = try #require(order.file)
            #expect(order.state == .done)
            #expect(try ExportFiles.sha256(ofFile: path(writer, order)) == file.sha256)
            #expect(!FileManager.default.fileExists(atPath: stalled.place(of: id).path))
        }
    }

    @Test func `what a program left of orders that are over goes when one starts`() async throws {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            let (done, over) = (world.store.clock.makeID(), world.store.clock.makeID())
            try await orders.ask(done, wish, by: finance, at: world.now)
            #expect(await writer.writeNext())
            try await orders.ask(over, wish, by: finance, at: world.now)
            try await orders.cancel(over, by: finance, at: world.now)
            let left = ExportWriter.folder(of: over, in: writer.folder)
            try FileManager.default.createDirectory(
                at: left.appending(path: "x"), withIntermediateDirectories: true)
            await writer.sweep()
            #expect(!FileManager.default.fileExists(atPath: left.path))
            let order = try await orders.find(done, by: finance)
            #expect(FileManager.default.fileExists(atPath: path(writer, order)))
        }
    }

    @Test func `an id orders one file of one person`() async throws {
        try await withOrders { world, orders, _, wish in
            let (finance, auditor) = (
                try await world.actor("finance"), try await world.actor("auditor")
            )
            let id = world.store.clock.makeID()
            try await orders.ask(id, wish, by: finance, at: world.now)
            try await orders.ask(id, wish, by: finance, at: world.now)
            let other = ExportOrders.Wish(
                report: wish.report, month: wish.month, format: .xlsx, closing: nil)
            for (person, wish) in [(auditor, wish), (finance, other)] {
                await #expect(throws: FinanceRefusal.exportIDTaken) {
                    try await orders.ask(id, wish, by: person, at: world.now)
                }
            }
            #expect(try await orders.list(by: finance).count == 1)
        }
    }

    @Test func `a person has five orders under way at most, and files go after a week`()
        async throws
    {
        try await withOrders { world, orders, writer, wish in
            let finance = try await world.actor("finance")
            for _ in 0..<ExportOrders.underWayMax {
                try await orders.ask(
                    world.store.clock.makeID(), wish, by: finance, at: world.now)
            }
            await #expect(throws: FinanceRefusal.exportsTooMany) {
                try await orders.ask(
                    world.store.clock.makeID(), wish, by: finance, at: world.now)
            }
            while await writer.writeNext() {}
            let order = try #require(try await orders.list(by: finance).first)
            #expect(FileManager.default.fileExists(atPath: path(writer, order)))
            world.office.time.move(milliseconds: ExportOrders.fileLife + 1)
            await writer.removeOld()
            #expect(!FileManager.default.fileExists(atPath: path(writer, order)))
            #expect(try await orders.find(order.orderID, by: finance).state == .removed)
        }
    }

    @Test func `orders belong to finance and auditors, and name a report's own format`()
        async throws
    {
        try await withOrders { world, orders, _, wish in
            let id = world.store.clock.makeID()
            let issuer = try await world.actor("issuer")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await orders.ask(id, wish, by: issuer, at: world.now)
            }
            let finance = try await world.actor("finance")
            let wrong = ExportOrders.Wish(
                report: .exceptions, month: wish.month, format: .hledger, closing: nil)
            await #expect(throws: FinanceRefusal.formatUnknown) {
                try await orders.ask(id, wrong, by: finance, at: world.now)
            }
            await #expect(throws: FinanceRefusal.exportUnknown) {
                try await orders.cancel(id, by: finance, at: world.now)
            }
        }
    }

    @Test(arguments: [
        ("bytes=5-", 5, 9, true), ("bytes=0-3", 0, 3, true), ("bytes=7-99", 7, 9, true),
        ("bytes=-4", 6, 9, true), ("bytes=10-", 10, 9, false),
    ])
    func `a broken download asks for the rest`(
        text: String, first: Int64, last: Int64, isSatisfiable: Bool
    ) throws {
        let range = try #require(
            ByteRange([.range: text, .ifRange: "\"a\""], size: 10, tag: "\"a\""))
        #expect(range.first == first)
        #expect(range.last == last)
        #expect(range.isSatisfiable == isSatisfiable)
    }

    @Test(arguments: ["", "bytes=", "bytes=5-3", "bytes=a-b", "lines=1-2", "bytes=1-2,5-6"])
    func `a range that is none is answered with the whole file`(text: String) {
        #expect(ByteRange([.range: text], size: 10, tag: "\"a\"") == nil)
        #expect(ByteRange([.range: "bytes=1-", .ifRange: "\"b\""], size: 10, tag: "\"a\"") == nil)
    }
}

struct VoucherTests {
    private static let number = "6160201901100002"

    @Test func `a voucher's debits equal its credits and follow the template`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 50_000)
            _ = try await world.sell(
                [.init(price: 999, quantity: 1)], card: card, number: Self.number, paid: 900)
            let templates = VoucherTemplates(store: world.store)
            let finance = try await world.actor("finance")
            var template = VoucherTemplate.standard
            template.columns = try VoucherTemplate.columns(
                "科目 = accountCode\n借 = debit\n贷 = credit\n户 = owner\n日期 = date")
            template.encoding = .gb18030
            try await templates.change(to: template, by: finance, at: world.now)
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "huiyika-test-voucher-\(world.store.clock.makeID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let manifest = try #require(
                try await MonthExport(store: world.store).write(
                    month: TradingMonth(world.now), format: .voucher, to: folder, by: finance,
                    at: world.now
                ).first)
            let bytes = try Data(contentsOf: folder.appending(path: manifest.file))
            let text = try #require(
                String(data: bytes, encoding: String.Encoding(rawValue: 0x8000_0632)))
            let rows = text.components(separatedBy: "\r\n").dropLast().map {
                $0.dropFirst().dropLast().components(separatedBy: "\",\"")
            }
            #expect(rows[0] == ["科目", "借", "贷", "户", "日期"])
            let lines = rows.dropFirst()
            #expect(lines.count == manifest.rowCount && manifest.file.hasPrefix("voucher-"))
            func sum(_ column: Int) -> Int64 {
                lines.reduce(0) { $0 + (Int64($1[column].replacing(".", with: "")) ?? 0) }
            }
            #expect(sum(1) == 50_000 + 999)
            #expect(sum(2) == sum(1))
            let texts = lines.map { $0.dropLast().joined(separator: "|") }
            #expect(texts.contains("2241.01|9.00||GD"))
            #expect(texts.contains("2202.01||9.00|GD0001"))
            let finding = try await MonthExport(store: world.store).verify(
                sha256: manifest.sha256, by: finance)
            #expect(finding.state == .unchanged)
        }
    }

    @Test func `the page sums a month of tens of millions, more of it than its rows show`()
        async throws
    {
        try await withDesk { world in
            _ = try await world.issueCard(number: Self.number, load: 2_000_000_001)
            try await OfficeWebTests.withBrowsers(world) { client in
                var browser = OfficeWebTests.Browser(client: client)
                try await browser.signIn("finance")
                let page = try await browser.get("/finance/voucher")
                #expect(page.status == .ok)
                let text = String(buffer: page.body)
                #expect(text.components(separatedBy: "¥20,000,000.01").count == 3)
                #expect(text.contains("badge-good"))
            }
            let finance = try await world.actor("finance")
            let whole = try await world.finance.show(
                .trialBalance, TradingMonth(world.now), closing: nil, by: finance)
            let cut = Finance.Shown(
                source: whole.source, rows: Array(whole.rows.prefix(1)), totals: whole.totals,
                isCut: true, chart: [], matrix: nil)
            let voucher = Voucher(cut)
            #expect(voucher.debits.fen == 2_000_000_001 && voucher.isBalanced)
        }
    }

    @Test(arguments: [
        "", "借 = debit\n贷 = credit", "科目 accountCode\n借 = debit\n贷 = credit",
        "科目 = accountCode\n借 = debit\n贷 = money", " = accountCode\n借 = debit\n贷 = credit",
    ])
    func `columns that no package could read are refused`(text: String) {
        #expect(throws: FinanceRefusal.voucherColumnsInvalid) {
            _ = try VoucherTemplate.columns(text)
        }
    }

    @Test func `an account without a code is refused, and only finance changes the template`()
        async throws
    {
        try await withDesk { world in
            let templates = VoucherTemplates(store: world.store)
            var changed = VoucherTemplate.standard
            changed.accounts["bank"] = .init(code: "", name: "银行存款")
            let template = changed
            let finance = try await world.actor("finance")
            let auditor = try await world.actor("auditor")
            #expect(throws: FinanceRefusal.voucherAccountsInvalid) { try template.check() }
            await #expect(throws: FinanceRefusal.voucherAccountsInvalid) {
                try await templates.change(to: template, by: finance, at: world.now)
            }
            await #expect(throws: RoleRefusal.roleMissing) {
                try await templates.change(
                    to: VoucherTemplate.standard, by: auditor, at: world.now)
            }
            let kept = try await templates.current(by: auditor)
            #expect(kept == VoucherTemplate.standard)
        }
    }
}
