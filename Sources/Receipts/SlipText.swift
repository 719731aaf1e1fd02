/// A slip in columns of characters of one width, as receipt printers have them.
///
/// - Shape: a character outside ASCII takes two columns, as it does in GB 18030 on such printers;
///   `¥` is written `￥` for the same reason. No row is wider than the paper; rows end without
///   spaces; the text ends with a line end.
public struct SlipText: Sendable {
    /// Columns of the paper: 32 on 58 mm, 48 on 80 mm.
    public let columns: Int

    /// - Parameter columns: 16 or more.
    public init(columns: Int) {
        precondition(columns >= 16, "a slip of \(columns) columns")
        self.columns = columns
    }

    /// The slip as lines.
    public func render(_ document: SlipDocument) -> String {
        document.rows.flatMap(lines).map { Self.trimmedEnd($0) + "\n" }.joined()
    }

    func lines(_ row: SlipDocument.Row) -> [String] {
        switch row {
        case .store(let text), .title(let text), .centred(let text): centred(text)
        case .boxed(let text): centred("*** " + text + " ***")
        case .rule: [String(repeating: "-", count: columns)]
        case .pair(let label, let value), .total(let label, let value): pair(label, value)
        case .item(let name, let count, let amount, let note):
            wrapped(name) + pair("  " + count, amount) + (note.map { wrapped($0, indent: 2) } ?? [])
        case .signature(let label):
            [label + ":", "", "", String(repeating: "_", count: columns)]
        case .barcode(let text): centred(text)
        // Only a printer or a picture can show it.
        case .signedCode: []
        }
    }

    private func pair(_ label: String, _ value: String) -> [String] {
        let value = Self.onPaper(value)
        let room = columns - Self.width(label) - Self.width(value)
        guard room < 1 else { return [label + String(repeating: " ", count: room) + value] }
        return wrapped(label) + wrapped(value, indent: 2)
    }

    func centred(_ text: String) -> [String] {
        wrapped(text).map {
            String(repeating: " ", count: (columns - Self.width($0)) / 2) + $0
        }
    }

    private func wrapped(_ text: String, indent: Int = 0) -> [String] {
        let margin = String(repeating: " ", count: indent)
        return Self.wrap(Self.onPaper(text), columns: columns - indent).map { margin + $0 }
    }

    private static func onPaper(_ text: String) -> String {
        String(text.map { $0 == "¥" ? "￥" : $0 })
    }

    static func trimmedEnd(_ line: String) -> String {
        guard let last = line.lastIndex(where: { $0 != " " }) else { return "" }
        return String(line[...last])
    }

    /// Columns that the text takes.
    public static func width(_ text: String) -> Int {
        text.reduce(0) { $0 + width($1) }
    }

    private static func width(_ character: Character) -> Int { character.isASCII ? 1 : 2 }

    /// Breaks the text into rows of at most so many columns: between any two characters of
    /// Chinese, at a space within words of letters unless the word is longer than half a row.
    static func wrap(_ text: String, columns: Int) -> [String] {
        var rows: [String] = []
        var row = ""
        for character in text {
            if width(row) + width(character) > columns {
                var carried = ""
                if character.isASCII, character != " ", let space = row.lastIndex(of: " ") {
                    let tail = row[row.index(after: space)...]
                    if tail.allSatisfy(\.isASCII), tail.count <= columns / 2 {
                        carried = String(tail)
                        row = String(row[..<space])
                    }
                }
                rows.append(row)
                row = carried
            }
            if row.isEmpty, character == " ", !rows.isEmpty { continue }
            row.append(character)
        }
        return rows + [row]
    }

    /// The text within `limit` characters, without control, direction and invisible characters,
    /// and with each run of white space as one space.
    static func clean(_ text: String, _ limit: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .spaceSeparator:
                if scalars.last != " " { scalars.append(" ") }
            case .format, .surrogate, .privateUse, .unassigned: continue
            default: scalars.append(scalar)
            }
        }
        let cleaned = String(scalars).drop { $0 == " " }
        let kept = cleaned.count <= limit ? String(cleaned) : cleaned.prefix(limit - 1) + "…"
        return trimmedEnd(kept)
    }
}
