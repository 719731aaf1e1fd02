import Domain
import Foundation
import Glyphs
import Testing

@testable import Receipts

/// O-23: what the printer has no code for is drawn, and amounts stay below each other.
@Suite struct LinePictureTests {
    private static let fonts = [
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf",
    ]

    /// A frame around each cell, and nothing for what has no drawing.
    private struct Frames: GlyphDrawing {
        let unknown: Set<Character>

        func glyph(_ character: Character, width: Int, height: Int, em: Int) -> DotPicture? {
            guard !unknown.contains(character) else { return nil }
            var picture = DotPicture(width: width, height: height)
            for x in 0..<width {
                picture.blacken(column: x, row: 0)
                picture.blacken(column: x, row: height - 1)
            }
            for y in 0..<height {
                picture.blacken(column: 0, row: y)
                picture.blacken(column: width - 1, row: y)
            }
            return picture
        }
    }

    private func drawing() throws -> FontGlyphs {
        try #require(FontGlyphs(files: Self.fonts), "fonts-noto-cjk and fonts-symbola are missing")
    }

    private func pictures(_ bytes: [UInt8]) -> [(width: Int, height: Int, data: [UInt8])] {
        bytes.indices.filter { bytes[$0...].starts(with: [0x1D, 0x76, 0x30, 0x00]) }.map { start in
            let size = bytes[(start + 4)..<(start + 8)].map(Int.init)
            let (width, height) = (size[0] + size[1] << 8, size[2] + size[3] << 8)
            return (
                width, height, Array(bytes[(start + 8)..<(start + 8 + width * height)])
            )
        }
    }

    private func dots(_ picture: (width: Int, height: Int, data: [UInt8])) -> String {
        (0..<picture.height).map { row in
            (0..<picture.width * 8).map { column in
                let byte = picture.data[row * picture.width + column / 8]
                return byte & (0x80 >> UInt8(column % 8)) == 0 ? "." : "#"
            }.joined() + "\n"
        }.joined()
    }

    private func facts(_ name: String) -> SlipFacts {
        Samples.facts(
            lines: [
                SaleLine(
                    sku: "1", name: name, spec: "", list: Money(fen: 238_000),
                    price: Money(fen: 238_000), quantity: 1)
            ], total: 238_000)
    }

    private func printout(
        _ name: String, glyphs: (any GlyphDrawing)?, encoding: PrinterEncoding = .gb18030
    ) throws -> [UInt8] {
        SlipPrintout(paper: .narrow, encoding: encoding, glyphs: glyphs).render(
            try SlipDocument(facts(name), copy: .customer, language: .zhHans))
    }

    @Test func `a row with a character that the printer lacks is one picture of the whole row`()
        throws
    {
        let bytes = try printout("𠮷野家A", glyphs: Frames(unknown: []))
        try Golden.expect(bytes, "printout/missing-character-58.hex")
        let found = pictures(bytes)
        #expect(found.count == 1)
        // Three characters of two columns and one of one, 12 dots a column; 24 rows and the space below.
        let picture = try #require(found.first)
        #expect(picture.width == (7 * 12 + 7) / 8 && picture.height == 30)
        #expect(dots(picture).hasPrefix(String(repeating: "#", count: 84) + "....\n"))
    }

    @Test func `rows that the printer has stay text, byte for byte`() throws {
        for encoding in PrinterEncoding.allCases {
            #expect(
                try printout("感冒灵颗粒 10g×9袋", glyphs: Frames(unknown: []), encoding: encoding)
                    == printout("感冒灵颗粒 10g×9袋", glyphs: nil, encoding: encoding))
        }
        // Extension A: text for a newer printer, a picture for an older one.
        let frames = Frames(unknown: [])
        #expect(pictures(try printout("㐀", glyphs: frames, encoding: .gb18030)).isEmpty)
        #expect(pictures(try printout("㐀", glyphs: frames, encoding: .gbk)).count == 1)
    }

    @Test func `a higher row is drawn higher, a large one wider too`() throws {
        let line = LinePicture(encoding: .gbk, glyphs: Frames(unknown: []))
        for (wide, tall) in [(1, 1), (1, 2), (2, 2)] {
            let bytes = try #require(line.bytes("€1", wide: wide, tall: tall))
            let picture = try #require(pictures(bytes).first)
            #expect(picture.width == (36 * wide + 7) / 8 && picture.height == 24 * tall + 6)
        }
    }

    @Test func `what no font has stays the substitute, in text or in the picture`() throws {
        let frames = Frames(unknown: ["€"])
        #expect(try printout("€店", glyphs: frames) == printout("€店", glyphs: nil))
        // Beside a character that can be drawn, the sign for it stands in the picture.
        let line = LinePicture(encoding: .gbk, glyphs: frames)
        #expect(line.bytes("𠮷€", wide: 1, tall: 1) == line.bytes("𠮷〓", wide: 1, tall: 1))
    }

    @Test func `no data of a picture is a command that printers work out of the stream`() {
        var picture = DotPicture(width: 16, height: 3)
        for (row, second) in [0x04, 0x05, 0x14].enumerated() {
            picture.blacken(column: 3, row: row)
            for bit in 0..<8 where second & (0x80 >> bit) != 0 {
                picture.blacken(column: 8 + bit, row: row)
            }
        }
        let data = LinePicture.command(picture).dropFirst(8)
        #expect(Array(data) == [0x18, 0x04, 0x18, 0x05, 0x18, 0x14])
    }

    @Test(arguments: [("𠮷野家€5 ¥A", "mixed"), ("止咳糖浆😀㐀g", "emoji")])
    func `fonts draw Chinese, Latin and signs into the columns where text has them`(
        row: String, name: String
    ) throws {
        let line = LinePicture(encoding: .gbk, glyphs: try drawing())
        let bytes = try #require(line.bytes(row, wide: 1, tall: 1))
        let picture = try #require(pictures(bytes).first)
        try Golden.expect(text: dots(picture), "picture/\(name).txt")
    }

    @Test(arguments: [(1, 1), (1, 2), (2, 2)])
    func `no glyph leaves its cell, and each leaves dots in it`(wide: Int, tall: Int) throws {
        let glyphs = try drawing()
        for character in "𠮷€😀💊g|@Ağ鬱〓—㊙" {
            let width = 12 * wide * SlipText.width(String(character))
            let glyph = try #require(
                glyphs.glyph(character, width: width, height: 24 * tall, em: 24 * wide),
                "\(character)")
            #expect(glyph.width == width && glyph.height == 24 * tall)
            #expect(glyph.bytes.contains { $0 != 0 }, "\(character)")
        }
        #expect(glyphs.glyph("🇨🇳", width: 24, height: 24, em: 24) == nil)
        #expect(glyphs.glyph("\u{E000}", width: 24, height: 24, em: 24) == nil)
        // The mark that only asks for the coloured look does not matter.
        #expect(
            glyphs.glyph("❤\u{FE0F}", width: 24, height: 24, em: 24)
                == glyphs.glyph("❤", width: 24, height: 24, em: 24))
    }

    @Test func `without a font nothing is drawn`() {
        #expect(FontGlyphs(files: []) == nil)
        #expect(FontGlyphs(files: ["/nowhere/a.ttf", #filePath]) == nil)
    }
}
