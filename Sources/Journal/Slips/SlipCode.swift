public import Domain

// HYK1.TILL.EPOCH.SEQ.SALE.RECEIPT.TIME.TOTAL.FINGERPRINT.HASH.SIGNATURE
//
// The text in the QR code of a merchant's copy. It names one record of one till's chain and is signed
// by the till's key, so a slip proves its sale even when no copy of the journal is left (S-5).

/// What the QR code on the merchant's copy of a sale says.
///
/// - Units: `time` is the sale's business time at the till; `total` in fen.
/// - Source: Docs/PROTOCOL.md §2.
public struct SlipCode: Sendable, Hashable {
    /// The till's name.
    public let till: String
    /// The till's epoch.
    public let epoch: Int
    /// The record's place in the till's journal.
    public let sequence: Int64
    /// The sale's id.
    public let sale: RecordID
    /// The order number.
    public let receipt: String
    /// When it was sold.
    public let time: Instant
    /// What was paid.
    public let total: Money
    /// The card's fingerprint.
    public let card: CardFingerprint
    /// The hash of the chain at the record: it stands for every line of the sale.
    public let hash: RecordHash

    /// What a slip says.
    public init(
        till: String, epoch: Int, sequence: Int64, sale: RecordID, receipt: String, time: Instant,
        total: Money, card: CardFingerprint, hash: RecordHash
    ) {
        self.till = till
        self.epoch = epoch
        self.sequence = sequence
        self.sale = sale
        self.receipt = receipt
        self.time = time
        self.total = total
        self.card = card
        self.hash = hash
    }

    /// The text of the QR code.
    public func text(signedBy key: SigningKey) -> String {
        let facts = facts
        return facts + "." + Base64.url.text(key.signature(of: Self.signed(facts)))
    }

    /// Reads a QR code.
    ///
    /// - Refuses: any other layout, and a signature that is not the key's (nil).
    public init?(text: String, signedBy key: VerifyingKey) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 11, parts[0] == Self.mark, let epoch = Int(parts[2]),
            let sequence = Int64(parts[3]), let sale = RecordID(parts[4]),
            let time = Int64(parts[6]), let total = Int64(parts[7]),
            let card = try? CardFingerprint(parts[8]),
            let hash = Base64.url.bytes(parts[9]).flatMap({ RecordHash(bytes: $0) }),
            let signature = Base64.url.bytes(parts[10])
        else { return nil }
        self.init(
            till: parts[1], epoch: epoch, sequence: sequence, sale: sale, receipt: parts[5],
            time: Instant(milliseconds: time), total: Money(fen: total), card: card, hash: hash)
        // Exactly the one spelling that is written, and signed.
        let facts = facts
        guard text == facts + "." + parts[10],
            key.isValid(signature: signature, of: Self.signed(facts))
        else { return nil }
    }

    private static let mark = "HYK1"

    private var facts: String {
        [
            Self.mark, till, String(epoch), String(sequence), sale.description, receipt,
            String(time.milliseconds), String(total.fen), card.text, Base64.url.text(hash.bytes),
        ].joined(separator: ".")
    }

    private static func signed(_ facts: String) -> [UInt8] {
        Array("huiyika/slip/1".utf8) + Array(facts.utf8)
    }
}
