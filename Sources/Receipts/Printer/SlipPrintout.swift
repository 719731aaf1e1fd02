/// A slip as the bytes an ESC/POS printer takes.
///
/// - Shape: begins with initialisation and Chinese mode, so that the first line is right after
///   power-on; ends with feed and cut. Rows break as in ``SlipText``; total and title are higher, the
///   store's name is twice as large. Data never holds a control byte. A row with a character that the
///   printer lacks is a picture where there is somebody to draw it, else it shows 〓 there.
/// - Source: the commands of EPSON's ESC/POS reference that printers of this kind share. O-22, O-23.
public struct SlipPrintout: Sendable {
    private let paper: SlipPaper
    private let encoding: PrinterEncoding
    private let pictures: LinePicture?

    /// A rendering for a printer.
    ///
    /// - Parameter glyphs: draws what the printer lacks; nil where a printer shall get text only.
    public init(
        paper: SlipPaper, encoding: PrinterEncoding, glyphs: (any GlyphDrawing)? = nil
    ) {
        self.paper = paper
        self.encoding = encoding
        pictures = glyphs.map { LinePicture(encoding: encoding, glyphs: $0) }
    }

    /// The bytes of one slip.
    public func render(_ document: SlipDocument) -> [UInt8] {
        Command.initialise + Command.chineseMode + document.rows.flatMap(row) + Command.feedAndCut
    }

    private func row(_ row: SlipDocument.Row) -> [UInt8] {
        switch row {
        case .store(let text): large(text)
        case .title(let text): styled(.tall, SlipText(columns: paper.columns).centred(text))
        case .boxed(let text): large("*** " + text + " ***")
        case .total: styled(.tall, SlipText(columns: paper.columns).lines(row))
        case .barcode(let text): barcode(text)
        case .signedCode(let text): code(text)
        case .centred, .rule, .pair, .item, .signature:
            lines(SlipText(columns: paper.columns).lines(row))
        }
    }

    private func large(_ text: String) -> [UInt8] {
        styled(.large, SlipText(columns: paper.columns / 2).centred(text))
    }

    private func styled(_ style: Command.Size, _ rows: [String]) -> [UInt8] {
        Command.size(style) + lines(rows, style) + Command.size(.normal)
    }

    private func lines(_ rows: [String], _ style: Command.Size = .normal) -> [UInt8] {
        rows.map(SlipText.trimmedEnd).flatMap { row in
            pictures?.bytes(row, wide: style == .large ? 2 : 1, tall: style == .normal ? 1 : 2)
                ?? encoding.bytes(row) + [Command.lineFeed]
        }
    }

    /// The bars where they fit with quiet zones, else without the hyphens; always the text.
    private func barcode(_ text: String) -> [UInt8] {
        let shorter = text.replacing("-", with: "")
        let runs = [text, shorter].lazy.compactMap(Code128.runs).first {
            (Code128.moduleCount($0) + 20) * Command.moduleDots <= paper.dots
        }
        let number = lines(SlipText(columns: paper.columns).centred(text))
        guard let runs else { return number }
        return Command.centred(Command.barcode(runs)) + number
    }

    private func code(_ text: String) -> [UInt8] {
        Command.centred(Command.code(Array(text.utf8), moduleDots: paper == .wide ? 5 : 4))
    }
}

/// The commands in use.
private enum Command {
    static let lineFeed: UInt8 = 0x0A
    /// Of bar codes: the least that counter scanners read at 203 dots an inch.
    static let moduleDots = 2
    static let initialise: [UInt8] = [0x1B, 0x40]
    static let chineseMode: [UInt8] = [0x1C, 0x26]
    /// Three lines up to the edge, then a cut; printers without a cutter feed only.
    static let feedAndCut: [UInt8] = [0x1B, 0x64, 0x03, 0x1D, 0x56, 0x42, 0x00]

    enum Size {
        case normal
        case tall
        case large
    }

    /// For Latin and for Chinese characters: some printers keep the two apart.
    static func size(_ size: Size) -> [UInt8] {
        switch size {
        case .normal: [0x1D, 0x21, 0x00, 0x1C, 0x21, 0x00]
        case .tall: [0x1D, 0x21, 0x01, 0x1C, 0x21, 0x08]
        case .large: [0x1D, 0x21, 0x11, 0x1C, 0x21, 0x0C]
        }
    }

    static func centred(_ bytes: [UInt8]) -> [UInt8] {
        [0x1B, 0x61, 0x01] + bytes + [0x1B, 0x61, 0x00]
    }

    /// `GS k 73`: height 64 dots, no text below.
    static func barcode(_ runs: [Code128.Run]) -> [UInt8] {
        var data: [UInt8] = []
        for run in runs {
            let bytes = Array(run.characters.utf8)
            switch run.set {
            case .text:
                // A brace opens a change of set; doubled it is itself.
                data += [0x7B, 0x42] + bytes.flatMap { $0 == 0x7B ? [$0, $0] : [$0] }
            case .digits:
                data += [0x7B, 0x43]
                data += stride(from: 0, to: bytes.count, by: 2).map {
                    (bytes[$0] - 0x30) * 10 + bytes[$0 + 1] - 0x30
                }
            }
        }
        return [0x1D, 0x68, 64, 0x1D, 0x77, UInt8(moduleDots), 0x1D, 0x48, 0x00]
            + [0x1D, 0x6B, 73, UInt8(data.count)] + data
    }

    /// `GS ( k`: QR code model 2, error correction M.
    static func code(_ data: [UInt8], moduleDots: UInt8) -> [UInt8] {
        func function(_ number: UInt8, _ parameters: [UInt8]) -> [UInt8] {
            let count = parameters.count + 2
            return [0x1D, 0x28, 0x6B, UInt8(count & 0xFF), UInt8(count >> 8), 49, number]
                + parameters
        }
        return function(65, [50, 0]) + function(67, [moduleDots]) + function(69, [49])
            + function(80, [48] + data) + function(81, [48])
    }
}
