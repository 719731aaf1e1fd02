/// What head office lets a till take without asking.
///
/// Units and signs: money in fen, ages in seconds.
/// Source: R-P3.
public struct StandInLimits: Sendable, Hashable {
    /// The most for one sale.
    public let perSale: Money
    /// The most for one card among the till's stand-in sales without a verdict.
    public let perCard: Money
    /// The most among all the till's stand-in sales without a verdict.
    public let tillTotal: Money
    /// The most stand-in sales without a verdict.
    public let tillCount: Int64
    /// From this age per-sale and per-card limits are halved.
    public let amberAfter: Int64
    /// From this age nothing is taken without asking.
    public let redAfter: Int64

    /// Limits of those values; what is left out has the default of R-P3.
    public init(
        perSale: Money = Money(fen: 20_000), perCard: Money = Money(fen: 50_000),
        tillTotal: Money = Money(fen: 2_000_000), tillCount: Int64 = 500,
        amberAfter: Int64 = 4 * 3_600, redAfter: Int64 = 24 * 3_600
    ) {
        self.perSale = perSale
        self.perCard = perCard
        self.tillTotal = tillTotal
        self.tillCount = tillCount
        self.amberAfter = amberAfter
        self.redAfter = redAfter
    }

    /// The defaults of R-P3.
    public static let defaults = StandInLimits()

    /// How fresh knowledge of that age is; never heard from head office is red.
    public func freshness(contactAge: Int64?) -> Freshness {
        guard let contactAge, contactAge < redAfter else { return .red }
        return contactAge < amberAfter ? .green : .amber
    }

    /// What one sale may come to: halved in amber, doubled by a manager's override.
    public func perSale(_ freshness: Freshness, managerOverride: Bool) -> Money {
        let limit = freshness == .green ? perSale : Money(fen: perSale.fen / 2)
        guard managerOverride else { return limit }
        return (try? limit.multiplied(by: 2)) ?? limit
    }

    /// What one card's stand-in sales may come to: halved in amber.
    public func perCard(_ freshness: Freshness) -> Money {
        freshness == .green ? perCard : Money(fen: perCard.fen / 2)
    }
}

/// How old what a till knows is.
///
/// Source: R-P3, R-P14.
public enum Freshness: String, Sendable, Hashable, CaseIterable {
    /// Full limits.
    case green
    /// Half the per-sale and per-card limits.
    case amber
    /// No stand-in.
    case red
}

/// A till's stand-in sales without a verdict; authorised, code-confirmed and test sales are left out.
///
/// Source: R-P3.
public struct StandInUsage: Sendable, Hashable {
    /// The sum for the card in question.
    public let cardTotal: Money
    /// The sum for all cards.
    public let tillTotal: Money
    /// The number for all cards.
    public let tillCount: Int64
    /// What the till charged to test cards today.
    public let test: TestCardLimits.Usage

    /// That much so far.
    public init(
        cardTotal: Money, tillTotal: Money, tillCount: Int64, test: TestCardLimits.Usage = .none
    ) {
        self.cardTotal = cardTotal
        self.tillTotal = tillTotal
        self.tillCount = tillCount
        self.test = test
    }

    /// Nothing so far.
    public static let none = StandInUsage(cardTotal: .zero, tillTotal: .zero, tillCount: 0)
}
