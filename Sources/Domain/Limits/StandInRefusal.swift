/// Why a till may not take a card without asking head office.
///
/// Shape: a limit is carried as it applied, halved or doubled, so that the screen can say it.
/// Refuses: cases stand in order of precedence.
/// Source: R-P3, R-P7, R-P9, R-P15.
public enum StandInRefusal: Error, Sendable, Hashable {
    /// The card is on the block list.
    case cardBlocked
    /// Head office has refused this card and not approved it since.
    case cardRefusedOnline
    /// This store may not take the card's programme.
    case programmeNotAccepted
    /// A test card over one of its own limits.
    case testCardLimit
    /// A card with a guessable number that this till has not lately seen approved online.
    case cardUnverified
    /// What the till knows is too old; `age` is nil when it never heard from head office.
    case contactTooOld(age: Int64?, redAfter: Int64)
    /// The till has no limits for this card's programme.
    case limitsUnknown
    /// More than one sale may come to.
    case overSaleLimit(limit: Money)
    /// With what is already unsent, more than one card may come to.
    case overCardLimit(limit: Money, used: Money)
    /// With what is already unsent, more than the till may come to.
    case overTillTotal(limit: Money, used: Money)
    /// As many unsent sales as the till may have.
    case overTillCount(limit: Int64)

    /// The stable code for wire and screens.
    public var code: String {
        switch self {
        case .cardBlocked: "card_blocked"
        case .cardRefusedOnline: "card_refused_online"
        case .programmeNotAccepted: "programme_not_accepted"
        case .testCardLimit: "test_card_limit"
        case .cardUnverified: "card_unverified"
        case .contactTooOld: "contact_too_old"
        case .limitsUnknown: "limits_unknown"
        case .overSaleLimit: "over_sale_limit"
        case .overCardLimit: "over_card_limit"
        case .overTillTotal: "over_till_total"
        case .overTillCount: "over_till_count"
        }
    }

    /// Whether contact with head office alone may cure it.
    public var isTransient: Bool {
        switch self {
        case .cardBlocked, .programmeNotAccepted, .testCardLimit, .overSaleLimit: false
        case .cardRefusedOnline, .cardUnverified, .contactTooOld, .limitsUnknown, .overCardLimit,
            .overTillTotal, .overTillCount:
            true
        }
    }
}
