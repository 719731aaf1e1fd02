/// Dots of a printer's head, black or white.
public struct DotPicture: Sendable, Hashable {
    /// Dots across.
    public let width: Int
    /// Rows of dots.
    public let height: Int
    /// Row by row from the top, each row in whole bytes, the leftmost dot in the highest bit.
    private(set) var bytes: [UInt8]

    /// A white picture.
    ///
    /// - Parameters: `width` and `height` are 0 or more.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
        bytes = Array(repeating: 0, count: (width + 7) / 8 * height)
    }

    var bytesPerRow: Int { (width + 7) / 8 }

    /// Whether the dot is black; outside the picture all is white.
    public func isBlack(column: Int, row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<height).contains(row) else { return false }
        return bytes[row * bytesPerRow + column / 8] & mask(column) != 0
    }

    /// Makes a dot black; outside the picture nothing happens.
    public mutating func blacken(column: Int, row: Int) {
        guard (0..<width).contains(column), (0..<height).contains(row) else { return }
        bytes[row * bytesPerRow + column / 8] |= mask(column)
    }

    /// Lays another picture over this one.
    mutating func lay(_ other: DotPicture, column: Int, row: Int) {
        for y in 0..<other.height {
            for x in 0..<other.width where other.isBlack(column: x, row: y) {
                blacken(column: column + x, row: row + y)
            }
        }
    }

    private func mask(_ column: Int) -> UInt8 { 0x80 >> UInt8(column % 8) }
}

/// Draws characters that a printer has no code for.
public protocol GlyphDrawing: Sendable {
    /// The character in its cell; nil when there is no drawing of it.
    ///
    /// - Parameters: `width` and `height` of the cell in dots; `em` is the width of a Chinese
    ///   character at that size, so that half of it is a Latin letter's.
    func glyph(_ character: Character, width: Int, height: Int, em: Int) -> DotPicture?
}
