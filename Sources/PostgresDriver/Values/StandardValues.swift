public import Foundation

// The standard types. Integers widen when read (an int4 column reads as Int64), never narrow.

extension Int64: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// int8.
    public static var postgresType: PostgresType { .int8 }
    /// int8[].
    public static var postgresArrayType: PostgresType { .int8Array }

    /// Appends eight bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) { buffer.append(self) }

    /// Reads int8, int4, int2 or oid.
    public init(postgresCell cell: PostgresCell) throws {
        switch cell.type {
        case .int4: self = Int64(try cell.integer(Int32.self, of: [.int4], for: Self.self))
        case .int2: self = Int64(try cell.integer(Int16.self, of: [.int2], for: Self.self))
        case .oid: self = Int64(try cell.integer(UInt32.self, of: [.oid], for: Self.self))
        default: self = try cell.integer(Int64.self, of: [.int8], for: Self.self)
        }
    }
}

extension Int: PostgresConvertible {
    /// As Int64.
    public var postgresForm: Int64 { Int64(self) }
    /// As Int64.
    public init(postgresForm: Int64) { self.init(postgresForm) }
}

extension Int32: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// int4.
    public static var postgresType: PostgresType { .int4 }
    /// int4[].
    public static var postgresArrayType: PostgresType { .int4Array }

    /// Appends four bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) { buffer.append(self) }

    /// Reads int4 or int2.
    public init(postgresCell cell: PostgresCell) throws {
        if cell.type == .int2 {
            self = Int32(try cell.integer(Int16.self, of: [.int2], for: Self.self))
        } else {
            self = try cell.integer(Int32.self, of: [.int4], for: Self.self)
        }
    }
}

extension Int16: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// int2.
    public static var postgresType: PostgresType { .int2 }
    /// int2[].
    public static var postgresArrayType: PostgresType { .int2Array }

    /// Appends two bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) { buffer.append(self) }

    /// Reads int2.
    public init(postgresCell cell: PostgresCell) throws {
        self = try cell.integer(Int16.self, of: [.int2], for: Self.self)
    }
}

extension Bool: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// bool.
    public static var postgresType: PostgresType { .bool }
    /// bool[].
    public static var postgresArrayType: PostgresType { .boolArray }

    /// Appends one byte.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        buffer.append(UInt8(self ? 1 : 0))
    }

    /// Reads bool.
    public init(postgresCell cell: PostgresCell) throws {
        self = try cell.integer(UInt8.self, of: [.bool], for: Self.self) != 0
    }
}

extension UUID: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// uuid.
    public static var postgresType: PostgresType { .uuid }
    /// uuid[].
    public static var postgresArrayType: PostgresType { .uuidArray }

    /// Appends sixteen bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        withUnsafeBytes(of: uuid) { buffer.append(contentsOf: $0) }
    }

    /// Reads uuid.
    public init(postgresCell cell: PostgresCell) throws {
        let bytes = try cell.bytes(of: [.uuid], for: Self.self)
        guard bytes.count == 16 else { throw cell.failure("has \(bytes.count) bytes, not 16") }
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

extension String: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    private static var readable: [PostgresType] {
        [.text, .varchar, .bpchar, .name, .json, .unknown]
    }

    /// text.
    public static var postgresType: PostgresType { .text }
    /// text[].
    public static var postgresArrayType: PostgresType { .textArray }

    /// Appends UTF-8. The server refuses a NUL character (SQLSTATE 22021).
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        buffer.append(contentsOf: utf8)
    }

    /// Reads text, varchar, char, name, json; numeric and xid8 in their decimal spelling.
    public init(postgresCell cell: PostgresCell) throws {
        switch cell.type {
        case .numeric:
            self = try Self.numeric(cell)
        case .xid8:
            self = String(try cell.integer(UInt64.self, of: [.xid8], for: Self.self))
        default:
            let bytes = try cell.bytes(of: Self.readable, for: Self.self)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw cell.failure("is not UTF-8")
            }
            self = text
        }
    }

    /// The server's numeric: a count of base-10000 digits, the first one's weight, sign, scale.
    private static func numeric(_ cell: PostgresCell) throws -> String {
        let bytes = try cell.bytes(of: [.numeric], for: Self.self)
        guard bytes.count >= 8 else { throw cell.failure("is a numeric without a header") }
        func number(_ index: Int) -> Int {
            Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)))
        }
        let digitCount = number(0)
        let weight = number(1)
        let sign = UInt16(truncatingIfNeeded: number(2))
        let scale = number(3)
        switch sign {
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: break
        }
        guard digitCount >= 0, bytes.count == 8 + digitCount * 2 else {
            throw cell.failure("is a numeric of \(bytes.count) bytes")
        }
        func group(_ position: Int) -> String {
            let digit = (0..<digitCount).contains(position) ? number(4 + position) : 0
            return String(repeating: "0", count: 4 - String(digit).count) + String(digit)
        }
        let whole = weight < 0 ? "0" : (0...weight).map(group).joined()
        var text = String(whole.drop { $0 == "0" })
        if text.isEmpty { text = "0" }
        if scale > 0 {
            let fraction = (0..<(scale + 3) / 4).map { group(weight + 1 + $0) }.joined()
            text += "." + fraction.prefix(scale)
        }
        return sign == 0x4000 ? "-" + text : text
    }
}

/// A moment, timestamptz.
///
/// - Units: microseconds since 1970-01-01 00:00 UTC. The server refuses moments outside its range
///   (SQLSTATE 22008).
public struct PostgresTimestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01 00:00 UTC; negative before it.
    public var unixMicroseconds: Int64

    /// From 1970-01-01 to 2000-01-01, where the server counts from.
    private static let epochOffset: Int64 = 946_684_800_000_000

    /// A moment.
    public init(unixMicroseconds: Int64) {
        self.unixMicroseconds = unixMicroseconds
    }

    /// Earlier before later.
    public static func < (left: Self, right: Self) -> Bool {
        left.unixMicroseconds < right.unixMicroseconds
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// timestamptz.
    public static var postgresType: PostgresType { .timestamptz }
    /// timestamptz[].
    public static var postgresArrayType: PostgresType { .timestamptzArray }

    /// Appends eight bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        // The lowest number means "-infinity": a moment that far back becomes one the server
        // refuses instead.
        let (value, overflow) = unixMicroseconds.subtractingReportingOverflow(Self.epochOffset)
        buffer.append(overflow || value == .min ? Int64.min + 1 : value)
    }

    /// Reads timestamptz. Refuses infinity.
    public init(postgresCell cell: PostgresCell) throws {
        let value = try cell.integer(Int64.self, of: [.timestamptz], for: Self.self)
        let (sum, overflow) = value.addingReportingOverflow(Self.epochOffset)
        guard !overflow, value != .min else { throw cell.failure("is infinite") }
        self.init(unixMicroseconds: sum)
    }
}

/// A calendar day, date.
///
/// - Units: days since 1970-01-01. The server refuses days outside its range (SQLSTATE 22008).
public struct PostgresDate: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01; negative before it.
    public var daysSince1970: Int32

    /// From 1970-01-01 to 2000-01-01, where the server counts from.
    private static let epochOffset: Int32 = 10_957

    /// A day.
    public init(daysSince1970: Int32) {
        self.daysSince1970 = daysSince1970
    }

    /// Earlier before later.
    public static func < (left: Self, right: Self) -> Bool {
        left.daysSince1970 < right.daysSince1970
    }
}

extension PostgresDate: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// date.
    public static var postgresType: PostgresType { .date }
    /// date[].
    public static var postgresArrayType: PostgresType { .dateArray }

    /// Appends four bytes.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        // As for moments: the lowest number would mean "-infinity".
        let (value, overflow) = daysSince1970.subtractingReportingOverflow(Self.epochOffset)
        buffer.append(overflow || value == .min ? Int32.min + 1 : value)
    }

    /// Reads date. Refuses infinity.
    public init(postgresCell cell: PostgresCell) throws {
        let value = try cell.integer(Int32.self, of: [.date], for: Self.self)
        let (sum, overflow) = value.addingReportingOverflow(Self.epochOffset)
        guard !overflow, value != .min else { throw cell.failure("is infinite") }
        self.init(daysSince1970: sum)
    }
}

/// A JSON document, jsonb, as its text. The server refuses text that is not JSON (SQLSTATE 22P02)
/// and may give it back spelled otherwise.
public struct PostgresJSON: Hashable, Sendable {
    /// The document.
    public var text: String

    /// A document.
    public init(_ text: String) {
        self.text = text
    }
}

extension PostgresJSON: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
    /// jsonb.
    public static var postgresType: PostgresType { .jsonb }
    /// jsonb[].
    public static var postgresArrayType: PostgresType { .jsonbArray }

    /// Appends the format's version, 1, and the text.
    public func encodePostgres(into buffer: inout PostgresBuffer) {
        buffer.append(UInt8(1))
        buffer.append(contentsOf: text.utf8)
    }

    /// Reads jsonb or json.
    public init(postgresCell cell: PostgresCell) throws {
        var bytes = try cell.bytes(of: [.jsonb, .json], for: Self.self)[...]
        if cell.type == .jsonb, bytes.popFirst() != 1 {
            throw cell.failure("is jsonb of an unknown version")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw cell.failure("is not UTF-8")
        }
        self.init(text)
    }
}
