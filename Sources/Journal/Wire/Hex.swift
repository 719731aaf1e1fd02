/// Lower-case hexadecimal text, as hashes and fingerprints are written.
public enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Bytes as lower-case text, two characters a byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        var output: [UInt8] = []
        for byte in bytes {
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes of a lower-case text; nil for anything else, upper case included.
    public static func bytes(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 2) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(characters.count / 2)
        for index in stride(from: 0, to: characters.count, by: 2) {
            guard let high = lowerDigit(characters[index]),
                let low = lowerDigit(characters[index + 1])
            else { return nil }
            output.append(high << 4 | low)
        }
        return output
    }

    /// The value of one hexadecimal character in either case, as JSON escapes allow.
    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: lowerDigit(byte)
        }
    }

    private static func lowerDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
