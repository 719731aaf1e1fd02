/// A store's request to return money for goods.
///
/// Source: R-R1 to R-R3; PROTOCOL §2 `refund.requested`.
public struct RefundRequest: Sendable, Hashable {
    /// A quantity of one line of the sale.
    public struct Line: Sendable, Hashable {
        /// The line's index in the sale, from 0.
        public let index: Int
        /// How many come back, from 1.
        public let quantity: Int64

        /// That quantity of that line.
        public init(index: Int, quantity: Int64) {
            self.index = index
            self.quantity = quantity
        }
    }

    /// The request's id, which is its record's.
    public let id: RecordID
    /// The sale's id.
    public let sale: RecordID
    /// What comes back; a line named twice counts twice.
    public let lines: [Line]
    /// The value of what comes back at the prices charged.
    public let amount: Money
    /// The card that was entered.
    public let card: CardFingerprint

    /// A request of those parts.
    public init(
        id: RecordID, sale: RecordID, lines: [Line], amount: Money, card: CardFingerprint
    ) {
        self.id = id
        self.sale = sale
        self.lines = lines
        self.amount = amount
        self.card = card
    }

    /// What an approval is bound to, as bytes to be hashed: any other content gives other bytes.
    ///
    /// Shape: `"huiyika/refund-approval/1"`, then big-endian: request id (16), sale id (16),
    /// u32 number of lines, per line u32 index and u64 quantity, u64 amount, fingerprint (32).
    /// Every field has a fixed length, so no two requests share their bytes.
    /// Source: R-R4.
    public var approvalBytes: [UInt8] {
        var bytes = Array("huiyika/refund-approval/1".utf8)
        bytes += id.bytes
        bytes += sale.bytes
        bytes += Self.bigEndian(UInt32(truncatingIfNeeded: lines.count))
        for line in lines {
            bytes += Self.bigEndian(UInt32(truncatingIfNeeded: line.index))
            bytes += Self.bigEndian(UInt64(bitPattern: line.quantity))
        }
        bytes += Self.bigEndian(UInt64(bitPattern: amount.fen))
        bytes += Array(card.text.utf8)
        return bytes
    }

    private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
