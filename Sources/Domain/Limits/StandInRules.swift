/// Whether a till may take a card without head office.
public enum StandInRules {
    /// What the till knows about the card in hand.
    public struct Card: Sendable, Hashable {
        /// On the block list.
        public let isBlocked: Bool
        /// Flagged as a test card.
        public let isTest: Bool
        /// Refused by head office and not approved since (R-P9).
        public let isRefusedOnline: Bool
        /// The programme is accepted at this store.
        public let programmeAccepted: Bool
        /// Known well enough for stand-in; see `isVerified`.
        public let isVerified: Bool

        /// A card of those facts.
        public init(
            isBlocked: Bool, isTest: Bool, isRefusedOnline: Bool, programmeAccepted: Bool,
            isVerified: Bool
        ) {
            self.isBlocked = isBlocked
            self.isTest = isTest
            self.isRefusedOnline = isRefusedOnline
            self.programmeAccepted = programmeAccepted
            self.isVerified = isVerified
        }
    }

    /// How long an online approval vouches for a card: 90 days.
    public static let verifiedFor: Int64 = 90 * 86_400_000

    /// Whether the card is known well enough: numbers of `dated16` can be guessed, so the till must
    /// have seen the card approved lately; for others the programme says.
    ///
    /// Source: R-P15.
    public static func isVerified(
        scheme: NumberScheme, requiredByProgramme: Bool = false, approvedOnline: Instant?,
        now: Instant
    ) -> Bool {
        guard scheme == .dated16 || requiredByProgramme else { return true }
        guard let approvedOnline else { return false }
        return now.milliseconds(since: approvedOnline) <= verifiedFor
    }

    /// Agrees to a stand-in sale of that amount, or refuses.
    ///
    /// Shape: `contactAge` is what R-P14 says, in seconds, nil when never; a negative age counts as
    /// red, because the clock cannot be trusted. A test sale needs only the first four rules.
    /// Refuses: `cardBlocked`, `cardRefusedOnline`, `programmeNotAccepted`, `testCardLimit`,
    /// `cardUnverified`, `contactTooOld`, `limitsUnknown`, `overSaleLimit`, `overCardLimit`,
    /// `overTillTotal`, `overTillCount`.
    public static func decide(
        amount: Money, card: Card, limits: StandInLimits?, usage: StandInUsage,
        contactAge: Int64?, managerOverride: Bool = false
    ) throws(StandInRefusal) {
        if card.isBlocked { throw .cardBlocked }
        if card.isRefusedOnline { throw .cardRefusedOnline }
        if !card.programmeAccepted { throw .programmeNotAccepted }
        if card.isTest {
            guard TestCardLimits.allow(amount, usage: usage.test) else { throw .testCardLimit }
            return
        }
        if !card.isVerified { throw .cardUnverified }
        let ages = limits ?? .defaults
        let knownAge = contactAge.flatMap { $0 < 0 ? nil : $0 }
        let freshness = ages.freshness(contactAge: knownAge)
        if freshness == .red { throw .contactTooOld(age: knownAge, redAfter: ages.redAfter) }
        guard let limits else { throw .limitsUnknown }
        let perSale = limits.perSale(freshness, managerOverride: managerOverride)
        if amount > perSale { throw .overSaleLimit(limit: perSale) }
        let perCard = limits.perCard(freshness)
        if exceeds(perCard, used: usage.cardTotal, amount: amount) {
            throw .overCardLimit(limit: perCard, used: usage.cardTotal)
        }
        if exceeds(limits.tillTotal, used: usage.tillTotal, amount: amount) {
            throw .overTillTotal(limit: limits.tillTotal, used: usage.tillTotal)
        }
        if usage.tillCount >= limits.tillCount { throw .overTillCount(limit: limits.tillCount) }
    }

    private static func exceeds(_ limit: Money, used: Money, amount: Money) -> Bool {
        guard let sum = try? used.adding(amount) else { return true }
        return sum > limit
    }
}
