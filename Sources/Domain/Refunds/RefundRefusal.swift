/// Why a refund request cannot be agreed to.
///
/// Refuses: cases stand in order of precedence; `line` is the sale's line index.
/// Source: R-R1 to R-R3, R-R7.
public enum RefundRefusal: Error, Sendable, Hashable {
    /// The sale is not received yet, or in question for its identity; the request waits.
    case saleNotPosted
    /// The card entered is neither the sale's nor a later one of its replacement chain.
    case cardDiffers
    /// The calendar month of the sale is over.
    case refundMonthOver
    /// No line, a quantity below 1, or nothing of value.
    case nothingToRefund
    /// The sale has no such line.
    case unknownLine(line: Int)
    /// With what was already asked for, more than was sold; `left` is what remains.
    case quantityExceedsSold(line: Int, left: Int64)
    /// The amount is not the value of the quantities at the prices charged.
    case amountDiffers(expected: Money)
    /// More than the sale came to less what was already asked for, or more to the card than it
    /// paid less what it got back; `left` is what remains.
    case amountExceedsPaid(left: Money)

    /// The stable code for wire and screens.
    public var code: String {
        switch self {
        case .saleNotPosted: "sale_not_posted"
        case .cardDiffers: "card_differs"
        case .refundMonthOver: "refund_month_over"
        case .nothingToRefund: "nothing_to_refund"
        case .unknownLine: "unknown_line"
        case .quantityExceedsSold: "quantity_exceeds_sold"
        case .amountDiffers: "amount_differs"
        case .amountExceedsPaid: "amount_exceeds_paid"
        }
    }

    /// Whether the same request may be agreed to later.
    public var isTransient: Bool { self == .saleNotPosted }
}
