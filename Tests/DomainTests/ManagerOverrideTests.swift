import Domain
import Testing

struct ManagerOverrideTests {
    private static let week: Int64 = 7 * 86_400

    private func person(isManager: Bool = true) -> ManagerOverride.Person {
        .init(login: "chen", isManager: isManager)
    }

    @Test func `a manager's own word with a reason is taken`() throws {
        let override = try ManagerOverride(person(), reason: "  老顾客 ", knowledgeAge: Self.week)
        #expect(override.by == "chen")
        #expect(override.reason == "老顾客")
    }

    @Test func `the first broken rule is the one that is named`() {
        let long = String(repeating: "长", count: 201)
        let cases: [(ManagerOverride.Person, String, Int64?, OverrideRefusal)] = [
            (person(isManager: false), "", nil, .notManager),
            (person(), "", nil, .knowledgeTooOld),
            (person(), "", -1, .knowledgeTooOld),
            (person(), "好", Self.week + 1, .knowledgeTooOld),
            (person(), " \u{3000}", 0, .reasonMissing),
            (person(), long, 0, .reasonTooLong),
        ]
        for (person, reason, age, refusal) in cases {
            #expect(throws: refusal) {
                try ManagerOverride(person, reason: reason, knowledgeAge: age)
            }
        }
        #expect(OverrideRefusal.allCases.filter(\.isTransient) == [.knowledgeTooOld])
    }

    @Test func `only a sale above the limit and within twice it needs a manager`() {
        let limits = StandInLimits.defaults
        let cases: [(Int64, Freshness, Int64?)] = [
            (20_000, .green, nil), (20_001, .green, 20_000), (40_000, .green, 20_000),
            (40_001, .green, nil), (10_000, .amber, nil), (10_001, .amber, 10_000),
            (20_000, .amber, 10_000), (20_001, .amber, nil),
        ]
        for (fen, freshness, limit) in cases {
            #expect(
                ManagerOverride.limitToLift(
                    amount: Money(fen: fen), limits: limits, freshness: freshness)?.fen == limit)
        }
    }
}
