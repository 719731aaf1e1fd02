/// Bar codes that scanners at the counter read: Code 128, character set B.
///
/// - Source: ISO/IEC 15417. A symbol is start, one symbol per character, check symbol (weighted sum
///   modulo 103) and stop; the numbers are widths of bars and gaps in turn.
enum Code128 {
    private static let patterns = """
        212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212
        112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131
        311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321
        112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121
        313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
        314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114
        122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212
        124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113
        114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112
        """.split { $0 == " " || $0 == "\n" }.map { $0.compactMap(\.wholeNumberValue) }
    private static let startB = 104
    private static let stop = 106

    /// Widths of bars and gaps in turn, beginning and ending with a bar.
    ///
    /// - Refuses: an empty text, one over 40 characters or with characters outside printable ASCII
    ///   (nil).
    static func bars(_ text: String) -> [Int]? {
        let bytes = Array(text.utf8)
        guard (1...40).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        let values = bytes.map { Int($0) - 0x20 }
        let sum = values.enumerated().reduce(startB) { $0 + ($1.offset + 1) * $1.element }
        return ([startB] + values + [sum % 103, stop]).flatMap { patterns[$0] }
    }
}
