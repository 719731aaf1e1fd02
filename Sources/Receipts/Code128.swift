/// Bar codes that scanners at the counter read: Code 128 in character sets B and C.
///
/// - Source: ISO/IEC 15417. A symbol is start, one symbol per character (set B) or pair of digits
///   (set C), check symbol (weighted sum modulo 103) and stop; the numbers are widths of bars and
///   gaps in turn.
public enum Code128 {
    /// A character set.
    enum CharacterSet {
        /// Printable ASCII.
        case text
        /// Pairs of digits.
        case digits
    }

    /// Characters in one set.
    struct Run: Equatable {
        let set: CharacterSet
        let characters: String
    }

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
    private static let stop = 106

    /// Widths of bars and gaps in turn, beginning and ending with a bar.
    ///
    /// - Refuses: what ``runs(_:)`` refuses (nil).
    public static func bars(_ text: String) -> [Int]? {
        guard let values = runs(text).map(values) else { return nil }
        // The start symbol weighs 1, like the symbol after it.
        let sum = values.enumerated().reduce(0) { $0 + max(1, $1.offset) * $1.element }
        return (values + [sum % 103, stop]).flatMap { patterns[$0] }
    }

    /// The text in runs of the set that takes the fewest symbols for it.
    ///
    /// - Refuses: an empty text, one over 40 characters or with characters outside printable ASCII
    ///   (nil).
    /// - Source: ISO/IEC 15417 annex on use of set C: from four digits at an end, from six between.
    static func runs(_ text: String) -> [Run]? {
        let bytes = Array(text.utf8)
        guard (1...40).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        var runs: [Run] = []
        func add(_ set: CharacterSet, _ characters: Substring) {
            if characters.isEmpty { return }
            if let last = runs.last, last.set == set {
                runs[runs.count - 1] = Run(set: set, characters: last.characters + characters)
            } else {
                runs.append(Run(set: set, characters: String(characters)))
            }
        }
        var rest = Substring(text)
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            let isAtEnd = digits.startIndex == text.startIndex || digits.endIndex == text.endIndex
            if digits.count >= (isAtEnd ? 4 : 6) {
                // An odd digit goes before, except at the start, where set C begins at once.
                let odd = digits.count % 2
                let pairs =
                    digits.startIndex == text.startIndex
                    ? digits.dropLast(odd) : digits.dropFirst(odd)
                add(.text, digits[..<pairs.startIndex])
                add(.digits, pairs)
                add(.text, digits[pairs.endIndex...])
                rest = rest[digits.endIndex...]
            } else {
                let end = digits.isEmpty ? rest.index(after: rest.startIndex) : digits.endIndex
                add(.text, rest[..<end])
                rest = rest[end...]
            }
        }
        return runs
    }

    /// How many modules wide the bars are, without quiet zones.
    static func moduleCount(_ runs: [Run]) -> Int { 11 * (values(runs).count + 1) + 13 }

    /// Values of start symbol, characters and changes of set.
    private static func values(_ runs: [Run]) -> [Int] {
        var values: [Int] = []
        for run in runs {
            let isStart = values.isEmpty
            let bytes = run.characters.utf8.map { Int($0) }
            switch run.set {
            case .text:
                values.append(isStart ? 104 : 100)
                values += bytes.map { $0 - 0x20 }
            case .digits:
                values.append(isStart ? 105 : 99)
                values += stride(from: 0, to: bytes.count, by: 2).map {
                    (bytes[$0] - 0x30) * 10 + bytes[$0 + 1] - 0x30
                }
            }
        }
        return values
    }
}
