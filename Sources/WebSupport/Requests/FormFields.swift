/// The fields of a form as sent, in order.
///
/// - Shape: at most 1,000 fields; names and values are valid UTF-8 without control characters
///   other than tab and line ends. Values are as typed: trimming is the field's own matter.
public struct FormFields: Sendable {
    private var fields: [(name: String, value: String)] = []

    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// - Refuses: `.malformedBody` for a bad escape, bytes that are not UTF-8, a control character
    ///   or too many fields.
    public init(urlEncoded bytes: some Collection<UInt8>) throws(RequestRefusal) {
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count < 1000, let name = parts.first.flatMap({ Self.decode($0) }),
                let value = Self.decode(
                    parts.count == 2 ? parts[1] : parts[0][..<parts[0].startIndex])
            else { throw .malformedBody }
            fields.append((name, value))
        }
    }

    /// The value of a field that must be there once.
    ///
    /// - Refuses: `.fieldMissing`, `.fieldRepeated`.
    public func require(_ name: String) throws(RequestRefusal) -> String {
        guard let value = try optional(name) else { throw .fieldMissing(name) }
        return value
    }

    /// The value of a field that may be absent; an empty value is a value.
    ///
    /// - Refuses: `.fieldRepeated`.
    public func optional(_ name: String) throws(RequestRefusal) -> String? {
        let values = all(name)
        guard values.count < 2 else { throw .fieldRepeated(name) }
        return values.first
    }

    /// The values of a field that may come any number of times, in order.
    public func all(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// Names of the fields that came, in order, each once.
    public var names: [String] {
        var seen: Set<String> = []
        return fields.map(\.name).filter { seen.insert($0).inserted }
    }

    private static func decode(_ bytes: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(hexDigit),
                    let low = iterator.next().flatMap(hexDigit)
                else { return nil }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        let isClean = decoded.allSatisfy {
            ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D
        }
        return isClean ? String(validating: decoded, as: UTF8.self) : nil
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
