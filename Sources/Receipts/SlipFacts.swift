public import Domain

/// What happened, as a slip tells it. Plain values: the node looks them up, the slip arranges them.
public struct SlipFacts: Sendable, Hashable {
    /// The store as its customers know it.
    public struct Store: Sendable, Hashable {
        /// Name.
        public let name: String
        /// Address; may be empty.
        public let address: String
        /// Telephone numbers at the slip's foot.
        public let telephones: [Telephone]

        /// A store.
        public init(name: String, address: String, telephones: [Telephone]) {
            self.name = name
            self.address = address
            self.telephones = telephones
        }
    }

    /// A telephone number and what it is for.
    public struct Telephone: Sendable, Hashable {
        /// Who answers.
        public enum Purpose: Sendable, Hashable, CaseIterable {
            /// The store.
            case store
            /// Head office's customer service 客服.
            case service
            /// Head office's fault reports 报修.
            case fault
        }

        /// Who answers.
        public let purpose: Purpose
        /// The number as people write it.
        public let number: String

        /// A telephone number.
        public init(_ purpose: Purpose, _ number: String) {
            self.purpose = purpose
            self.number = number
        }
    }

    /// The card, as far as a till may know it.
    public struct Card: Sendable, Hashable {
        /// Masked number, such as `6160 **** **** 0002`.
        public let mask: String
        /// The holder's masked name; nil when it is not known.
        public let holder: String?
        /// The balance after; nil when it is not known.
        public let balance: Money?

        /// A card.
        public init(mask: String, holder: String?, balance: Money?) {
            self.mask = mask
            self.holder = holder
            self.balance = balance
        }
    }

    /// What the slip is the proof of.
    public enum Event: Sendable, Hashable {
        /// A sale that head office authorised.
        case authorisedSale
        /// A sale taken offline within the limits.
        case standInSale
        /// A refund that head office approved: number of the sale, the opinion and who gave it.
        case approvedRefund(saleNumber: String, opinion: String, decidedBy: String)
    }

    /// What is proved.
    public let event: Event
    /// The store.
    public let store: Store
    /// The till's name.
    public let till: String
    /// The till that prints it again, when it is another.
    public let reprintedAt: String?
    /// The order number, or the number of the refund.
    public let number: String
    /// When it happened, as head office or the till's corrected clock says.
    public let time: Instant
    /// Who was at the till.
    public let cashier: String
    /// What was sold or given back: 1 to 200 lines.
    public let lines: [SaleLine]
    /// What was paid or given back.
    public let total: Money
    /// The card.
    public let card: Card
    /// Whether the card is a test card.
    public let isTest: Bool

    /// The facts of one slip.
    public init(
        event: Event, store: Store, till: String, reprintedAt: String? = nil, number: String,
        time: Instant, cashier: String, lines: [SaleLine], total: Money, card: Card, isTest: Bool
    ) {
        self.event = event
        self.store = store
        self.till = till
        self.reprintedAt = reprintedAt
        self.number = number
        self.time = time
        self.cashier = cashier
        self.lines = lines
        self.total = total
        self.card = card
        self.isTest = isTest
    }
}

/// Why a slip is not made: it would say something that cannot be true.
public enum SlipRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// There is no line.
    case noLines = "slip_no_lines"
    /// There are more than 200 lines.
    case tooManyLines = "slip_too_many_lines"
    /// The amounts do not fit 64 bits of fen.
    case overflow = "slip_overflow"
    /// The lines do not add up to the total.
    case totalDiffers = "slip_total_differs"

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether the same call may succeed later.
    public var isTransient: Bool { false }
}
