/// Looks at JSON bytes for what a decoder would let pass: a member named twice, and nesting deep
/// enough to exhaust a stack. Syntax is left to the decoder.
enum JSONShape {
    static let depthMax = 32

    static func isAcceptable(_ bytes: [UInt8]) -> Bool {
        var names: [Set<String>?] = []
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                names.append(bytes[index] == UInt8(ascii: "{") ? [] : nil)
                guard names.count <= depthMax else { return false }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard names.popLast() != nil else { return false }
            case UInt8(ascii: "\""):
                guard let end = endOfString(bytes, from: index + 1) else { return false }
                if isName(bytes, after: end), !names.isEmpty {
                    let name = unescaped(bytes[(index + 1)..<end])
                    guard names[names.count - 1]?.insert(name).inserted != false else {
                        return false
                    }
                }
                index = end
            default: break
            }
            index += 1
        }
        return names.isEmpty
    }

    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\") {
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                return index
            }
            index += 1
        }
        return nil
    }

    private static func isName(_ bytes: [UInt8], after end: Int) -> Bool {
        let next = bytes[(end + 1)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return next == UInt8(ascii: ":")
    }

    // A name written with escapes must not pass as another name: \u006e is n.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("\\u") else { return text }
        var result = ""
        var rest = text[...]
        while let mark = rest.firstRange(of: "\\u") {
            result += rest[..<mark.lowerBound]
            let digits = rest[mark.upperBound...].prefix(4)
            let scalar = UInt32(digits, radix: 16).flatMap(UnicodeScalar.init)
            result += scalar.map { String(Character($0)) } ?? "\\u\(digits)"
            rest = rest[digits.endIndex...]
        }
        return result + rest
    }
}
