// Spreadsheets here save CSV as UTF-8 or as GB18030 without saying which. UTF-8 is strict enough to be recognised by
// itself; what is not UTF-8 must be GB18030 from the first byte to the last.

import Glibc

/// A file of text as people's spreadsheets save it.
enum ImportedText {
    /// The text in UTF-8.
    ///
    /// - Shape: nil when the bytes are neither UTF-8 nor GB18030, or hold a NUL.
    static func utf8(of bytes: [UInt8]) -> [UInt8]? {
        if bytes.contains(0) { return nil }
        if String(validating: bytes, as: UTF8.self) != nil { return bytes }
        return converted(bytes)
    }

    /// The C library's own conversion: it refuses what GB18030 does not define.
    private static func converted(_ bytes: [UInt8]) -> [UInt8]? {
        guard let converter = iconv_open("UTF-8", "GB18030"),
            converter != iconv_t(bitPattern: -1)
        else { return nil }
        defer { iconv_close(converter) }
        // Two bytes of GB18030 become three of UTF-8, four become at most four, one stays one.
        var output = [UInt8](repeating: 0, count: bytes.count * 3 / 2 + 8)
        var input = bytes
        let made: Int? = input.withUnsafeMutableBytes { source in
            output.withUnsafeMutableBytes { room in
                var from = source.baseAddress?.assumingMemoryBound(to: CChar.self)
                var to = room.baseAddress?.assumingMemoryBound(to: CChar.self)
                var (fromLeft, toLeft) = (source.count, room.count)
                // -1 for bytes that are no GB18030, or that end in the middle of a character.
                guard iconv(converter, &from, &fromLeft, &to, &toLeft) != UInt.max,
                    fromLeft == 0
                else { return nil }
                return room.count - toLeft
            }
        }
        guard let made else { return nil }
        output.removeLast(output.count - made)
        return output
    }
}
