import Receipts

/// Draws a printed slip as it lies on the counter: an SVG of the printer's dots, 8 to a millimetre.
enum PaperPicture {
    private static let margin = 24
    private static let lineHeight = 30

    /// The picture with its size.
    static func svg(_ slip: PrintedSlip, columns: Int) -> (text: String, width: Int, height: Int) {
        let width = columns * 12
        var top = margin
        var shapes = ""
        for row in slip.rows {
            let (shape, height) = draw(row, width: width)
            shapes += "<g transform=\"translate(\(margin) \(top))\">\(shape)</g>\n"
            top += height
        }
        if !slip.isWhole {
            shapes +=
                "<path d=\"M0 \(top)l20 14l20 -14l20 14l20 -14\" stroke=\"#c00\" fill=\"none\"/>"
        }
        let size = (width + 2 * margin, top + margin)
        let text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(size.0)" height="\(size.1)" \
            viewBox="0 0 \(size.0) \(size.1)" font-family="Noto Sans Mono CJK SC, monospace" \
            font-size="24" xml:space="preserve"><rect width="100%" height="100%" fill="#fff"/>
            \(shapes)</svg>

            """
        return (text, size.0, size.1)
    }

    private static func draw(
        _ row: PrintedSlip.Row, width: Int
    ) -> (shape: String, height: Int) {
        switch row {
        case .text(let spans): line(spans)
        case .barcode(let text, let dots): bars(text, dots: dots, width: width)
        case .code(let text, let dots): code(text, dots: dots, width: width)
        case .raster(let count, let bytes): raster(bytes, bytesPerRow: count)
        }
    }

    private static func line(_ spans: [PrintedSlip.Span]) -> (String, Int) {
        var column = 0
        var shape = ""
        let scale = spans.contains(where: \.isTall) ? 2 : 1
        for span in spans {
            let wide = span.isWide ? 2 : 1
            let tall = span.isTall ? 2 : 1
            for character in span.text {
                let columns = character.isASCII ? 1 : 2
                if character != " " {
                    shape += "<text transform=\"translate(\(column * 12) \(scale * 23)) "
                    shape += "scale(\(wide) \(tall))\">\(escaped(character))</text>"
                }
                column += columns * wide
            }
        }
        return (shape, scale * lineHeight)
    }

    private static func bars(_ text: String, dots: Int, width: Int) -> (String, Int) {
        guard let widths = Code128.bars(text) else { return ("", 0) }
        var left = (width - widths.reduce(0, +) * dots) / 2
        var shape = ""
        for (index, bar) in widths.enumerated() {
            if index.isMultiple(of: 2) {
                shape += "<rect x=\"\(left)\" y=\"4\" width=\"\(bar * dots)\" height=\"64\"/>"
            }
            left += bar * dots
        }
        return (shape, 74)
    }

    private static func code(_ text: String, dots: Int, width: Int) -> (String, Int) {
        guard let symbol = try? QRSymbol(text) else { return ("", 0) }
        let left = (width - symbol.width * dots) / 2
        var shape = ""
        for row in 0..<symbol.width {
            for column in 0..<symbol.width where symbol.isDark(column: column, row: row) {
                shape += "<rect x=\"\(left + column * dots)\" y=\"\(8 + row * dots)\" "
                shape += "width=\"\(dots)\" height=\"\(dots)\"/>"
            }
        }
        return (shape, symbol.width * dots + 16)
    }

    private static func raster(_ bytes: [UInt8], bytesPerRow: Int) -> (String, Int) {
        guard bytesPerRow > 0 else { return ("", 0) }
        var shape = ""
        for (index, byte) in bytes.enumerated() where byte != 0 {
            for bit in 0..<8 where byte & (0x80 >> UInt8(bit)) != 0 {
                shape += "<rect x=\"\(index % bytesPerRow * 8 + bit)\" "
                shape += "y=\"\(index / bytesPerRow)\" width=\"1\" height=\"1\"/>"
            }
        }
        return (shape, bytes.count / bytesPerRow)
    }

    private static func escaped(_ character: Character) -> String {
        switch character {
        case "<": "&lt;"
        case "&": "&amp;"
        default: String(character)
        }
    }
}
