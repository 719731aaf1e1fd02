import Foundation
import GRDB

/// What the cashier typed, made safe for the full-text index.
struct ProductQuery: Sendable {
    static let characterCountMax = 40

    /// The text after clean-up: full-width letters and digits made plain, lower case.
    let text: String

    init(_ typed: String) {
        let plain = typed.precomposedStringWithCompatibilityMapping.lowercased()
        text = String(
            plain.prefix(Self.characterCountMax)
                .split { $0.isWhitespace || $0.isNewline }.joined(separator: " "))
    }

    /// Runs of Chinese characters; each must stand in the name as typed.
    var hanRuns: [String] {
        text.split { !Pinyin.isHan($0) }.map(String.init)
    }

    /// Nil when nothing typed is a letter or digit, so nothing can be meant.
    var pattern: FTS5Pattern? {
        FTS5Pattern(matchingAllPrefixesIn: Self.spaced(text))
    }

    /// The same text with each Chinese character a word of its own and no other signs.
    static func spaced(_ text: String) -> String {
        var found = ""
        for character in text.lowercased() {
            if Pinyin.isHan(character) {
                found += " \(character) "
            } else if character.isLetter || character.isNumber {
                found.append(character)
            } else {
                found += " "
            }
        }
        return found.split(separator: " ").joined(separator: " ")
    }
}
