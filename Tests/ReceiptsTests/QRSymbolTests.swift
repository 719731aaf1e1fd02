import Receipts
import Testing

@Suite struct QRSymbolTests {
    @Test func `a symbol reads back as the text it was made of`() throws {
        let texts = [
            "https://pay.example/p/1",
            "https://192.168.100.200:18080/p/q?" + String(repeating: "aB3-_", count: 90),
            "慧医卡 ¥12.80",
        ]
        for text in texts {
            #expect(try QRReader(QRSymbol(text)).text == text)
        }
    }

    @Test func `a text of 700 bytes fits a symbol of 20 versions`() throws {
        let symbol = try QRSymbol(String(repeating: "x", count: 700))
        #expect(symbol.width <= 21 + 4 * 21, "width \(symbol.width)")
        #expect(symbol.modules.count == symbol.width * symbol.width)
    }

    @Test func `nothing, a cut text and a book are refused`() {
        #expect(throws: QRSymbol.Refusal.empty) { try QRSymbol("") }
        #expect(throws: QRSymbol.Refusal.unreadable) { try QRSymbol("a\u{0}b") }
        #expect(throws: QRSymbol.Refusal.tooLong) {
            try QRSymbol(String(repeating: "x", count: 2332))
        }
    }

    @Test func `the picture has a quiet zone, its title, and the dark modules`() throws {
        let symbol = try QRSymbol("1")
        let svg = symbol.svg(title: "a < b")
        #expect(svg.contains("viewBox=\"0 0 29 29\""))
        #expect(svg.contains("<title>a &lt; b</title>"))
        // The finder's top row: seven dark modules from the first one on.
        #expect(svg.contains("M4 4h7v1H4z"))
        #expect(!svg.contains("style"))
    }
}
