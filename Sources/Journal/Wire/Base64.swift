/// Base64 with one spelling for each sequence of bytes: what decodes, encodes to the same text.
///
/// - Source: RFC 4648 §4 (standard, padded) and §5 (URL alphabet, here never padded). Loose
///   decoders accept many spellings of one signature; this one accepts exactly one.
public enum Base64: Sendable {
    /// `+` and `/`, padded with `=`.
    case standard
    /// `-` and `_`, not padded.
    case url

    private static let common = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)

    private var alphabet: [UInt8] {
        switch self {
        case .standard: Self.common + Array("+/".utf8)
        case .url: Self.common + Array("-_".utf8)
        }
    }

    /// The text of some bytes.
    public func text(_ bytes: some Collection<UInt8>) -> String {
        let alphabet = self.alphabet
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var buffer: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            buffer = (buffer << 8 | UInt32(byte)) & 0xFFFFFF
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                output.append(alphabet[Int(buffer >> UInt32(bitCount) & 63)])
            }
        }
        if bitCount > 0 {
            output.append(alphabet[Int(buffer << UInt32(6 - bitCount) & 63)])
        }
        if self == .standard {
            while !output.count.isMultiple(of: 4) { output.append(UInt8(ascii: "=")) }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of a text; nil unless the text is exactly what `text(_:)` writes for them.
    public func bytes(_ text: String) -> [UInt8]? {
        var characters = text.utf8[...]
        if self == .standard {
            guard characters.count.isMultiple(of: 4) else { return nil }
            if characters.last == UInt8(ascii: "=") { characters.removeLast() }
            if characters.last == UInt8(ascii: "=") { characters.removeLast() }
        }
        var output: [UInt8] = []
        output.reserveCapacity(characters.count * 3 / 4)
        var buffer: UInt32 = 0
        var bitCount = 0
        for character in characters {
            guard let value = value(of: character) else { return nil }
            buffer = (buffer << 6 | UInt32(value)) & 0xFFFFFF
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bitCount)))
            }
        }
        return self.text(output) == text ? output : nil
    }

    private func value(of character: UInt8) -> UInt8? {
        switch (character, self) {
        case (UInt8(ascii: "A")...UInt8(ascii: "Z"), _): character - UInt8(ascii: "A")
        case (UInt8(ascii: "a")...UInt8(ascii: "z"), _): character - UInt8(ascii: "a") + 26
        case (UInt8(ascii: "0")...UInt8(ascii: "9"), _): character - UInt8(ascii: "0") + 52
        case (UInt8(ascii: "+"), .standard), (UInt8(ascii: "-"), .url): 62
        case (UInt8(ascii: "/"), .standard), (UInt8(ascii: "_"), .url): 63
        default: nil
        }
    }
}
