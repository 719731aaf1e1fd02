// A card-face picture from outside. Only one plain kind of PNG is taken (ISO/IEC 15948: 8 bits a sample, not interlaced),
// every length is checked before anything is unpacked, the pixels may unpack to exactly what the header announces and no
// more, and what is kept is written anew: header, palette, transparency, pixels. Whatever else the file held is gone.

import Journal

/// A checked picture.
struct FacePicture: Sendable, Equatable {
    let width: Int
    let height: Int
    /// PNG as head office wrote it.
    let bytes: [UInt8]

    /// Largest file taken.
    static let byteCountMax = 2 << 20
    /// Smallest and largest side, in pixels.
    static let sides = 200...2_000

    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private struct Header {
        let width: Int
        let height: Int
        let colourType: UInt8

        /// Bytes of a row, its filter's number included.
        var rowByteCount: Int { 1 + width * (Self.samples[colourType] ?? 0) }
        /// Samples a pixel by colour type: grey, true colour, palette, each with alpha.
        static let samples: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]
    }

    private struct Chunk {
        let type: String
        let data: ArraySlice<UInt8>
    }

    /// Checks a file and writes it anew.
    ///
    /// - Refuses, first match wins: `.pictureTooLarge` for the file or its sides, `.pictureNotPNG`.
    init(upload: [UInt8]) throws(ProgrammesRefusal) {
        guard upload.count <= Self.byteCountMax else { throw .pictureTooLarge }
        guard upload.starts(with: Self.signature) else { throw .pictureNotPNG }
        let chunks = try Self.chunks(of: upload[Self.signature.count...])
        guard let first = chunks.first, first.type == "IHDR" else { throw .pictureNotPNG }
        let header = try Self.header(first.data)
        let others = chunks.dropFirst()
        guard others.last?.type == "IEND", others.last?.data.isEmpty == true,
            others.dropLast().allSatisfy({ Self.isKnown($0.type) })
        else { throw .pictureNotPNG }
        let palette = others.first { $0.type == "PLTE" }
        let transparency = others.first { $0.type == "tRNS" }
        guard Self.fits(palette: palette?.data, transparency?.data, header) else {
            throw .pictureNotPNG
        }
        let packed = others.filter { $0.type == "IDAT" }.flatMap(\.data)
        let pixels = try Self.pixels(packed, header)
        var written = Self.signature
        Self.write("IHDR", Array(first.data), to: &written)
        if let palette { Self.write("PLTE", Array(palette.data), to: &written) }
        if let transparency { Self.write("tRNS", Array(transparency.data), to: &written) }
        Self.write("IDAT", Deflate.deflate(pixels), to: &written)
        Self.write("IEND", [], to: &written)
        width = header.width
        height = header.height
        bytes = written
    }

    /// Chunks with right lengths and checksums, up to the end of the file.
    private static func chunks(
        of bytes: ArraySlice<UInt8>
    ) throws(ProgrammesRefusal) -> [Chunk] {
        var rest = bytes
        var chunks: [Chunk] = []
        while !rest.isEmpty {
            guard rest.count >= 12 else { throw .pictureNotPNG }
            let count = number(rest.prefix(4))
            guard count <= rest.count - 12 else { throw .pictureNotPNG }
            let named = rest.dropFirst(4).prefix(4 + count)
            let checksum = number(rest.dropFirst(8 + count).prefix(4))
            guard Deflate.checksum(Array(named)) == UInt32(checksum) else {
                throw .pictureNotPNG
            }
            chunks.append(
                Chunk(
                    type: String(decoding: named.prefix(4), as: UTF8.self),
                    data: named.dropFirst(4)))
            rest = rest.dropFirst(12 + count)
        }
        return chunks
    }

    private static func header(
        _ data: ArraySlice<UInt8>
    ) throws(ProgrammesRefusal) -> Header {
        let bytes = Array(data)
        guard bytes.count == 13 else { throw .pictureNotPNG }
        let header = Header(
            width: number(bytes[0..<4]), height: number(bytes[4..<8]), colourType: bytes[9])
        guard bytes[8] == 8, Header.samples[bytes[9]] != nil, bytes[10...12] == [0, 0, 0] else {
            throw .pictureNotPNG
        }
        guard sides.contains(header.width), sides.contains(header.height) else {
            throw .pictureTooLarge
        }
        return header
    }

    /// A chunk that must be understood, and is; or one that may be left out.
    private static func isKnown(_ type: String) -> Bool {
        let isLetters = type.utf8.allSatisfy { byte in
            (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        guard isLetters, let first = type.utf8.first else { return false }
        return first >= 0x61 || ["PLTE", "IDAT"].contains(type)
    }

    private static func fits(
        palette: ArraySlice<UInt8>?, _ transparency: ArraySlice<UInt8>?, _ header: Header
    ) -> Bool {
        let colours = palette.map { $0.count % 3 == 0 ? $0.count / 3 : 0 }
        switch header.colourType {
        case 3:
            return (1...256).contains(colours ?? 0)
                && (transparency?.count ?? 1) <= (colours ?? 0)
        case 0: return palette == nil && (transparency?.count ?? 2) == 2
        case 2: return palette == nil && (transparency?.count ?? 6) == 6
        default: return palette == nil && transparency == nil
        }
    }

    /// The rows, each with a filter that exists.
    private static func pixels(
        _ packed: [UInt8], _ header: Header
    ) throws(ProgrammesRefusal) -> [UInt8] {
        let wanted = header.rowByteCount * header.height
        let pixels: [UInt8]
        do {
            pixels = try Deflate.inflate(packed, countMax: wanted)
        } catch {
            throw error == .tooLarge ? .pictureTooLarge : .pictureNotPNG
        }
        guard pixels.count == wanted else { throw .pictureNotPNG }
        for row in 0..<header.height where pixels[row * header.rowByteCount] > 4 {
            throw .pictureNotPNG
        }
        return pixels
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> Int {
        bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    private static func write(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
        let named = Array(type.utf8) + data
        func append(_ number: UInt32) {
            file += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
        }
        append(UInt32(data.count))
        file += named
        append(Deflate.checksum(named))
    }
}
