/// A slip as a part of a page, with the classes of the shared style sheet.
///
/// - Shape: one `<article class="slip">`; every text is escaped; no style and no script. A page
///   puts it in unescaped (`{{{slipHTML}}}`).
public struct SlipHTML: Sendable {
    private let paper: SlipPaper

    /// A rendering for a paper.
    public init(paper: SlipPaper) {
        self.paper = paper
    }

    /// The slip as HTML.
    public func render(_ document: SlipDocument) -> String {
        let size = paper == .narrow ? "slip slip-58" : "slip slip-80"
        let rows = document.rows.map(row).filter { !$0.isEmpty }
        return "<article class=\"\(size)\">\n" + rows.joined(separator: "\n") + "\n</article>\n"
    }

    private func row(_ row: SlipDocument.Row) -> String {
        switch row {
        case .store(let text): paragraph("slip-store", text)
        case .title(let text): paragraph("slip-title", text)
        case .centred(let text): paragraph("slip-centre", text)
        case .boxed(let text): paragraph("slip-test", text)
        case .rule: "<hr class=\"slip-rule\">"
        case .pair(let label, let value): pair("slip-pair", label, value)
        case .total(let label, let value): pair("slip-pair slip-total", label, value)
        case .item(let name, let count, let amount, let note):
            "<div class=\"slip-line\">" + paragraph("slip-name", name)
                + pair("slip-pair", count, amount)
                + (note.map { paragraph("slip-note", $0) } ?? "") + "</div>"
        case .signature(let label): paragraph("slip-sign", label)
        case .barcode(let text): barcode(text)
        case .signedCode(let text): code(text)
        }
    }

    private func paragraph(_ style: String, _ text: String) -> String {
        "<p class=\"\(style)\">\(Self.escaped(text))</p>"
    }

    private func pair(_ style: String, _ label: String, _ value: String) -> String {
        "<p class=\"\(style)\"><span>\(Self.escaped(label))</span>"
            + "<span>\(Self.escaped(value))</span></p>"
    }

    private func code(_ text: String) -> String {
        guard let symbol = try? QRSymbol(text) else { return "" }
        return "<div class=\"slip-code\">" + symbol.svg(title: "QR") + "</div>"
    }

    private func barcode(_ text: String) -> String {
        guard let bars = Code128.bars(text) else { return paragraph("slip-centre", text) }
        var shapes = ""
        var left = 0
        for (index, width) in bars.enumerated() {
            if index.isMultiple(of: 2) {
                shapes += "<rect x=\"\(left)\" y=\"0\" width=\"\(width)\" height=\"40\"/>"
            }
            left += width
        }
        return "<svg class=\"slip-barcode\" viewBox=\"0 0 \(left) 40\" width=\"\(left)\" "
            + "height=\"40\" preserveAspectRatio=\"none\" role=\"img\" "
            + "aria-label=\"\(Self.escaped(text))\">\(shapes)</svg>"
            + paragraph("slip-centre", text)
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.append(character)
            }
        }
    }
}
