public import Domain

/// A settled sale with its one payment; the record's id is the sale's and the payment's id.
///
/// - Shape: at least one line. That amounts add up is not checked here: a sale that does not is
///   an exception of head office (`lines_do_not_add_up`), never an unreadable record.
/// - Source: Docs/PROTOCOL.md §2; R-P4, R-P8.
public struct SaleCompleted: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "sale.completed"

    /// One line of the slip.
    ///
    /// - Units: `price`, `list` and `amount` in fen; `amount` is price × quantity.
    public struct Line: WireValue, Hashable {
        /// What the line comes to.
        public var amount: Money
        /// The list price of one.
        public var list: Money
        /// The product's name as sold.
        public var name: String
        /// The charged price of one.
        public var price: Money
        /// How many; at least 1.
        public var quantity: Int64
        /// Who changed the price; nil when it is the list price.
        public var repricedBy: String?
        /// Why the price was changed; left out when nil.
        public var repriceReason: String?
        /// The product's key.
        public var sku: String
        /// The pack, such as 10g×9袋.
        public var spec: String

        /// Makes it from its parts.
        public init(
            amount: Money, list: Money, name: String, price: Money, quantity: Int64,
            repricedBy: String?, repriceReason: String? = nil, sku: String, spec: String
        ) {
            self.amount = amount
            self.list = list
            self.name = name
            self.price = price
            self.quantity = quantity
            self.repricedBy = repricedBy
            self.repriceReason = repriceReason
            self.sku = sku
            self.spec = spec
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            amount = try object.value("amount")
            list = try object.value("list")
            name = try object.value("name")
            price = try object.value("price")
            quantity = try object.integer("quantity", in: 1...1_000_000)
            repricedBy = try object.nullable("repricedBy")
            repriceReason = try object.optional("repriceReason")
            sku = try object.value("sku")
            spec = try object.value("spec")
        }

        /// The object.
        public var wire: JSONValue {
            var members = [
                "amount": amount.wire,
                "list": list.wire,
                "name": name.wire,
                "price": price.wire,
                "quantity": quantity.wire,
                "repricedBy": repricedBy.wire,
                "sku": sku.wire,
                "spec": spec.wire,
            ]
            if let repriceReason { members["repriceReason"] = repriceReason.wire }
            return .object(members)
        }
    }

    /// The card as a till knows it: never its number.
    public struct Card: WireValue, Hashable {
        /// The keyed fingerprint.
        public var fingerprint: CardFingerprint
        /// `6160 **** **** 0002`.
        public var mask: String
        /// The programme's code.
        public var programme: String

        /// Makes it from its parts.
        public init(fingerprint: CardFingerprint, mask: String, programme: String) {
            self.fingerprint = fingerprint
            self.mask = mask
            self.programme = programme
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            fingerprint = try object.value("fingerprint")
            mask = try object.value("mask")
            programme = try object.value("programme")
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "fingerprint": fingerprint.wire,
                "mask": mask.wire,
                "programme": programme.wire,
            ])
        }
    }

    /// What the till knew when it took the card (R-P4).
    ///
    /// - Units: `contactAge` in seconds.
    public struct Knew: WireValue, Hashable {
        /// The highest `card` item applied.
        public var blockListVersion: Int64
        /// Age of what the till knew (R-P14).
        public var contactAge: Int64
        /// The highest `limits` item applied.
        public var limitsVersion: Int64

        /// Makes it from its parts.
        public init(blockListVersion: Int64, contactAge: Int64, limitsVersion: Int64) {
            self.blockListVersion = blockListVersion
            self.contactAge = contactAge
            self.limitsVersion = limitsVersion
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            blockListVersion = try object.integer("blockListVersion")
            contactAge = try object.integer("contactAge")
            limitsVersion = try object.integer("limitsVersion")
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "blockListVersion": blockListVersion.wire,
                "contactAge": contactAge.wire,
                "limitsVersion": limitsVersion.wire,
            ])
        }
    }

    /// How the card was taken.
    public enum Mode: String, WireValue, CaseIterable {
        /// Head office holds the money.
        case authorised
        /// The till took it within its limits.
        case standIn = "stand_in"
        /// Head office holds the money on the word of the holder's phone.
        case phone
    }

    /// How the till learnt that the phone had paid (R-P12).
    public struct Confirmation: WireValue, Hashable {
        /// By what.
        public enum Way: String, WireValue, CaseIterable {
            /// The code that the phone showed.
            case code
            /// Head office's answer.
            case online
        }

        /// By what.
        public var by: Way
        /// The confirmation key that the payment's QR named.
        public var key: Int

        /// Makes it from its parts.
        public init(by: Way, key: Int) {
            self.by = by
            self.key = key
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            by = try object.value("by")
            key = try object.count("key", in: ConfirmationKey.numbers)
        }

        /// The object.
        public var wire: JSONValue { .object(["by": by.wire, "key": key.wire]) }
    }

    /// The sale's one payment.
    ///
    /// - Shape: `credential` is present exactly in mode `stand_in`, `confirmation` in mode `phone`.
    public struct Payment: WireValue, Hashable {
        /// The attempt that was approved, or the last one made.
        public var attempt: Int
        /// How the till learnt of a payment by phone.
        public var confirmation: Confirmation?
        /// SHA-256 of the sealed credential beside the record.
        public var credential: RecordHash?
        /// What the till knew.
        public var knew: Knew
        /// How the card was taken.
        public var mode: Mode

        /// Makes it from its parts.
        public init(
            attempt: Int, credential: RecordHash?, knew: Knew, mode: Mode,
            confirmation: Confirmation? = nil
        ) {
            self.attempt = attempt
            self.confirmation = confirmation
            self.credential = credential
            self.knew = knew
            self.mode = mode
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            attempt = try object.count("attempt", in: 0...1_000_000_000)
            credential = try object.nullable("credential", as: Base64Hash.self)?.hash
            knew = try object.value("knew")
            mode = try object.value("mode")
            confirmation = try object.optional("confirmation")
            guard (confirmation != nil) == (mode == .phone) else {
                throw object.outOfRange("confirmation")
            }
            guard (credential != nil) == (mode == .standIn) else {
                throw object.outOfRange("credential")
            }
        }

        /// The object.
        public var wire: JSONValue {
            var members: [String: JSONValue] = [
                "attempt": attempt.wire,
                "credential": credential.map(Base64Hash.init(hash:)).wire,
                "knew": knew.wire,
                "mode": mode.wire,
            ]
            if let confirmation { members["confirmation"] = confirmation.wire }
            return .object(members)
        }
    }

    /// The card; nil in mode `phone` when the till does not know it.
    public var card: Card?
    /// The cashier's login.
    public var cashier: String
    /// The lines, in the slip's order.
    public var lines: [Line]
    /// The manager's word for a sale above the per-sale limit; left out when nil.
    public var override: Override?
    /// The payment.
    public var payment: Payment
    /// The number people read (R-M4).
    public var receipt: String
    /// Whether the card is a test card (R-P7).
    public var isTest: Bool
    /// What the lines come to.
    public var total: Money

    /// Makes it from its parts.
    public init(
        card: Card?, cashier: String, lines: [Line], override: Override? = nil, payment: Payment,
        receipt: String, isTest: Bool, total: Money
    ) {
        self.card = card
        self.cashier = cashier
        self.lines = lines
        self.override = override
        self.payment = payment
        self.receipt = receipt
        self.isTest = isTest
        self.total = total
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        card = try object.nullable("card")
        cashier = try object.value("cashier")
        lines = try object.value("lines")
        guard !lines.isEmpty else { throw object.outOfRange("lines") }
        override = try object.optional("override")
        payment = try object.value("payment")
        guard card != nil || payment.mode == .phone else { throw object.outOfRange("card") }
        receipt = try object.value("receipt")
        isTest = try object.value("test")
        total = try object.value("total")
    }

    /// The object.
    public var wire: JSONValue {
        var members = [
            "card": card.wire,
            "cashier": cashier.wire,
            "lines": lines.wire,
            "payment": payment.wire,
            "receipt": receipt.wire,
            "test": isTest.wire,
            "total": total.wire,
        ]
        if let override { members["override"] = override.wire }
        return .object(members)
    }
}

extension SaleCompleted.Line {
    /// A line of a settled basket.
    ///
    /// - Refuses: what the domain refuses of price × quantity.
    public init(_ line: SaleLine) throws(MoneyRefusal) {
        self.init(
            amount: try line.amount, list: line.list, name: line.name, price: line.price,
            quantity: line.quantity, repricedBy: line.repricedBy,
            repriceReason: line.repriceReason, sku: line.sku, spec: line.spec)
    }

    /// The line as the domain's rules see it.
    public var saleLine: SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: list, price: price, quantity: quantity,
            repricedBy: repricedBy, repriceReason: repriceReason)
    }
}

extension SaleCompleted {
    /// Whether the sale's own figures agree; otherwise it is `lines_do_not_add_up`.
    public var addsUp: Bool {
        SaleRules.linesAddUp(
            lines.map(\.saleLine), stated: lines.map(\.amount), total: total)
    }
}

/// A hash in base64, as the payment states it.
struct Base64Hash: WireValue {
    let hash: RecordHash

    init(hash: RecordHash) { self.hash = hash }

    init(wire: JSONValue, at field: String) throws(WireFault) {
        guard let bytes = Base64.standard.bytes(try String(wire: wire, at: field)),
            let hash = RecordHash(bytes: bytes)
        else { throw WireFault(.outOfRange, field) }
        self.hash = hash
    }

    var wire: JSONValue { .text(Base64.standard.text(hash.bytes)) }
}
