/// A row of a slip as dots, for a character that the printer has no code for.
///
/// - Shape: every character stands in the columns where ``SlipText`` counted it, 12 × 24 dots a column,
///   so that amounts stay below each other whether the row is sent as text or as picture.
struct LinePicture {
    /// Between two rows: printers feed 30 dots a row of 24.
    static let leading = 6
    /// What stands for a character that no font has either.
    private static let substitute: Character = "〓"

    let encoding: PrinterEncoding
    let glyphs: any GlyphDrawing

    /// The bytes of the row; nil when text does as well: the printer has every character, or nobody can
    /// draw those it lacks.
    ///
    /// - Parameters: `wide` and `tall` are 1 or 2, the times that a character is larger.
    func bytes(_ row: String, wide: Int, tall: Int) -> [UInt8]? {
        let (width, height) = (12 * wide, 24 * tall)
        func draw(_ character: Character) -> DotPicture? {
            glyphs.glyph(
                character, width: width * SlipText.width(String(character)), height: height,
                em: 2 * width)
        }
        let lacking = row.filter { !encoding.covers(String($0)) }
        guard lacking.contains(where: { draw($0) != nil }) else { return nil }
        var picture = DotPicture(
            width: width * SlipText.width(row), height: height + Self.leading)
        var column = 0
        for character in row {
            if let glyph = draw(character) ?? draw(Self.substitute) {
                picture.lay(glyph, column: column, row: 0)
            }
            column += width * SlipText.width(String(character))
        }
        return Self.command(picture)
    }

    /// `GS v 0`, one dot a dot.
    ///
    /// - Source: EPSON's ESC/POS reference. Printers work `DLE EOT`, `DLE ENQ` and `DLE DC4` out of the
    ///   stream at once, within the data of a picture too: there a further dot stands beside, which no
    ///   eye finds.
    static func command(_ picture: DotPicture) -> [UInt8] {
        let (width, height) = (picture.bytesPerRow, picture.height)
        var data = picture.bytes
        for index in data.indices.dropLast()
        where data[index] == 0x10 && [0x04, 0x05, 0x14].contains(data[index + 1]) {
            data[index] = 0x18
        }
        return [
            0x1D, 0x76, 0x30, 0x00, UInt8(width & 0xFF), UInt8(width >> 8), UInt8(height & 0xFF),
            UInt8(height >> 8),
        ] + data
    }
}
