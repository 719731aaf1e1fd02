// ESC/POS as the virtual printer understands it: bytes in, what a person would see out. It is written from the
// printer's side of the manual and knows nothing of how a till makes slips.

import Foundation

/// A piece of printed paper, from the first byte to the cut.
public struct PrintedSlip: Sendable {
    /// Characters of one look.
    public struct Span: Sendable, Equatable {
        /// The characters.
        public let text: String
        /// Twice as wide.
        public let isWide: Bool
        /// Twice as high.
        public let isTall: Bool
    }

    /// What stands under each other on the paper.
    public enum Row: Sendable, Equatable {
        /// A line of characters.
        case text([Span])
        /// A Code 128 bar code, with the dots of its narrowest bar.
        case barcode(String, moduleDots: Int)
        /// A QR code, with the dots of a module.
        case code(String, moduleDots: Int)
        /// Dots: bytes a row, rows from the top.
        case raster(bytesPerRow: Int, bytes: [UInt8])
    }

    /// From top to bottom.
    public let rows: [Row]
    /// The bytes as they came.
    public let bytes: [UInt8]
    /// Whether it was cut off; else the connection ended before.
    public let isWhole: Bool
    /// When its first byte came.
    public let began: ContinuousClock.Instant

    /// The characters alone, a line a row.
    public var text: String {
        rows.map { row in
            switch row {
            case .text(let spans): spans.map(\.text).joined() + "\n"
            case .barcode(let text, _): "[|||| \(text)]\n"
            case .code(let text, _): "[QR \(text)]\n"
            case .raster(let count, let bytes):
                "[dots \(count * 8) x \(bytes.count / max(1, count))]\n"
            }
        }.joined()
    }
}

/// Reads a stream of ESC/POS commands.
struct EscPosReader {
    /// What a command asks for.
    enum Event: Equatable {
        /// `DLE EOT n`, answered at once whatever else is waiting.
        case stateAsked(UInt8)
        /// `GS r 1`, answered in its turn.
        case confirmationAsked
        /// Something for the paper.
        case row(PrintedSlip.Row)
        /// The paper is cut.
        case cut
    }

    let columns: Int
    private var input: [UInt8] = []
    private var isChinese = false
    private var isWide = false
    private var isTall = false
    private var spans: [PrintedSlip.Span] = []
    private var column = 0
    private var moduleDots = 3
    private var codeDots = 3
    private var code = ""

    init(columns: Int) {
        self.columns = columns
    }

    /// Takes a byte and tells what is complete with it.
    mutating func take(_ byte: UInt8) -> [Event] {
        input.append(byte)
        guard let (length, events) = command() else { return [] }
        input.removeFirst(length)
        return events
    }

    /// The command at the start of the input; nil while it is not complete.
    private mutating func command() -> (Int, [Event])? {
        switch input[0] {
        case 0x10:
            guard input.count >= 3 else { return nil }
            return (3, input[1] == 0x04 ? [.stateAsked(input[2])] : [])
        case 0x1B: return escape()
        case 0x1C: return chinese()
        case 0x1D: return group()
        case 0x0A: return (1, [lineEnded()])
        case 0x00..<0x20: return (1, [])
        case 0x81...0xFE: return wideCharacter()
        default:
            return (1, add(String(UnicodeScalar(input[0])), columns: 1))
        }
    }

    private mutating func escape() -> (Int, [Event])? {
        guard input.count >= 2 else { return nil }
        switch input[1] {
        case 0x40:
            self = Self(columns: columns, input: input)
            return (2, [])
        case 0x61, 0x45, 0x4D, 0x21, 0x33: return input.count >= 3 ? (3, []) : nil
        case 0x64:
            guard input.count >= 3 else { return nil }
            return (3, (0..<Int(input[2])).map { _ in .row(.text([])) })
        default: return (2, [])
        }
    }

    private mutating func chinese() -> (Int, [Event])? {
        guard input.count >= 2 else { return nil }
        switch input[1] {
        case 0x26: isChinese = true
        case 0x2E: isChinese = false
        case 0x21:
            guard input.count >= 3 else { return nil }
            return (3, [])
        default: break
        }
        return (2, [])
    }

    private mutating func group() -> (Int, [Event])? {
        guard input.count >= 2 else { return nil }
        switch input[1] {
        case 0x21:
            guard input.count >= 3 else { return nil }
            isWide = input[2] & 0xF0 != 0
            isTall = input[2] & 0x0F != 0
            return (3, [])
        case 0x72: return input.count >= 3 ? (3, [.confirmationAsked]) : nil
        case 0x77:
            guard input.count >= 3 else { return nil }
            moduleDots = Int(input[2])
            return (3, [])
        case 0x48, 0x68, 0x66: return input.count >= 3 ? (3, []) : nil
        case 0x56:
            guard input.count >= 3 else { return nil }
            let length = input[2] >= 65 ? 4 : 3
            return input.count >= length ? (length, [.cut]) : nil
        case 0x6B: return barcode()
        case 0x28: return function()
        case 0x76: return raster()
        default: return (2, [])
        }
    }

    private mutating func barcode() -> (Int, [Event])? {
        guard input.count >= 4, input.count >= 4 + Int(input[3]) else { return nil }
        let length = 4 + Int(input[3])
        var text = ""
        var isPairs = false
        var data = input[4..<length]
        while let byte = data.popFirst() {
            if byte == 0x7B, let next = data.first {
                data = data.dropFirst()
                switch next {
                case 0x43: isPairs = true
                case 0x42: isPairs = false
                default: text += "{"
                }
            } else {
                text += isPairs ? (byte < 10 ? "0\(byte)" : "\(byte)") : String(UnicodeScalar(byte))
            }
        }
        return (length, [.row(.barcode(text, moduleDots: moduleDots))])
    }

    private mutating func function() -> (Int, [Event])? {
        guard input.count >= 5 else { return nil }
        let length = 5 + Int(input[3]) + Int(input[4]) << 8
        guard input.count >= length else { return nil }
        guard input[2] == 0x6B, length >= 7 else { return (length, []) }
        switch input[6] {
        case 67: codeDots = Int(input[7])
        case 80: code = String(decoding: input[8..<length], as: UTF8.self)
        case 81: return (length, [.row(.code(code, moduleDots: codeDots))])
        default: break
        }
        return (length, [])
    }

    private func raster() -> (Int, [Event])? {
        guard input.count >= 8 else { return nil }
        let width = Int(input[4]) + Int(input[5]) << 8
        let length = 8 + width * (Int(input[6]) + Int(input[7]) << 8)
        guard input.count >= length else { return nil }
        return (length, [.row(.raster(bytesPerRow: width, bytes: Array(input[8..<length])))])
    }

    /// Two bytes or four; without Chinese mode each byte is a sign of another code page.
    private mutating func wideCharacter() -> (Int, [Event])? {
        guard isChinese else { return (1, add("¿", columns: 1)) }
        guard input.count >= 2 else { return nil }
        let length = (0x30...0x39).contains(input[1]) ? 4 : 2
        guard input.count >= length else { return nil }
        let encoding = String.Encoding(rawValue: 0x8000_0632)
        let text = String(data: Data(input[..<length]), encoding: encoding) ?? "¿"
        return (length, add(text, columns: 2))
    }

    /// A character that does not fit goes to the next line, as on a printer.
    private mutating func add(_ text: String, columns width: Int) -> [Event] {
        let width = width * (isWide ? 2 : 1)
        let events = column + width > columns ? [lineEnded()] : []
        column += width
        if let last = spans.last, last.isWide == isWide, last.isTall == isTall {
            spans[spans.count - 1] = .init(text: last.text + text, isWide: isWide, isTall: isTall)
        } else {
            spans.append(.init(text: text, isWide: isWide, isTall: isTall))
        }
        return events
    }

    private mutating func lineEnded() -> Event {
        defer {
            spans = []
            column = 0
        }
        return .row(.text(spans))
    }

    private init(columns: Int, input: [UInt8]) {
        self.columns = columns
        self.input = input
    }
}
