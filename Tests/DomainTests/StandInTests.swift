import Domain
import Testing

@Suite struct StandInTests {
    static func card(
        blocked: Bool = false, test: Bool = false, refused: Bool = false, accepted: Bool = true,
        verified: Bool = true
    ) -> StandInRules.Card {
        StandInRules.Card(
            isBlocked: blocked, isTest: test, isRefusedOnline: refused,
            programmeAccepted: accepted, isVerified: verified)
    }

    static func usage(
        card: Int64 = 0, till: Int64 = 0, count: Int64 = 0, testTotal: Int64 = 0,
        testCount: Int64 = 0
    ) -> StandInUsage {
        StandInUsage(
            cardTotal: Money(fen: card), tillTotal: Money(fen: till), tillCount: count,
            test: .init(total: Money(fen: testTotal), count: testCount))
    }

    static func refusal(
        _ fen: Int64, _ card: StandInRules.Card = card(), limits: StandInLimits? = .defaults,
        usage: StandInUsage = .none, age: Int64? = 0, override: Bool = false
    ) -> StandInRefusal? {
        Fixture.refusal { () throws(StandInRefusal) in
            try StandInRules.decide(
                amount: Money(fen: fen), card: card, limits: limits, usage: usage,
                contactAge: age, managerOverride: override)
        }
    }

    /// Each row breaks its own rule and every later one; mending them one by one walks down.
    @Test func `the first broken rule is the one that is named`() {
        let full = Self.usage(card: 50_000, till: 2_000_000, count: 500)
        let red: Int64 = 86_400
        let bad = Self.card(blocked: true, refused: true, accepted: false, verified: false)
        #expect(Self.refusal(20_001, bad, limits: nil, usage: full, age: red) == .cardBlocked)
        let unblocked = Self.card(refused: true, accepted: false, verified: false)
        #expect(
            Self.refusal(20_001, unblocked, limits: nil, usage: full, age: red)
                == .cardRefusedOnline)
        let foreign = Self.card(test: true, accepted: false, verified: false)
        #expect(
            Self.refusal(20_001, foreign, limits: nil, usage: full, age: red)
                == .programmeNotAccepted)
        let test = Self.card(test: true, verified: false)
        #expect(
            Self.refusal(20_001, test, limits: nil, usage: full, age: red) == .testCardLimit)
        let strange = Self.card(verified: false)
        #expect(
            Self.refusal(20_001, strange, limits: nil, usage: full, age: red) == .cardUnverified)
        #expect(
            Self.refusal(20_001, limits: nil, usage: full, age: red)
                == .contactTooOld(age: red, redAfter: red))
        #expect(Self.refusal(20_001, limits: nil, usage: full) == .limitsUnknown)
        #expect(
            Self.refusal(20_001, usage: full) == .overSaleLimit(limit: Money(fen: 20_000)))
        #expect(
            Self.refusal(20_000, usage: full)
                == .overCardLimit(limit: Money(fen: 50_000), used: Money(fen: 50_000)))
        #expect(
            Self.refusal(20_000, usage: Self.usage(till: 2_000_000, count: 500))
                == .overTillTotal(limit: Money(fen: 2_000_000), used: Money(fen: 2_000_000)))
        #expect(Self.refusal(20_000, usage: Self.usage(count: 500)) == .overTillCount(limit: 500))
        #expect(Self.refusal(20_000, usage: Self.usage(count: 499)) == nil)
    }

    @Test func `limits are inclusive to the fen`() {
        #expect(Self.refusal(20_000, usage: Self.usage(card: 30_000)) == nil)
        #expect(Self.refusal(20_000, usage: Self.usage(card: 30_001))?.code == "over_card_limit")
        #expect(Self.refusal(20_000, usage: Self.usage(till: 1_980_000)) == nil)
        #expect(Self.refusal(20_000, usage: Self.usage(till: 1_980_001))?.code == "over_till_total")
        #expect(Self.refusal(1, usage: Self.usage(till: .max))?.code == "over_till_total")
    }

    @Test func `amber halves the limits of sale and card and no other`() {
        let amber: Int64 = 4 * 3_600
        #expect(Self.refusal(10_001, age: amber - 1) == nil)
        #expect(Self.refusal(10_001, age: amber) == .overSaleLimit(limit: Money(fen: 10_000)))
        #expect(
            Self.refusal(10_000, usage: Self.usage(card: 15_001), age: amber)
                == .overCardLimit(limit: Money(fen: 25_000), used: Money(fen: 15_001)))
        let busy = Self.usage(till: 1_990_000, count: 499)
        #expect(Self.refusal(10_000, usage: busy, age: amber) == nil)
        let odd = StandInLimits(perSale: Money(fen: 101))
        #expect(
            Self.refusal(51, limits: odd, age: amber) == .overSaleLimit(limit: Money(fen: 50)))
    }

    @Test func `an age that is unknown, negative or a day old is red`() {
        #expect(Self.refusal(1, age: nil) == .contactTooOld(age: nil, redAfter: 86_400))
        #expect(Self.refusal(1, age: -1) == .contactTooOld(age: nil, redAfter: 86_400))
        #expect(Self.refusal(1, age: 86_399) == nil)
        #expect(Self.refusal(1, age: 86_400)?.code == "contact_too_old")
    }

    @Test func `a manager doubles the sale limit in force and no other`() {
        #expect(Self.refusal(40_000, override: true) == nil)
        #expect(Self.refusal(40_001, override: true) == .overSaleLimit(limit: Money(fen: 40_000)))
        #expect(
            Self.refusal(20_001, age: 14_400, override: true)
                == .overSaleLimit(limit: Money(fen: 20_000)))
        #expect(
            Self.refusal(40_000, usage: Self.usage(card: 10_001), override: true)?.code
                == "over_card_limit")
        #expect(Self.refusal(1, age: nil, override: true)?.code == "contact_too_old")
    }

    @Test func `a test sale needs only its own limits`() {
        let test = Self.card(test: true, verified: false)
        let full = Self.usage(card: 50_000, till: 2_000_000, count: 500)
        #expect(Self.refusal(99, test, limits: nil, usage: full, age: nil) == nil)
        #expect(Self.refusal(100, test) == .testCardLimit)
        #expect(Self.refusal(1, test, usage: Self.usage(testCount: 20)) == .testCardLimit)
        #expect(Self.refusal(50, test, usage: Self.usage(testTotal: 950)) == nil)
        #expect(Self.refusal(51, test, usage: Self.usage(testTotal: 950)) == .testCardLimit)
        #expect(Self.refusal(99, Self.card(blocked: true, test: true)) == .cardBlocked)
    }

    @Test func `a guessable number needs an online approval within 90 days`() {
        func verified(_ scheme: NumberScheme, days: Int64?, required: Bool = false) -> Bool {
            StandInRules.isVerified(
                scheme: scheme, requiredByProgramme: required,
                approvedOnline: days.map { Fixture.noon.adding(milliseconds: -$0 * 86_400_000) },
                now: Fixture.noon)
        }
        #expect(!verified(.dated16, days: nil))
        #expect(verified(.dated16, days: 90))
        #expect(!verified(.dated16, days: 91))
        #expect(verified(.luhn19, days: nil))
        #expect(!verified(.luhn19, days: nil, required: true))
        #expect(verified(.luhn19, days: 1, required: true))
    }

    @Test func `codes are stable`() {
        let all: [StandInRefusal] = [
            .cardBlocked, .cardRefusedOnline, .programmeNotAccepted, .testCardLimit,
            .cardUnverified, .contactTooOld(age: nil, redAfter: 1), .limitsUnknown,
            .overSaleLimit(limit: .zero), .overCardLimit(limit: .zero, used: .zero),
            .overTillTotal(limit: .zero, used: .zero), .overTillCount(limit: 0),
        ]
        #expect(
            all.map(\.code) == [
                "card_blocked", "card_refused_online", "programme_not_accepted",
                "test_card_limit", "card_unverified", "contact_too_old", "limits_unknown",
                "over_sale_limit", "over_card_limit", "over_till_total", "over_till_count",
            ])
        #expect(
            all.filter { !$0.isTransient }.map(\.code) == [
                "card_blocked", "programme_not_accepted", "test_card_limit", "over_sale_limit",
            ])
    }

    @Test func `accepted sales never pass the bounds whatever is tried`() {
        var random = Splitmix(seed: 5)
        let limits = StandInLimits(tillTotal: Money(fen: 200_000), tillCount: 40)
        for _ in 0..<100 {
            var perCard: [Int64: Int64] = [:]
            var total: Int64 = 0
            var count: Int64 = 0
            for _ in 0..<200 {
                let card = random.below(8)
                let amount = random.below(45_000) + 1
                let used = Self.usage(card: perCard[card, default: 0], till: total, count: count)
                let refused = Self.refusal(
                    amount, limits: limits, usage: used, age: random.below(90_000),
                    override: random.coin())
                guard refused == nil else { continue }
                perCard[card, default: 0] += amount
                total += amount
                count += 1
                #expect(amount <= 40_000)
            }
            #expect(perCard.values.allSatisfy { $0 <= 50_000 })
            #expect(total <= 200_000)
            #expect(count <= 40)
        }
    }
}
