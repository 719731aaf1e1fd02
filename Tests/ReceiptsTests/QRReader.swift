import Receipts

/// Reads an undamaged symbol of correction "medium" and version 1–20 by the standard's own rules
/// (ISO/IEC 18004 §7), so that the encoder is not checked with itself.
struct QRReader {
    private let symbol: QRSymbol
    private let version: Int

    init(_ symbol: QRSymbol) {
        self.symbol = symbol
        version = (symbol.width - 17) / 4
    }

    /// The text of the one byte segment, nil when the symbol is not of that form.
    var text: String? {
        guard (1...20).contains(version) else { return nil }
        let bits = data.flatMap { byte in (0..<8).map { (byte >> (7 - $0)) & 1 } }
        func number(_ from: Int, _ count: Int) -> Int {
            bits[from..<from + count].reduce(0) { $0 << 1 | Int($1) }
        }
        guard number(0, 4) == 0b0100 else { return nil }
        let countBits = version < 10 ? 8 : 16
        let count = number(4, countBits)
        let bytes = (0..<count).map { UInt8(number(4 + countBits + 8 * $0, 8)) }
        return String(validating: bytes, as: UTF8.self)
    }

    /// (blocks and data codewords of group 1, of group 2).
    private static let blocks: [(Int, Int, Int, Int)] = [
        (1, 16, 0, 0), (1, 28, 0, 0), (1, 44, 0, 0), (2, 32, 0, 0), (2, 43, 0, 0),
        (4, 27, 0, 0), (4, 31, 0, 0), (2, 38, 2, 39), (3, 36, 2, 37), (4, 43, 1, 44),
        (1, 50, 4, 51), (6, 36, 2, 37), (8, 37, 1, 38), (4, 40, 5, 41), (5, 41, 5, 42),
        (7, 45, 3, 46), (10, 46, 1, 47), (9, 43, 4, 44), (3, 44, 11, 45), (3, 41, 13, 42),
    ]

    private static let alignments: [[Int]] = [
        [], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46],
        [6, 28, 50], [6, 30, 54], [6, 32, 58], [6, 34, 62], [6, 26, 46, 66], [6, 26, 48, 70],
        [6, 26, 50, 74], [6, 30, 54, 78], [6, 30, 56, 82], [6, 30, 58, 86], [6, 34, 62, 90],
    ]

    /// Data codewords in order, taken out of their interleaved blocks.
    private var data: [UInt8] {
        let (first, firstCount, second, secondCount) = Self.blocks[version - 1]
        let sizes =
            Array(repeating: firstCount, count: first)
            + Array(repeating: secondCount, count: second)
        var parts = [[UInt8]](repeating: [], count: sizes.count)
        var stream = codewords.makeIterator()
        for index in 0..<(sizes.max() ?? 0) {
            for block in sizes.indices where index < sizes[block] {
                if let byte = stream.next() { parts[block].append(byte) }
            }
        }
        return parts.flatMap(\.self)
    }

    /// All codewords as they lie in the symbol, upwards and downwards in columns of two.
    private var codewords: [UInt8] {
        var bits: [UInt8] = []
        var isUpward = true
        var right = symbol.width - 1
        while right > 0 {
            if right == 6 { right -= 1 }
            for step in 0..<symbol.width {
                let row = isUpward ? symbol.width - 1 - step : step
                for column in [right, right - 1] where !isFunction(column, row) {
                    let dark = symbol.isDark(column: column, row: row)
                    bits.append(dark != isMasked(column, row) ? 1 : 0)
                }
            }
            isUpward.toggle()
            right -= 2
        }
        return stride(from: 0, to: bits.count - 7, by: 8).map { start in
            bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
        }
    }

    /// The mask's number: bits 12 to 10 of the format, itself masked with 101010000010010.
    private var mask: Int {
        let written = [2, 3, 4].map { symbol.isDark(column: $0, row: 8) ? 1 : 0 }
        return (written[0] << 2 | written[1] << 1 | written[2]) ^ 0b101
    }

    private func isMasked(_ column: Int, _ row: Int) -> Bool {
        switch mask {
        case 0: (row + column) % 2 == 0
        case 1: row % 2 == 0
        case 2: column % 3 == 0
        case 3: (row + column) % 3 == 0
        case 4: (row / 2 + column / 3) % 2 == 0
        case 5: row * column % 2 + row * column % 3 == 0
        case 6: (row * column % 2 + row * column % 3) % 2 == 0
        default: ((row + column) % 2 + row * column % 3) % 2 == 0
        }
    }

    private func isFunction(_ column: Int, _ row: Int) -> Bool {
        let width = symbol.width
        let isFinder =
            (column < 9 && row < 9) || (column >= width - 8 && row < 9)
            || (column < 9 && row >= width - 8)
        if isFinder || column == 6 || row == 6 { return true }
        if version >= 7 {
            let isVersion = (column >= width - 11 && row < 6) || (row >= width - 11 && column < 6)
            if isVersion { return true }
        }
        let centres = Self.alignments[version - 1]
        for x in centres {
            for y in centres where abs(column - x) <= 2 && abs(row - y) <= 2 {
                let last = width - 7
                let isAtFinder =
                    (x == 6 && y == 6) || (x == 6 && y == last) || (x == last && y == 6)
                if !isAtFinder { return true }
            }
        }
        return false
    }
}
