internal import Crypto
public import Domain

/// The key that head office shares with one till, to make and to check confirmation codes.
///
/// - Shape: 32 bytes under a number that counts up for the till; never in a backup.
/// - Source: R-P6, R-P12; Docs/PROTOCOL.md §8.
public struct ConfirmationKey: Sendable, Hashable {
    /// The numbers a key can have.
    public static let numbers: ClosedRange<Int64> = 1...Int64(Int32.max)

    /// Which of the till's keys.
    public let number: Int
    /// The secret 32 bytes.
    public let rawRepresentation: [UInt8]

    /// A key from its number and its 32 bytes; nil for another count or number.
    public init?(number: Int, rawRepresentation: [UInt8]) {
        guard rawRepresentation.count == 32, Self.numbers.contains(Int64(number)) else {
            return nil
        }
        self.number = number
        self.rawRepresentation = rawRepresentation
    }

    /// Derives a till's key from head office's master key, so that no database holds it.
    ///
    /// - Source: HMAC-SHA-256 over `"huiyika/confirmation-key/1" ‖ u8 len+till ‖ u32 epoch ‖ u32 number`.
    public static func derived(
        master: [UInt8], till: String, epoch: Int, number: Int
    ) -> ConfirmationKey {
        var message = Array("huiyika/confirmation-key/1".utf8)
        message.appendShort(Array(till.utf8))
        message.appendBigEndian(UInt32(clamping: epoch))
        message.appendBigEndian(UInt32(clamping: number))
        let bytes = Array(
            HMAC<SHA256>.authenticationCode(
                for: message, using: SymmetricKey(data: master)))
        guard let key = ConfirmationKey(number: number, rawRepresentation: bytes) else {
            preconditionFailure("confirmation key number \(number) is out of range")
        }
        return key
    }

    /// The code of a payment.
    ///
    /// HMAC-SHA-256 over `"huiyika/confirmation/1" ‖ u8 len+till ‖ payment (16) ‖ u64 amount ‖
    /// u8 round` gives eight words of 32 bits; the first whose upper 27 bits are below 100,000,000 is
    /// the code, so that every code is as likely as any other; without one the next round follows.
    public func code(till: String, payment: RecordID, amount: Money) -> ConfirmationCode {
        var message = Array("huiyika/confirmation/1".utf8)
        message.appendShort(Array(till.utf8))
        message += payment.bytes
        message.appendBigEndian(amount.fen)
        var round: UInt8 = 0
        while true {
            let digest = Array(
                HMAC<SHA256>.authenticationCode(
                    for: message + [round], using: SymmetricKey(data: rawRepresentation)))
            var reader = ByteReader(digest)
            while let word = reader.number(UInt32.self) {
                if word >> 5 < 100_000_000 { return ConfirmationCode(number: word >> 5) }
            }
            round &+= 1
        }
    }
}

/// A till asks which key is its own now, and says which one it holds.
///
/// - Repetition: changes nothing but the acknowledgement.
/// - Source: Docs/PROTOCOL.md §8.
public struct ConfirmationKeyRequest: WireValue, Hashable {
    /// The number of the newest key that is on the till's disk; nil when it has none.
    public var holds: Int?
    /// The till's newest record (R-R6).
    public var tillHead: JournalHead
    /// The layout's version.
    public var version: Int

    /// Makes it from its parts.
    public init(holds: Int?, tillHead: JournalHead, version: Int) {
        self.holds = holds
        self.tillHead = tillHead
        self.version = version
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        holds = try object.nullable("holds")
        tillHead = try object.value("tillHead")
        version = try object.value("version")
    }

    /// The object.
    public var wire: JSONValue {
        .object(["holds": holds.wire, "tillHead": tillHead.wire, "version": version.wire])
    }
}

/// Head office's answer: the key to use from now on, and where phones pay.
///
/// - Source: Docs/PROTOCOL.md §8.
public struct ConfirmationKeyReply: WireValue, Hashable {
    /// Where phones reach head office, such as `https://pay.example`, without a slash at the end.
    public var address: String
    /// Head office's time.
    public var beacon: String
    /// The key.
    public var key: ConfirmationKey

    /// Makes it from its parts.
    public init(address: String, beacon: String, key: ConfirmationKey) {
        self.address = address
        self.beacon = beacon
        self.key = key
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        address = try object.value("address")
        guard address.utf8.count <= PhoneRequest.addressLengthMax else {
            throw object.outOfRange("address")
        }
        beacon = try object.value("beacon")
        let number = try object.count("number", in: ConfirmationKey.numbers)
        guard
            let key = ConfirmationKey(
                number: number, rawRepresentation: try object.base64("key", count: 32))
        else { throw object.outOfRange("number") }
        self.key = key
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "address": address.wire, "beacon": beacon.wire,
            "key": .text(Base64.standard.text(key.rawRepresentation)), "number": key.number.wire,
        ])
    }
}
