/// Why an amount is not accepted.
///
/// Refuses: cases stand in order of precedence.
/// Source: R-M1.
public enum MoneyRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// Nothing was entered.
    case empty = "amount_empty"
    /// Something other than digits and one decimal point was entered.
    case notANumber = "amount_not_a_number"
    /// More than two digits after the point: fen cannot hold it.
    case moreThanTwoDecimals = "amount_more_than_two_decimals"
    /// A sign in front: an entered amount is never below zero.
    case negative = "amount_negative"
    /// Above the most that may be entered, `Money.largestEntered`.
    case tooLarge = "amount_too_large"
    /// The result does not fit 64 bits of fen.
    case overflow = "amount_overflow"

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether the same call may succeed later.
    public var isTransient: Bool { false }
}
