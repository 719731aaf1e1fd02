// How the domain's values travel to and from the database, so that SQL binds and reads them as they are.

public import Domain
public import Foundation
public import Journal
public import PostgresDriver

extension Money: PostgresConvertible {
    /// Fen, bigint.
    public var postgresForm: Int64 { fen }
    /// From fen.
    public init(postgresForm: Int64) { self.init(fen: postgresForm) }
}

extension Instant: PostgresConvertible {
    /// timestamptz. Moments that a till's absurd clock made take the nearest the database keeps.
    public var postgresForm: PostgresTimestamp {
        let bounded = min(max(milliseconds, Self.databaseFirst), Self.databaseLast)
        return PostgresTimestamp(unixMicroseconds: bounded * 1_000)
    }

    /// In whole milliseconds, rounded down.
    public init(postgresForm: PostgresTimestamp) {
        let (quotient, remainder) = postgresForm.unixMicroseconds
            .quotientAndRemainder(dividingBy: 1_000)
        self.init(milliseconds: remainder < 0 ? quotient - 1 : quotient)
    }

    /// 0001-01-01 and 9999-12-31, in milliseconds.
    private static let databaseFirst: Int64 = -62_135_596_800_000
    private static let databaseLast: Int64 = 253_402_300_799_999
}

extension BusinessDate: PostgresConvertible {
    /// date.
    public var postgresForm: PostgresDate {
        let local = start.adding(milliseconds: BusinessDate.offsetFromUTC).milliseconds
        return PostgresDate(daysSince1970: Int32(local / 86_400_000))
    }

    /// From a date between the years 1 and 9999.
    public init(postgresForm: PostgresDate) {
        let local = Int64(postgresForm.daysSince1970) * 86_400_000
        self.init(Instant(milliseconds: local - BusinessDate.offsetFromUTC))
    }
}

extension RecordID: PostgresConvertible {
    /// uuid.
    public var postgresForm: UUID {
        var form: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &form) { bytes in
            bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return UUID(uuid: form)
    }

    /// From a uuid of any version.
    public init(postgresForm: UUID) {
        let words = withUnsafeBytes(of: postgresForm.uuid) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: words.0, low: words.1)
    }
}

extension CardFingerprint: PostgresConvertible {
    /// bytea of 16 bytes.
    public var postgresForm: [UInt8] {
        let digits = Array(text.utf8).map { $0 < 0x61 ? $0 - 0x30 : $0 - 0x61 + 10 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// From 16 bytes.
    public init(postgresForm: [UInt8]) throws {
        let digits = Array("0123456789abcdef")
        try self.init(
            String(postgresForm.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }))
    }
}

extension RecordHash: PostgresConvertible {
    /// bytea of 32 bytes.
    public var postgresForm: [UInt8] { bytes }

    /// From 32 bytes.
    public init(postgresForm: [UInt8]) throws {
        guard let hash = RecordHash(bytes: postgresForm) else {
            throw WireFault(.outOfRange, "hash of \(postgresForm.count) bytes")
        }
        self = hash
    }
}

// Values that travel as their raw text.

extension CardState: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}

extension AccountKind: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}

extension LedgerBook: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}

extension TransferKind: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}

extension PaymentState: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}

extension RecordVerdict.State: PostgresConvertible {
    /// text.
    public typealias PostgresForm = String
}
