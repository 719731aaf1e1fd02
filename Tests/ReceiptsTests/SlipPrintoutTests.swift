import Domain
import Foundation
import Testing

@testable import Receipts

/// O-23: Chinese text, the ¥ sign and column widths, byte by byte.
@Suite struct SlipPrintoutTests {
    /// What a printer would show: rows of characters, by an own small reading of the bytes.
    private func rows(_ bytes: [UInt8]) -> [String] {
        var text: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x1B:
                let command = rest.popFirst()
                if command != 0x40 { _ = rest.popFirst() }
            case 0x1C: if rest.popFirst() == 0x21 { _ = rest.popFirst() }
            case 0x1D:
                switch rest.popFirst() {
                case 0x6B: rest = rest.dropFirst(2 + Int(rest[rest.startIndex + 1]))
                case 0x28:
                    let start = rest.startIndex
                    rest = rest.dropFirst(3 + Int(rest[start + 1]) + Int(rest[start + 2]) << 8)
                case 0x56: rest = rest.dropFirst(2)
                default: rest = rest.dropFirst(1)
                }
            case 0x81...:
                text.append(byte)
                // The second byte of a character may be that of a letter, and the third of a lead.
                if let second = rest.popFirst() {
                    text.append(second)
                    if (0x30...0x39).contains(second) {
                        text += rest.prefix(2)
                        rest = rest.dropFirst(2)
                    }
                }
            default: text.append(byte)
            }
        }
        let all =
            String(
                data: Data(text), encoding: String.Encoding(rawValue: 0x8000_0632)) ?? "unreadable"
        return all.components(separatedBy: "\n")
    }

    private func printout(
        _ facts: SlipFacts, copy: SlipDocument.Copy = .customer, paper: SlipPaper = .narrow,
        encoding: PrinterEncoding = .gb18030, reprint: Int? = nil
    ) throws -> [UInt8] {
        SlipPrintout(paper: paper, encoding: encoding).render(
            try SlipDocument(
                facts, copy: copy, language: .zhHans, reprint: reprint, signedCode: "HYK1.TEST"))
    }

    private func line(_ name: String, fen: Int64 = 238_000) -> SlipFacts {
        Samples.facts(
            lines: [
                SaleLine(
                    sku: "1", name: name, spec: "", list: Money(fen: fen), price: Money(fen: fen),
                    quantity: 1)
            ], total: fen)
    }

    @Test(arguments: [
        ("sale-merchant-58", SlipPaper.narrow), ("sale-merchant-80", .wide),
        ("refund-customer-58", .narrow), ("refund-customer-80", .wide),
        ("offline-test-merchant-58", .narrow), ("offline-test-merchant-80", .wide),
        ("forty-lines-58", .narrow), ("sixty-characters-58", .narrow),
    ])
    func `whole slips are the golden bytes`(name: String, paper: SlipPaper) throws {
        let forty = (1...40).map { number in
            SaleLine(
                sku: "\(number)", name: "复方丹参滴丸 \(number)", spec: "27mg×180丸",
                list: Money(fen: 2_980), price: Money(fen: 2_980), quantity: 1)
        }
        let bytes =
            switch name.prefix(5) {
            case "refun": try printout(Samples.refund, paper: paper)
            case "offli":
                try printout(Samples.offlineTest, copy: .merchant, paper: paper, reprint: 2)
            case "forty":
                try printout(Samples.facts(lines: forty, total: 2_980 * 40), paper: paper)
            case "sixty":
                try printout(
                    line(String(repeating: "复方丹参滴丸胶囊片剂", count: 6)), paper: paper)
            default: try printout(Samples.facts(), copy: .merchant, paper: paper)
            }
        try Golden.expect(bytes, "printout/\(name).hex")
    }

    @Test func `every slip begins with initialisation and Chinese mode, and ends with a cut`()
        throws
    {
        let bytes = try printout(Samples.facts())
        #expect(Array(bytes.prefix(4)) == [0x1B, 0x40, 0x1C, 0x26])
        #expect(Array(bytes.suffix(4)) == [0x1D, 0x56, 0x42, 0x00])
    }

    @Test func `¥ is a character the printer has, never four bytes with 0 and 6 in them`() throws {
        let bytes = try printout(line("感冒灵颗粒"))
        let yuan: [UInt8] = [0xA3, 0xA4]
        #expect(bytes.indices.dropLast().contains { Array(bytes[$0...($0 + 1)]) == yuan })
        #expect(!bytes.contains(0x84))
        #expect(rows(bytes).contains { $0.hasSuffix("￥2,380.00") })
        for sign in ["¥", "￥"] {
            #expect(PrinterEncoding.gbk.bytes(sign + "1") == [0xA3, 0xA4, 0x31])
        }
    }

    @Test(arguments: SlipPaper.allCases)
    func `the price stays on one line at the right, and no row is wider than the paper`(
        paper: SlipPaper
    ) throws {
        for name in [
            "番茄牛腩煲仔饭（大份，少辣，不要香菜）", "王小明", String(repeating: "Acetaminophen", count: 5),
            String(repeating: "复方丹参滴丸胶囊片剂", count: 6), "𠮷野家€套餐😀",
        ] {
            let rows = rows(try printout(line(name), paper: paper))
            let price = try #require(rows.first { $0.hasPrefix("  1 x 2,380.00") })
            #expect(price.hasSuffix("2,380.00"))
            #expect(SlipText.width(price) == paper.columns)
            #expect(rows.allSatisfy { SlipText.width($0) <= paper.columns })
        }
    }

    @Test func `what a printer lacks becomes a visible substitute of the same width`() throws {
        let rows = rows(try printout(line("𠮷野家€套餐😀👨‍👩‍👧完")))
        #expect(rows.contains("〓野家〓套餐〓〓〓〓完"))
        #expect(!PrinterEncoding.gb18030.covers("€") && PrinterEncoding.gbk.covers("感冒·①é"))
        // An ideograph of extension A has four bytes that newer printers know.
        #expect(PrinterEncoding.gb18030.bytes("㐀") == [0x81, 0x39, 0xEE, 0x39])
        #expect(PrinterEncoding.gbk.bytes("㐀") == PrinterEncoding.substitute)
        // A letter with a separate accent is one character with one code.
        #expect(PrinterEncoding.gbk.bytes("e\u{301}") == [0xA8, 0xA6])
    }

    @Test func `an escape byte and a line feed in a name do nothing`() throws {
        let bad = try printout(line("药\u{1B}@\n合计\u{10}\u{4}\u{1}\u{1D}V\u{0}0.01"))
        let good = try printout(line("药 @ 合计 V 0.01"))
        #expect(bad == good)
        #expect(PrinterEncoding.gbk.bytes("a\u{1B}\n\u{7F}\u{85}b") == Array("ab".utf8))
    }

    @Test(arguments: [
        (Array<UInt8>([0x12, 0x12, 0x12, 0x12]), PrinterStatus.State?.some(.ready)),
        ([0x12], .ready), ([0x16, 0x12, 0x12, 0x12], .ready),
        ([0x1A, 0x12, 0x12, 0x12], .offline), ([0x1A, 0x16, 0x12, 0x12], .coverOpen),
        ([0x1A, 0x32, 0x12, 0x7E], .paperOut), ([0x1A, 0x16, 0x12, 0x7E], .coverOpen),
        ([0x12, 0x12, 0x12, 0x1E], .paperNearEnd), ([0x1A, 0x52, 0x1A, 0x12], .cutterStuck),
        ([0x1A, 0x52, 0x32, 0x12], .error), ([], nil), ([0x00], nil), ([0x12, 0xFF], nil),
        ([0x12, 0x12, 0x12, 0x12, 0x12], nil),
    ])
    func `status bytes are read`(answers: [UInt8], state: PrinterStatus.State?) {
        #expect(PrinterStatus(answers: answers)?.state == state)
    }

    @Test func `an answer to the question about the state is never taken for a confirmation`() {
        for byte in UInt8.min...UInt8.max where PrinterStatus.isAnswer(byte) {
            #expect(!PrinterStatus.isConfirmation(byte))
        }
        #expect(PrinterStatus.isConfirmation(0x00) && PrinterStatus.isConfirmation(0x0F))
    }

    @Test func `digits of an order number go in pairs, and the bar code fits both papers`() throws {
        let number = "GD0001-01-20261125-0001"
        let runs = try #require(Code128.runs(number))
        #expect(
            runs == [
                .init(set: .text, characters: "GD0001-01-"),
                .init(set: .digits, characters: "20261125"), .init(set: .text, characters: "-"),
                .init(set: .digits, characters: "0001"),
            ])
        #expect(Code128.moduleCount(runs) == 255)
        #expect(try #require(Code128.bars(number)).reduce(0, +) == 255)
        // 58 mm: without hyphens it fits with its quiet zones.
        let short = try #require(Code128.runs("GD000101202611250001"))
        #expect((Code128.moduleCount(short) + 20) * 2 <= SlipPaper.narrow.dots)
        #expect((255 + 20) * 2 <= SlipPaper.wide.dots)
        #expect(
            Code128.runs("12345")
                == [.init(set: .digits, characters: "1234"), .init(set: .text, characters: "5")])
    }
}
