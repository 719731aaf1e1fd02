public import Domain

/// One line of what is being paid, as the phone shows it.
public struct PhoneItem: WireValue, Hashable {
    /// What the line comes to.
    public var amount: Money
    /// The product's name.
    public var name: String
    /// How many.
    public var quantity: Int64

    /// Makes it from its parts.
    public init(amount: Money, name: String, quantity: Int64) {
        self.amount = amount
        self.name = name
        self.quantity = quantity
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        amount = try object.value("amount")
        name = try object.value("name")
        quantity = try object.integer("quantity", in: 1...1_000_000)
    }

    /// The object.
    public var wire: JSONValue {
        .object(["amount": amount.wire, "name": name.wire, "quantity": quantity.wire])
    }
}

/// A payment request as the till's QR carries it: signed, small, and valid without a line.
///
/// - Shape: the token is base64url of `0x01 ‖ u8 len+till ‖ u32 epoch ‖ payment (16) ‖ u64 amount ‖
///   u64 made ‖ u16 lifetime ‖ u64 head seq ‖ head hash (32) ‖ u32 key ‖ SHA-256 of the items (32) ‖
///   u16 len+items ‖ signature (64)`; the items' bytes are their canonical JSON, or none when they
///   do not fit. The signature is the till's, over `"huiyika/phone-request/1" ‖` what is before it.
/// - Units: `made` in milliseconds since 1970, the till's corrected time; `lifetime` in seconds.
/// - Source: Docs/PROTOCOL.md §8; R-P6, R-P11, R-R6.
public struct PhoneRequest: Sendable, Hashable {
    /// The path below which a QR points.
    public static let path = "/p/q/"
    /// The longest address of head office.
    public static let addressLengthMax = 120
    /// Items are left out of a QR when they take more bytes than this.
    public static let itemsByteCountMax = 120
    /// How long a QR may be valid, in seconds.
    public static let lifetimes: ClosedRange<Int> = 30...3_600

    /// The till.
    public let till: String
    /// Its key's epoch.
    public let epoch: Int
    /// The payment.
    public let payment: RecordID
    /// What is to be paid.
    public let amount: Money
    /// When the till made it, by its corrected time.
    public let made: Instant
    /// How long it may be paid.
    public let lifetime: Int
    /// The till's newest record.
    public let head: JournalHead
    /// The number of the confirmation key that the till will check a code with.
    public let key: Int
    /// SHA-256 of the items.
    public let itemsHash: RecordHash
    /// The items, when they fit.
    public let items: [PhoneItem]?
    /// The text in the address.
    public let token: String

    private static let prefix = Array("huiyika/phone-request/1".utf8)

    /// When it ends.
    public var expires: Instant { made.adding(milliseconds: Int64(lifetime) * 1_000) }

    /// The hash of items, whatever way they reach head office.
    public static func hash(of items: [PhoneItem]) -> RecordHash { RecordHash(of: items.bytes) }

    /// Makes and signs a request.
    public init(
        till: String, epoch: Int, payment: RecordID, amount: Money, made: Instant, lifetime: Int,
        head: JournalHead, key: Int, items: [PhoneItem], signedBy signingKey: SigningKey
    ) {
        let itemBytes = items.bytes
        let fits = itemBytes.count <= Self.itemsByteCountMax
        var bytes: [UInt8] = [1]
        bytes.appendShort(Array(till.utf8))
        bytes.appendBigEndian(UInt32(clamping: epoch))
        bytes += payment.bytes
        bytes.appendBigEndian(amount.fen)
        bytes.appendBigEndian(made.milliseconds)
        bytes.appendBigEndian(UInt16(clamping: lifetime))
        bytes.appendBigEndian(head.sequence)
        bytes += head.hash.bytes
        bytes.appendBigEndian(UInt32(clamping: key))
        bytes += RecordHash(of: itemBytes).bytes
        bytes.appendBigEndian(UInt16(fits ? itemBytes.count : 0))
        if fits { bytes += itemBytes }
        let signature = signingKey.signature(of: Self.prefix + bytes)
        self.till = till
        self.epoch = epoch
        self.payment = payment
        self.amount = amount
        self.made = made
        self.lifetime = lifetime
        self.head = head
        self.key = key
        itemsHash = RecordHash(of: itemBytes)
        self.items = fits ? items : nil
        token = Base64.url.text(bytes + signature)
    }

    /// Reads a token; nil unless it is exactly what a till writes. Its signature is not checked yet.
    public init?(token: String) {
        guard token.utf8.count <= 1_000, let bytes = Base64.url.bytes(token), bytes.count > 64
        else { return nil }
        var reader = ByteReader(Array(bytes.dropLast(64)))
        guard reader.number(UInt8.self) == 1, let length = reader.number(UInt8.self),
            let till = reader.take(Int(length)).flatMap({ String(validating: $0, as: UTF8.self) }),
            let epoch = reader.number(UInt32.self),
            let payment = reader.take(16).flatMap({ RecordID(bytes: $0) }),
            let amount = reader.number(UInt64.self).flatMap({ Int64(exactly: $0) }), amount > 0,
            let made = reader.number(UInt64.self).flatMap({ Int64(exactly: $0) }),
            Instant.wireRange.contains(made), let lifetime = reader.number(UInt16.self),
            Self.lifetimes.contains(Int(lifetime)),
            let sequence = reader.number(UInt64.self).flatMap({ Int64(exactly: $0) }),
            let hash = reader.take(32).flatMap({ RecordHash(bytes: $0) }),
            let key = reader.number(UInt32.self), ConfirmationKey.numbers.contains(Int64(key)),
            let itemsHash = reader.take(32).flatMap({ RecordHash(bytes: $0) }),
            let itemCount = reader.number(UInt16.self),
            let itemBytes = reader.take(Int(itemCount)), reader.isAtEnd,
            KeyID("\(till)/\(epoch)") != nil
        else { return nil }
        var items: [PhoneItem]?
        if !itemBytes.isEmpty {
            guard RecordHash(of: itemBytes) == itemsHash,
                let read = try? [PhoneItem](bytes: itemBytes), read.bytes == itemBytes
            else { return nil }
            items = read
        }
        self.till = till
        self.epoch = Int(epoch)
        self.payment = payment
        self.amount = Money(fen: amount)
        self.made = Instant(milliseconds: made)
        self.lifetime = Int(lifetime)
        head = JournalHead(sequence: sequence, hash: hash)
        self.key = Int(key)
        self.itemsHash = itemsHash
        self.items = items
        self.token = token
    }

    /// Whether the till's key signed exactly this.
    public func isSigned(by key: VerifyingKey) -> Bool {
        guard let bytes = Base64.url.bytes(token), bytes.count > 64 else { return false }
        return key.isValid(
            signature: Array(bytes.suffix(64)), of: Self.prefix + bytes.dropLast(64))
    }

    /// The address that a scanner opens.
    ///
    /// - Parameter office: head office's address for phones, without a slash at the end.
    public func address(at office: String) -> String { office + Self.path + token }
}
