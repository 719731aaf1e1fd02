import Domain
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        (0, "0.00", "0.00"), (5, "0.05", "0.05"), (-5, "-0.05", "-0.05"),
        (1_234, "12.34", "12.34"), (123_456, "1234.56", "1,234.56"),
        (100_000, "1000.00", "1,000.00"), (99_999, "999.99", "999.99"),
        (-123_456_789, "-1234567.89", "-1,234,567.89"),
        (Int64.max, "92233720368547758.07", "92,233,720,368,547,758.07"),
        (Int64.min, "-92233720368547758.08", "-92,233,720,368,547,758.08"),
    ])
    func `an amount is written in yuan with two decimals`(
        fen: Int64, plain: String, grouped: String
    ) {
        #expect(Money(fen: fen).description == plain)
        #expect(Money(fen: fen).grouped == grouped)
    }

    @Test(arguments: [
        ("12.34", 1_234), ("12", 1_200), ("12.3", 1_230), ("0", 0), ("0.00", 0), ("0.01", 1),
        (" 12.34 ", 1_234), ("　１２．３４　", 1_234), ("12。5", 1_250), ("007", 700),
        ("10000000.00", 1_000_000_000), ("\t3.5\n", 350),
    ])
    func `an entered amount is read after its clean-up`(text: String, fen: Int64) throws {
        #expect(try Money.parse(yuan: text) == Money(fen: fen))
    }

    // Where a text breaks two rules at once, the earlier rule is expected.
    @Test(arguments: [
        ("", MoneyRefusal.empty), ("   ", .empty), ("　", .empty),
        ("abc", .notANumber), ("1,234.00", .notANumber), ("１，２３４", .notANumber),
        ("1.2.3", .notANumber), (".5", .notANumber), ("5.", .notANumber), (".", .notANumber),
        ("-", .notANumber), ("--5", .notANumber), ("+5", .notANumber), ("-1.234x", .notANumber),
        ("1e3", .notANumber), ("0x10", .notANumber), ("1 2", .notANumber), ("¥5", .notANumber),
        ("٣", .notANumber), ("五", .notANumber), ("1.2三", .notANumber), ("5-", .notANumber),
        ("1.234", .moreThanTwoDecimals), ("1.000", .moreThanTwoDecimals),
        ("-1.234", .moreThanTwoDecimals), ("99999999999999999999.999", .moreThanTwoDecimals),
        ("-1", .negative), ("-0.01", .negative), ("－5", .negative), ("-0", .negative),
        ("-99999999999999999999", .negative),
        ("10000000.01", .tooLarge), ("99999999999999999999", .tooLarge),
        ("92233720368547758.08", .tooLarge),
    ])
    func `an entered amount is refused for the first rule it breaks`(
        text: String, expected: MoneyRefusal
    ) {
        #expect(
            Fixture.refusal { () throws(MoneyRefusal) in _ = try Money.parse(yuan: text) }
                == expected)
    }

    @Test func `arithmetic beyond 64 bits is refused and never wraps`() throws {
        let most = Money(fen: .max)
        let least = Money(fen: .min)
        #expect(throws: MoneyRefusal.overflow) { try most.adding(Money(fen: 1)) }
        #expect(throws: MoneyRefusal.overflow) { try least.subtracting(Money(fen: 1)) }
        #expect(throws: MoneyRefusal.overflow) { try Money.zero.subtracting(least) }
        #expect(throws: MoneyRefusal.overflow) { try most.multiplied(by: 2) }
        #expect(throws: MoneyRefusal.overflow) { try least.multiplied(by: -1) }
        #expect(throws: MoneyRefusal.overflow) { try Money.sum([most, Money(fen: 1)]) }
        #expect(try Money.sum([most, least]) == Money(fen: -1))
        #expect(try Money.sum([]) == .zero)
    }

    @Test func `what is written is read back`() throws {
        var random = Splitmix(seed: 1)
        for _ in 0..<2_000 {
            let money = Money(fen: random.below(Money.largestEntered.fen + 1))
            #expect(try Money.parse(yuan: money.description) == money)
        }
    }

    @Test func `a sum less its parts is nothing`() throws {
        var random = Splitmix(seed: 2)
        for _ in 0..<200 {
            let parts = (0..<20).map { _ in Money(fen: random.below(1_000_000) - 500_000) }
            var rest = try Money.sum(parts)
            for part in parts.shuffled(using: &random) { rest = try rest.subtracting(part) }
            #expect(rest == .zero)
        }
    }

    @Test func `codes are stable`() {
        #expect(
            MoneyRefusal.allCases.map(\.code) == [
                "amount_empty", "amount_not_a_number", "amount_more_than_two_decimals",
                "amount_negative", "amount_too_large", "amount_overflow",
            ])
        #expect(MoneyRefusal.allCases.allSatisfy { !$0.isTransient })
    }
}
