extension [UInt8] {
    /// Appends a number, most significant byte first.
    mutating func appendBigEndian(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends bytes behind their count in one byte.
    mutating func appendShort(_ bytes: [UInt8]) {
        precondition(bytes.count <= 255, "\(bytes.count) bytes do not fit a one-byte length")
        append(UInt8(bytes.count))
        append(contentsOf: bytes)
    }
}

/// Takes fields off the front of bytes that may end too early.
struct ByteReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next bytes; nil when fewer are left.
    mutating func take(_ count: Int) -> [UInt8]? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The next number, most significant byte first.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) -> Number? {
        take(MemoryLayout<Number>.size)?.reduce(0) { $0 << 8 | Number($1) }
    }
}
