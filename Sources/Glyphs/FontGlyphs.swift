internal import CFreeType
public import Receipts
internal import Synchronization

/// Characters drawn from font files, black and white.
///
/// - Shape: a character is looked for in the files in their order; of a file with several fonts the one
///   of equal widths for simplified Chinese is taken, when there is one.
/// - Source: FreeType 2. The library keeps state, so one drawing is made at a time.
public final class FontGlyphs: GlyphDrawing {
    private let fonts: Mutex<Fonts>

    /// Opens fonts.
    ///
    /// - Returns: nil when none of the files is a font.
    public init?(files: [String]) {
        guard let fonts = Fonts(files: files) else { return nil }
        self.fonts = Mutex(fonts)
    }

    /// Draws a character.
    ///
    /// - Refuses: what no font has, and signs that several characters make up: flags, families (nil). The
    ///   marks that only choose the look of an emoji are left out.
    public func glyph(_ character: Character, width: Int, height: Int, em: Int) -> DotPicture? {
        guard let scalar = Self.scalar(of: character) else { return nil }
        // A space has no dots, and needs no font.
        if scalar == " " { return DotPicture(width: width, height: height) }
        return fonts.withLock { $0.draw(scalar, width: width, height: height, em: em) }
    }

    private static func scalar(of character: Character) -> Unicode.Scalar? {
        let kept = character.unicodeScalars.filter {
            !$0.properties.isVariationSelector && !(0x1F3FB...0x1F3FF).contains($0.value)
        }
        return kept.count == 1 ? kept.first : nil
    }
}

/// FreeType's library with its open fonts; closed with the value.
private struct Fonts: ~Copyable {
    private let library: FT_Library
    private let faces: [FT_Face]

    init?(files: [String]) {
        var opened: FT_Library?
        guard FT_Init_FreeType(&opened) == 0, let opened else { return nil }
        let faces = files.compactMap { Self.open($0, opened) }
        guard !faces.isEmpty else {
            FT_Done_FreeType(opened)
            return nil
        }
        library = opened
        self.faces = faces
    }

    deinit {
        for face in faces { FT_Done_Face(face) }
        FT_Done_FreeType(library)
    }

    /// The best font of a file; nil when it is none.
    private static func open(_ file: String, _ library: FT_Library) -> FT_Face? {
        var best: FT_Face?
        var index = 0
        while true {
            var face: FT_Face?
            guard FT_New_Face(library, file, index, &face) == 0, let face else { break }
            index += 1
            if rank(face) > (best.map(rank) ?? -1) {
                if let best { FT_Done_Face(best) }
                best = face
            } else {
                FT_Done_Face(face)
            }
            if index >= face.pointee.num_faces { break }
        }
        return best
    }

    private static func rank(_ face: FT_Face) -> Int {
        guard let name = face.pointee.family_name.map({ String(cString: $0) }) else { return 0 }
        let isMono = name.split(separator: " ").contains("Mono")
        return (isMono ? 2 : 0) + (name.hasSuffix(" SC") ? 1 : 0)
    }

    func draw(_ scalar: Unicode.Scalar, width: Int, height: Int, em: Int) -> DotPicture? {
        for face in faces {
            let glyph = FT_Get_Char_Index(face, FT_ULong(scalar.value))
            if glyph != 0,
                let picture = draw(glyph, of: face, width: width, height: height, em: em)
            {
                return picture
            }
        }
        return nil
    }

    /// The glyph in the middle of its cell, made smaller where it does not fit.
    private func draw(
        _ glyph: FT_UInt, of face: FT_Face, width: Int, height: Int, em: Int
    ) -> DotPicture? {
        guard render(glyph, of: face, width: em, height: height) else { return nil }
        let bitmap = face.pointee.glyph.pointee.bitmap
        if bitmap.width > width || bitmap.rows > height {
            // Both ways alike, so that it keeps its shape.
            let (across, down) = (Int(bitmap.width), Int(bitmap.rows))
            let isWide = across * height > down * width
            let (kept, whole) = isWide ? (width, across) : (height, down)
            guard
                render(
                    glyph, of: face, width: max(1, em * kept / whole),
                    height: max(1, height * kept / whole))
            else { return nil }
        }
        return placed(face.pointee.glyph.pointee, width: width, height: height)
    }

    private func render(_ glyph: FT_UInt, of face: FT_Face, width: Int, height: Int) -> Bool {
        FT_Set_Pixel_Sizes(face, FT_UInt(width), FT_UInt(height)) == 0
            && glyphs_render_black_and_white(face, glyph) == 0
            && face.pointee.glyph.pointee.bitmap.pixel_mode == UInt8(FT_PIXEL_MODE_MONO.rawValue)
    }

    /// A Chinese character's square reaches 12 hundredths below the base line.
    private func placed(_ slot: FT_GlyphSlotRec, width: Int, height: Int) -> DotPicture {
        let bitmap = slot.bitmap
        let (across, down) = (Int(bitmap.width), Int(bitmap.rows))
        let advance = Int(slot.advance.x >> 6)
        let left = (width - advance) / 2 + Int(slot.bitmap_left)
        let top = height * 88 / 100 - Int(slot.bitmap_top)
        let column = max(0, min(left, width - across))
        let row = max(0, min(top, height - down))
        var picture = DotPicture(width: width, height: height)
        guard let buffer = bitmap.buffer else { return picture }
        for y in 0..<down {
            for x in 0..<across {
                let byte = buffer[y * Int(bitmap.pitch) + x / 8]
                if byte & (0x80 >> UInt8(x % 8)) != 0 {
                    picture.blacken(column: column + x, row: row + y)
                }
            }
        }
        return picture
    }
}
