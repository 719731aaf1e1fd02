/// Writes rows of CSV that spreadsheets open without guessing and without running anything.
///
/// - Shape: RFC 4180 with CR LF after each row; `header` begins with a UTF-8 byte order mark.
/// - Text that a spreadsheet would read as a formula (it begins with `= + - @`, their full-width
///   forms, a tab or a line end, after any spaces) gets an apostrophe in front.
/// - Identifiers of digits (card numbers, order numbers) are written as `="6231…"`: the only form
///   in which a spreadsheet neither rounds to 15 digits nor drops leading zeros. The form is used for
///   letters, digits, hyphen, asterisk and colon only, so nothing can be put into the formula.
public struct CSVWriter: Sendable {
    /// One field of a row.
    public enum Field: Sendable {
        /// Words that people typed.
        case text(String)
        /// An identifier that must stay exactly as it is.
        case identifier(String)
        /// A decimal number such as `-12.50`; anything else is written as text.
        case number(String)
    }

    private static let byteOrderMark = "\u{FEFF}"

    /// A writer; it has no state.
    public init() {}

    /// The first row: byte order mark and column names.
    public func header(_ names: [String]) -> String {
        Self.byteOrderMark + row(names.map(Field.text))
    }

    /// A row with its line end.
    public func row(_ fields: [Field]) -> String {
        fields.map(write).joined(separator: ",") + "\r\n"
    }

    private func write(_ field: Field) -> String {
        switch field {
        case .text(let text): Self.quoted(Self.disarmed(text))
        case .number(let text):
            Self.isNumber(text) ? text : Self.quoted(Self.disarmed(text))
        case .identifier(let text):
            Self.isIdentifier(text)
                ? "\"=\"\"\(text)\"\"\"" : Self.quoted(Self.disarmed(text))
        }
    }

    private static func disarmed(_ text: String) -> String {
        let dangerous: Set<Character> = [
            "=", "+", "-", "@", "\t", "\r", "\n", "\r\n", "＝", "＋", "－", "＠",
        ]
        let first = text.first { $0 != " " && $0 != "\u{3000}" }
        return first.map(dangerous.contains) == true ? "'" + text : text
    }

    private static func quoted(_ text: String) -> String {
        let needsQuotes = text.unicodeScalars.contains {
            $0 == "\"" || $0 == "," || $0 == "\r" || $0 == "\n" || $0 == " " || $0 == "\t"
        }
        guard needsQuotes else { return text }
        return text.csvQuoted
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
    }

    private static func isIdentifier(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"),
                    UInt8(ascii: "*"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}

extension String {
    /// In quotes, whatever it holds (RFC 4180, section 2). For machines: nothing in it is disarmed.
    public var csvQuoted: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
