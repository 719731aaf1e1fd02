/// The network's fee on what a store was paid.
///
/// Source: R-L7.
public enum FeeRules {
    /// The denominator of a rate: 6,000 per million are 0.60 %.
    public static let perMillion: Int64 = 1_000_000

    /// The fee on an amount posted to store payable, rounded half up to the fen.
    ///
    /// Units and signs: `rate` in millionths, 0 to 1,000,000; `posted` zero or more.
    public static func fee(on posted: Money, rate: Int64) -> Money {
        precondition((0...perMillion).contains(rate), "a fee rate of \(rate) per million")
        return share(posted, rate, of: perMillion)
    }

    /// The fee returned in all once that much of the posted amount is refunded: half up of
    /// fee × refunded ÷ posted, so that a full refund returns exactly the fee. What to book now is
    /// this less what was returned before.
    public static func feeReturned(fee: Money, refundedInAll: Money, posted: Money) -> Money {
        precondition(
            refundedInAll <= posted, "refunded \(refundedInAll.fen) of \(posted.fen) fen")
        guard posted > .zero else { return .zero }
        return share(fee, refundedInAll.fen, of: posted.fen)
    }

    /// amount × numerator ÷ denominator, half up, through 128 bits; the quotient fits because the
    /// numerator is at most the denominator.
    private static func share(_ amount: Money, _ numerator: Int64, of denominator: Int64) -> Money {
        precondition(amount >= .zero && numerator >= 0, "a share of \(amount.fen) fen")
        let product = amount.fen.magnitude.multipliedFullWidth(by: numerator.magnitude)
        let divisor = denominator.magnitude
        let (quotient, rest) = divisor.dividingFullWidth(product)
        let roundsUp = rest >= divisor - rest
        return Money(fen: Int64(quotient) + (roundsUp ? 1 : 0))
    }
}
