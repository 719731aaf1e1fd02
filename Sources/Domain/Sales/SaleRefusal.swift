/// Why a basket cannot be settled.
///
/// Refuses: cases stand in order of precedence; `line` counts from 0 and is the first at fault.
public enum SaleRefusal: Error, Sendable, Hashable {
    /// The basket has no line.
    case emptyBasket
    /// More lines than `SaleRules.largestLineCount`.
    case tooManyLines
    /// A quantity outside `SaleRules.quantities`.
    case quantityOutOfRange(line: Int)
    /// A price outside `SaleRules.prices`.
    case priceOutOfRange(line: Int)
    /// Everything in the basket is free: there is nothing to pay.
    case totalIsZero
    /// More than `SaleRules.largestTotal`.
    case totalTooLarge

    /// The stable code for wire and screens.
    public var code: String {
        switch self {
        case .emptyBasket: "empty_basket"
        case .tooManyLines: "too_many_lines"
        case .quantityOutOfRange: "quantity_out_of_range"
        case .priceOutOfRange: "price_out_of_range"
        case .totalIsZero: "total_is_zero"
        case .totalTooLarge: "total_too_large"
        }
    }

    /// Whether the same call may succeed later.
    public var isTransient: Bool { false }
}
