extension JSONValue {
    /// How deep arrays and objects may lie in one another.
    public static let depthMax = 16

    /// Reads one JSON value that fills all the bytes.
    ///
    /// - Shape: white space between tokens and any order of keys are accepted; canonical form is
    ///   what we write, not what we insist on reading.
    /// - Refuses: `.notUTF8`, `.notJSON`, `.notInteger` (fractions, exponents, `-0`, more than 64
    ///   bits), `.duplicateKey`, `.tooDeep`. The check that fails first in reading order wins,
    ///   but bytes that are not UTF-8 anywhere come before all.
    public init(parsing bytes: [UInt8]) throws(WireFault) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw WireFault(.notUTF8, "")
        }
        var parser = JSONParser(bytes: bytes)
        self = try parser.document()
    }
}

/// A recursive descent over bytes already known to be UTF-8.
private struct JSONParser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(WireFault) -> JSONValue {
        let value = try self.value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw fault(.notJSON) }
        return value
    }

    private func fault(_ reason: WireFault.Reason) -> WireFault {
        WireFault(reason, "byte \(position)")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(WireFault) -> JSONValue {
        guard depth <= JSONValue.depthMax else { throw fault(.tooDeep) }
        skipSpace()
        guard let first = next else { throw fault(.notJSON) }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .text(try text())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault(.notJSON)
        }
    }

    private mutating func literal(
        _ word: StaticString, _ value: JSONValue
    ) throws(WireFault) -> JSONValue {
        let matches = word.withUTF8Buffer { bytes[position...].starts(with: $0) }
        guard matches else { throw fault(.notJSON) }
        position += word.utf8CodeUnitCount
        return value
    }

    private mutating func object(depth: Int) throws(WireFault) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault(.notJSON) }
            let key = try text()
            guard take(UInt8(ascii: ":")) else { throw fault(.notJSON) }
            let value = try self.value(depth: depth + 1)
            guard members.updateValue(value, forKey: key) == nil else {
                throw fault(.duplicateKey)
            }
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw fault(.notJSON) }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(WireFault) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw fault(.notJSON) }
        return .array(elements)
    }

    private mutating func number() throws(WireFault) -> JSONValue {
        let start = position
        let isNegative = next == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let digitsStart = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        let digitCount = position - digitsStart
        guard digitCount > 0 else { throw fault(.notJSON) }
        let startsWithZero = bytes[digitsStart] == UInt8(ascii: "0")
        if startsWithZero && digitCount > 1 { throw fault(.notJSON) }
        if startsWithZero && isNegative { throw fault(.notInteger) }
        if next == UInt8(ascii: ".") || next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            throw fault(.notInteger)
        }
        guard let number = Int64(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw fault(.notInteger)
        }
        return .integer(number)
    }

    private mutating func text() throws(WireFault) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20
        {
            position += 1
        }
        if next == UInt8(ascii: "\"") {
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
        var content = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &content)
            case 0x00..<0x20: throw fault(.notJSON)
            default:
                content.append(byte)
                position += 1
            }
        }
        throw fault(.notJSON)
    }

    private mutating func escape(into content: inout [UInt8]) throws(WireFault) {
        guard let letter = next else { throw fault(.notJSON) }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            // PostgreSQL cannot store U+0000 in a text, so it is no text of ours either.
            let scalar = try unicodeScalar()
            guard scalar.value != 0 else { throw fault(.notJSON) }
            content.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default: throw fault(.notJSON)
        }
    }

    private mutating func unicodeScalar() throws(WireFault) -> Unicode.Scalar {
        let high = try fourHexDigits()
        if let scalar = Unicode.Scalar(high) { return scalar }
        guard high < 0xDC00, bytes[position...].starts(with: "\\u".utf8) else {
            throw fault(.notJSON)
        }
        position += 2
        let low = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
        else { throw fault(.notJSON) }
        return scalar
    }

    private mutating func fourHexDigits() throws(WireFault) -> UInt32 {
        guard position + 4 <= bytes.count else { throw fault(.notJSON) }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Hex.digit(byte) else { throw fault(.notJSON) }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }
}
