import Testing

@testable import Journal

struct JSONTests {
    @Test func `keys are sorted by their bytes, not by what they mean`() {
        // "é" precomposed (C3 A9), "z", "e" with a combining accent (65 CC 81), "Ω", "A".
        let object = JSONValue.object([
            "z": .integer(1), "\u{E9}x": .integer(2), "e\u{301}": .integer(3), "A": .integer(4),
            "\u{FF21}": .integer(5), "\u{1F600}": .integer(6), "a": .null, "a.b": .bool(true),
        ])
        let text = String(decoding: object.canonicalBytes, as: UTF8.self)
        #expect(
            text
                == "{\"A\":4,\"a\":null,\"a.b\":true,\"e\u{301}\":3,\"z\":1,\"\u{E9}x\":2,\"\u{FF21}\":5,\"\u{1F600}\":6}"
        )
    }

    @Test func `slashes are not escaped, quotes and control characters are`() throws {
        let value = JSONValue.text("a/b\"c\\d\n\t\r\u{8}\u{C}\u{1F}\u{7F}é")
        #expect(
            String(decoding: value.canonicalBytes, as: UTF8.self)
                == #""a/b\"c\\d\n\t\r\b\f\u001f"# + "\u{7F}é\"")
        #expect(try JSONValue(parsing: value.canonicalBytes) == value)
    }

    @Test(arguments: [
        ("1.0", WireFault.Reason.notInteger), ("1e3", .notInteger), ("-0", .notInteger),
        ("9223372036854775808", .notInteger), ("-9223372036854775809", .notInteger),
        ("1" + String(repeating: "0", count: 400), .notInteger),
        ("01", .notJSON), ("-", .notJSON), ("+1", .notJSON), (".5", .notJSON),
        ("NaN", .notJSON), ("", .notJSON), (" ", .notJSON), ("{", .notJSON), ("[1,]", .notJSON),
        ("{\"a\":1,}", .notJSON), ("{a:1}", .notJSON), ("{'a':1}", .notJSON),
        ("{\"a\":1}{", .notJSON), ("1 2", .notJSON), ("\"\n\"", .notJSON),
        ("\"\\u0000\"", .notJSON), ("\"\\ud800\"", .notJSON), ("\"\\udc00\"", .notJSON),
        ("\"\\ud800\\u0041\"", .notJSON), ("\"\\x41\"", .notJSON), ("\"abc", .notJSON),
        ("tru", .notJSON), ("{\"a\":1,\"a\":2}", .duplicateKey),
        ("{\"a\":1,\"\\u0061\":1}", .duplicateKey),
        ("{\"\u{E9}\":1,\"e\u{301}\":2}", .duplicateKey),
        (
            String(repeating: "[", count: 18) + String(repeating: "]", count: 18), .tooDeep
        ),
        (String(repeating: "[", count: 100_000), .tooDeep),
    ])
    func `what is not our JSON is refused with its reason`(
        text: String, reason: WireFault.Reason
    ) {
        let fault = #expect(throws: WireFault.self) {
            try JSONValue(parsing: Array(text.utf8))
        }
        #expect(fault?.reason == reason)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        for bytes: [UInt8] in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xE4, 0xBD, 0x22],
        ] {
            let fault = #expect(throws: WireFault.self) { try JSONValue(parsing: bytes) }
            #expect(fault?.reason == .notUTF8)
        }
    }

    @Test func `the ends of 64 bits, escapes and surrogate pairs are read`() throws {
        #expect(
            try JSONValue(parsing: Array("[-9223372036854775808, 9223372036854775807,0]".utf8))
                == .array([.integer(.min), .integer(.max), .integer(0)]))
        #expect(
            try JSONValue(parsing: Array(#""\ud83d\ude00\u00e9\/""#.utf8)) == .text("😀é/"))
    }

    @Test func `base64 has one spelling for each sequence of bytes`() {
        #expect(Base64.standard.text([]) == "")
        #expect(Base64.standard.text(Array("foobar".utf8)) == "Zm9vYmFy")
        #expect(Base64.standard.text(Array("fooba".utf8)) == "Zm9vYmE=")
        #expect(Base64.standard.bytes("Zm9vYg==") == Array("foob".utf8))
        #expect(Base64.url.text([0xFB, 0xFF]) == "-_8")
        for text in ["Zm9vYh==", "Zm9vYg=", "Zm9vYg", "Zm9v Yg==", "Zm9vYg==\n", "-_8=", "===="] {
            #expect(Base64.standard.bytes(text) == nil, "\(text)")
        }
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ count) }
            #expect(Base64.standard.bytes(Base64.standard.text(bytes)) == bytes)
            #expect(Base64.url.bytes(Base64.url.text(bytes)) == bytes)
        }
    }
}
