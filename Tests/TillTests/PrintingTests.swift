import Domain
import Foundation
import GRDB
import Journal
import Lab
import Receipts
import TestSupport
import Testing

@testable import Till

/// O-22: whatever is the matter with a printer, the sale is done, the next one begins, and the slip is
/// neither lost nor doubled.
@Suite(.serialized) struct PrintingTests {
    private let world: PrintingWorld

    init() async throws { world = try await PrintingWorld() }

    @Test func `after payment two copies come out by themselves, and once only`() async throws {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.printed, .printed])
        #expect(printer.slips.count == 2)
        let texts = printer.slips.map(\.text)
        #expect(texts[0].contains("商户存根") && texts[0].contains("持卡人签名"))
        #expect(texts[0].contains("张*") && texts[0].contains("[QR HYK1.GD0001-01.1."))
        #expect(texts[1].contains("顾客联") && !texts[1].contains("QR"))
        for text in texts {
            #expect(text.contains("GD0001-01-20261125-0001") && text.contains("￥37.00"))
            #expect(!text.contains("补打"))
        }
        #expect(printer.slips.allSatisfy { $0.isWhole })
        #expect(try await printedCopies(sale) == [1, 2])
        await world.stop()
    }

    @Test func `a slip's QR code proves the sale with the till's key alone`() async throws {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.printed, .printed])
        let code = try #require(
            printer.slips[0].rows.compactMap { row in
                if case .code(let text, _) = row { text } else { nil }
            }.first)
        let key = world.till.identity.signingKey.verifyingKey
        let read = try #require(SlipCode(text: code, signedBy: key))
        #expect(read.sale == sale && read.total == Money(fen: 3_700))
        let hash = try await world.till.store.read {
            try Data.fetchOne(
                $0, sql: "SELECT hash FROM journal_record WHERE seq = ?",
                arguments: [read.sequence])
        }
        #expect(hash.map(Array.init) == read.hash.bytes)
        #expect(SlipCode(text: code.replacing("3700", with: "3701"), signedBy: key) == nil)
        await world.stop()
    }

    @Test func `sales made before a printer was set up do not print by themselves`() async throws {
        let printer = try VirtualPrinter()
        let before = try await world.sell()
        try await world.addPrinter(printer)
        let after = try await world.sell()
        try await world.wait(after, for: [.printed, .printed])
        #expect(try await world.states(before) == [])
        #expect(printer.slips.count == 2)
        await world.stop()
    }

    @Test(arguments: [VirtualPrinter.Trouble.off, .frozen, .paperOut, .coverOpen, .cutterStuck])
    func `a printer in trouble holds up no sale, and prints when it is well`(
        trouble: VirtualPrinter.Trouble
    ) async throws {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer)
        // The printer has answered before, so its silence later is a trouble.
        try await eventually("a first look") {
            try await world.till.store.read { try Printers.list(in: $0)[0].answers }
        }
        try printer.set([trouble])
        let clock = ContinuousClock()
        let began = clock.now
        let first = try await world.sell()
        let second = try await world.sell()
        // Two sales in a row; the printer is not even asked in the meantime.
        #expect(clock.now - began < .seconds(2))
        let expected: PrinterCondition =
            switch trouble {
            case .off: .unreachable
            case .paperOut: .paperOut
            case .coverOpen: .coverOpen
            case .cutterStuck: .cutterStuck
            default: .silent
            }
        try await world.wait(first, forTrouble: expected)
        #expect(try await world.states(first) == [.waiting, .waiting])
        #expect(printer.slips.isEmpty)
        try printer.set([])
        try await world.wait(first, for: [.printed, .printed])
        try await world.wait(second, for: [.printed, .printed])
        let numbers = printer.slips.filter(\.isWhole).map { slip in
            slip.text.contains("20261125-0001") ? 1 : 2
        }
        #expect(numbers == [1, 1, 2, 2])
        await world.stop()
    }

    @Test
    func `an address that drops packets is unreachable, and the slip goes to another printer`()
        async throws
    {
        let other = try VirtualPrinter()
        let drain = try PacketDrain()
        try await world.addPrinter(
            "远处", device: "tcp", address: "127.0.0.1:\(drain.port)")
        let near = try await world.addPrinter(other, "前台")
        let clock = ContinuousClock()
        let began = clock.now
        let sale = try await world.sell()
        #expect(clock.now - began < .seconds(2))
        try await world.wait(sale, forTrouble: .unreachable)
        for job in try await world.jobs(sale) {
            try await world.till.store.movePrintJob(job.id, to: near)
        }
        world.printing.wake()
        try await world.wait(sale, for: [.printed, .printed])
        #expect(other.slips.count == 2)
        #expect(try await printedCopies(sale) == [1, 2])
        await world.stop()
    }

    @Test func `paper that runs out in the middle is waited for, and nothing is printed twice`()
        async throws
    {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer, copies: 1)
        let first = try await world.sell()
        try await world.wait(first, for: [.printed])
        printer.becomes(.paperOut, afterBytes: 600)
        let second = try await world.sell()
        let device = PrinterDevice(kind: .tcp, address: "127.0.0.1:\(printer.port)")
        try await eventually("the till knows") {
            world.printing.sight(of: device)?.condition == .paperOut
        }
        #expect(try await world.states(second) == [.sending])
        // The counter goes on meanwhile.
        let third = try await world.sell()
        try printer.set([])
        try await world.wait(second, for: [.printed])
        try await world.wait(third, for: [.printed])
        #expect(printer.slips.map(\.isWhole) == [true, true, true])
        await world.stop()
    }

    @Test func `a printer that dies in the middle leaves the slip in question, and a person says`()
        async throws
    {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer, copies: 1)
        let first = try await world.sell()
        try await world.wait(first, for: [.printed])
        printer.becomes(.off, afterBytes: 600)
        let second = try await world.sell()
        try await world.wait(second, for: [.unknown])
        #expect(printer.slips.filter(\.isWhole).count == 1)
        try printer.set([])
        // Nobody prints it again without being told to.
        let third = try await world.sell()
        try await world.wait(third, for: [.printed])
        #expect(try await world.states(second) == [.unknown])
        let job = try await world.jobs(second)[0].id
        _ = try await world.till.store.repeatPrintJob(
            job, by: "li", recordID: world.till.clock.world.makeID(), at: world.till.clock.now,
            source: world.till.slipSource)
        world.printing.wake()
        try await world.wait(second, for: [.dropped, .printed])
        #expect(printer.slips.last?.text.contains("补打第 1 次") == true)
        #expect(try await printedCopies(second) == [1, 3])
        await #expect(throws: PrinterRefusal.jobNotInQuestion) {
            try await world.till.store.confirmPrintJob(job, at: world.till.clock.now)
        }
        await world.stop()
    }

    @Test func `a printer that takes a byte a second holds up no sale and no other printer`()
        async throws
    {
        let slow = try VirtualPrinter()
        let quick = try VirtualPrinter()
        try await world.addPrinter(slow, "慢", copies: 1)
        let quickID = try await world.addPrinter(quick, "快", copies: 1)
        let first = try await world.sell()
        try await world.wait(first, for: [.printed])
        slow.becomes(.slow, afterBytes: 300)
        let clock = ContinuousClock()
        let began = clock.now
        let second = try await world.sell()
        let third = try await world.sell()
        #expect(clock.now - began < .seconds(2))
        // Nobody knows how much of it is on paper.
        try await world.wait(second, for: [.unknown])
        #expect(try await world.jobs(second)[0].trouble == .silent)
        try await world.wait(third, forTrouble: .silent)
        try await world.till.store.movePrintJob(
            try await world.jobs(third)[0].id, to: quickID)
        world.printing.wake()
        try await world.wait(third, for: [.printed])
        #expect(quick.slips.count == 1)
        slow.close()
        await world.stop()
    }

    @Test func `a till killed in the middle finds the slip in question after its restart`()
        async throws
    {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer, copies: 1)
        await world.stop()
        let sale = try await world.sell()
        let source = world.till.slipSource
        _ = try await world.till.store.printNext(
            .sale, ids: [world.till.clock.world.makeID(), world.till.clock.world.makeID()],
            at: world.till.clock.now, source: source)
        let job = try await world.jobs(sale)[0]
        // What is on disk when the first byte goes out.
        #expect(try await world.till.store.beginPrintJob(job.id, on: job.printer) != nil)
        let again = try await PrintingWorld(till: world.till)
        try await again.wait(sale, for: [.unknown])
        #expect(try await again.jobs(sale)[0].trouble == .tillStopped)
        #expect(printer.slips.isEmpty)
        try await again.till.store.confirmPrintJob(job.id, at: world.till.clock.now)
        #expect(try await again.states(sale) == [.printed])
        await again.stop()
    }

    @Test func `waiting slips survive a restart and print with the same content`() async throws {
        let printer = try VirtualPrinter()
        try printer.set([.off])
        try await world.addPrinter(printer)
        let sale = try await world.sell()
        try await world.wait(sale, forTrouble: .unreachable)
        await world.stop()
        try printer.set([])
        let again = try await PrintingWorld(till: world.till)
        try await again.wait(sale, for: [.printed, .printed])
        #expect(printer.slips.map { $0.text.contains("补打") } == [false, false])
        await again.stop()
    }

    @Test func `reprints are counted, marked and journalled`() async throws {
        let printer = try VirtualPrinter()
        try await world.addPrinter(printer)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.printed, .printed])
        for count in 1...2 {
            let asked = try await world.till.store.recordPrinting(
                .sale(sale), by: "li", ids: [world.till.clock.world.makeID()],
                at: world.till.clock.now, source: world.till.slipSource)
            #expect(asked?.reprint == count)
            #expect(asked?.jobs.count == 2)
        }
        world.printing.wake()
        try await world.wait(sale, for: Array(repeating: .printed, count: 6))
        let marks = printer.slips.map { slip in
            slip.text.contains("补打第 1 次") ? 1 : slip.text.contains("补打第 2 次") ? 2 : 0
        }
        #expect(marks == [0, 0, 1, 1, 2, 2])
        #expect(try await printedCopies(sale) == [1, 2, 3, 4])
        await world.stop()
    }

    @Test func `a printer that never answers gets its slips, and they count as sent, not printed`()
        async throws
    {
        let printer = try VirtualPrinter()
        try printer.set([.mute])
        try await world.addPrinter(printer)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.sent, .sent])
        try await eventually("both on paper") { printer.slips.count == 2 }
        await world.stop()
    }

    @Test func `two printers for one device print one after another`() async throws {
        let printer = try VirtualPrinter(width: 58)
        try await world.addPrinter(printer, "甲", paper: 58)
        let second = try await world.addPrinter(printer, "乙", slip: "refund", paper: 58)
        let sale = try await world.sell()
        for _ in 0..<3 {
            _ = try await world.till.store.printTest(second, by: "li", at: world.till.clock.now)
        }
        world.printing.wake()
        try await world.wait(sale, for: [.printed, .printed])
        try await eventually("five papers") { printer.slips.count == 5 }
        #expect(printer.slips.allSatisfy { $0.isWhole })
        await world.stop()
    }

    private func printedCopies(_ sale: RecordID) async throws -> [Int] {
        try await world.till.store.read {
            try Int.fetchAll(
                $0,
                sql: "SELECT copy FROM printed_slip WHERE subject = ? ORDER BY copy",
                arguments: [sale.description])
        }
    }

    @Test func `a character that the printer lacks is drawn, unless a manager switched that off`()
        async throws
    {
        let (drawn, plain) = (try VirtualPrinter(width: 58), try VirtualPrinter(width: 58))
        try await world.till.apply([
            EnrolledTill.product("YP9001", "", "𠮷野家€套餐", "", 1_000, version: 99)
        ])
        try await world.addPrinter(drawn, copies: 1, paper: 58)
        let sale = try await world.sell("YP9001")
        try await world.wait(sale, for: [.printed])
        let rasters = drawn.slips[0].rows.filter { if case .raster = $0 { true } else { false } }
        #expect(rasters.count == 1)
        #expect(!drawn.slips[0].text.contains("〓"))
        let off = try await world.addPrinter(plain, "旧", copies: 1, paper: 58, pictures: false)
        try await world.till.store.makeMainPrinter(off)
        let second = try await world.sell("YP9001")
        try await world.wait(second, for: [.printed])
        #expect(plain.slips[0].text.contains("〓野家〓套餐"))
        await world.stop()
    }

    @Test func `a day statement goes to the printer of sale slips, and a second one is a reprint`()
        async throws
    {
        let (till, printer) = (world.till, try VirtualPrinter())
        try await till.apply([
            ChangeItem(
                topic: .account, key: "wang", version: 99,
                body: .account(
                    .init(
                        isDisabled: false, login: "wang", name: "王店长",
                        roles: [.cashier, .manager], verifier: "none")))
        ])
        try await world.addPrinter(printer, copies: 2, paper: 58)
        let sale = try await world.sell()
        try await world.wait(sale, for: [.printed, .printed])
        let now = till.clock.now
        let first = try await till.store.read {
            try DayCloses.statement(by: "wang", at: now, in: $0).first
        }
        let close = try await till.store.closeDay(
            by: "wang", first: first, id: till.clock.world.makeID(), at: now,
            identity: till.identity)
        let head = try await till.store.read { try JournalBook.head(in: $0).sequence }
        for reprint in [0, 1, 2] {
            let asked = try #require(
                try await till.store.recordPrinting(
                    .statement(close), by: "wang", ids: [till.clock.world.makeID()], at: now,
                    source: till.slipSource))
            #expect(asked.reprint == reprint && asked.jobs.count == 1)
            world.printing.wake()
            try await eventually("statement \(reprint)", limit: .seconds(20)) {
                printer.slips.count == 3 + reprint
            }
        }
        let texts = printer.slips.dropFirst(2).map(\.text)
        #expect(texts.allSatisfy { $0.contains("日结单") && $0.contains("￥37.00") })
        #expect(
            texts.map { $0.contains("补打第 1 次") } == [false, true, false]
                && texts[2].contains("补打第 2 次"))
        // It stands for no money: its papers are not journalled, and no refund slip's printer is asked.
        #expect(try await till.store.read { try JournalBook.head(in: $0).sequence } == head)
        let none = try await till.store.recordPrinting(
            .statement(till.clock.world.makeID()), by: "wang", ids: [till.clock.world.makeID()],
            at: now, source: till.slipSource)
        #expect(none == nil)
        await world.stop()
    }
}
