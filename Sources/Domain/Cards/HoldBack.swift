/// What stays on a blocked card for tills that have not been heard from since.
///
/// A till may have taken the card before it was blocked and not have said so yet; what it could still bring stays on
/// the card, so that the rest can move on at once and no sale is left without its money.
public enum HoldBack {
    /// After so long nothing can come any more: a late password is checked against earlier
    /// verifiers for at most 60 days, and without its password a late sale leaves the card alone.
    ///
    /// Units: milliseconds.
    /// Source: R-W4, R-P5.
    public static let lasts: Int64 = earlierVerifiersKept

    /// How long earlier password verifiers are kept.
    ///
    /// Units: milliseconds.
    /// Source: R-W4.
    public static let earlierVerifiersKept: Int64 = 60 * 86_400_000

    /// What may leave the card now: neither holds nor what is held back.
    ///
    /// Units and signs: fen, never below zero.
    public static func movable(balance: Money, held: Money, heldBack: Money) -> Money {
        guard let free = try? balance.subtracting(held).subtracting(heldBack) else { return .zero }
        return max(free, .zero)
    }
}
