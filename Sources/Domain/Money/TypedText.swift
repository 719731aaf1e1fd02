/// The clean-up of what people type with a Chinese input method, in one place.
enum TypedText {
    /// Whether the character is one of `0` to `9`.
    static func isASCIIDigit(_ character: Character) -> Bool {
        ("0"..."9").contains(character) && character.utf8.count == 1
    }

    /// Full-width digits, point (`．`, `。`) and minus (`－`) become their ASCII forms.
    static func withASCIIDigits(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(ascii(scalar))
        }
        return String(scalars)
    }

    private static func ascii(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF10...0xFF19: Unicode.Scalar(UInt8(scalar.value - 0xFF10) + 0x30)
        case 0xFF0E, 0x3002: "."
        case 0xFF0D, 0x2212: "-"
        default: scalar
        }
    }

    /// Whether the character is an ASCII, no-break or ideographic space, or a tab or line end.
    static func isSpace(_ character: Character) -> Bool {
        character.isWhitespace
    }

    /// The text without spaces at either end.
    static func trimmed(_ text: String) -> String {
        let start = text.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(start[...last])
    }

    /// The digit's value, nil for anything else.
    static func digit(_ character: Character?) -> Int? {
        guard let character, isASCIIDigit(character) else { return nil }
        return character.wholeNumberValue
    }

    /// A whole number of exactly that many ASCII digits.
    static func number(_ text: Substring, digits: Int) -> Int? {
        guard text.count == digits, text.allSatisfy(isASCIIDigit) else { return nil }
        return Int(text)
    }

    /// The number with zeroes in front up to that width; a longer number stays whole.
    static func padded(_ number: Int, to width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
