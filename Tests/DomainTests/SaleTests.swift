import Domain
import Testing

@Suite struct SaleTests {
    static func refusal(_ lines: [SaleLine]) -> SaleRefusal? {
        Fixture.refusal { () throws(SaleRefusal) in _ = try SaleRules.total(of: lines) }
    }

    @Test func `the total is the sum of price times quantity`() throws {
        let lines = [
            Fixture.line(price: 1_250, quantity: 2), Fixture.line(price: 0, quantity: 1),
            Fixture.line(price: 99, quantity: 3),
        ]
        #expect(try SaleRules.total(of: lines) == Money(fen: 2_797))
    }

    @Test func `a basket is refused for the first rule it breaks`() {
        let good = Fixture.line(price: 100, quantity: 1)
        let noQuantity = Fixture.line(price: 100, quantity: 0)
        let noPrice = Fixture.line(price: -1, quantity: 1)
        #expect(Self.refusal([]) == .emptyBasket)
        #expect(Self.refusal(Array(repeating: noQuantity, count: 201)) == .tooManyLines)
        #expect(Self.refusal(Array(repeating: good, count: 201)) == .tooManyLines)
        #expect(Self.refusal(Array(repeating: good, count: 200)) == nil)
        #expect(Self.refusal([noPrice, noQuantity]) == .quantityOutOfRange(line: 1))
        #expect(
            Self.refusal([good, Fixture.line(price: 1, quantity: 10_000)])
                == .quantityOutOfRange(line: 1))
        #expect(Self.refusal([noPrice]) == .priceOutOfRange(line: 0))
        #expect(
            Self.refusal([Fixture.line(price: 10_000_001, quantity: 1)])
                == .priceOutOfRange(line: 0))
        #expect(Self.refusal([Fixture.line(price: 10_000_000, quantity: 100)]) == nil)
        #expect(
            Self.refusal([Fixture.line(price: .max, quantity: 9_999)]) == .priceOutOfRange(line: 0))
        #expect(Self.refusal([Fixture.line(price: 0, quantity: 9_999)]) == .totalIsZero)
        #expect(Self.refusal([Fixture.line(price: 10_000_000, quantity: 101)]) == .totalTooLarge)
    }

    @Test func `codes are stable`() {
        let all: [SaleRefusal] = [
            .emptyBasket, .tooManyLines, .quantityOutOfRange(line: 0), .priceOutOfRange(line: 0),
            .totalIsZero, .totalTooLarge,
        ]
        #expect(
            all.map(\.code) == [
                "empty_basket", "too_many_lines", "quantity_out_of_range", "price_out_of_range",
                "total_is_zero", "total_too_large",
            ])
        #expect(all.allSatisfy { !$0.isTransient })
    }

    @Test func `stated figures must agree to the fen`() {
        let lines = [Fixture.line(price: 100, quantity: 2), Fixture.line(price: 50, quantity: 1)]
        func agree(_ amounts: [Int64], _ total: Int64) -> Bool {
            let stated = amounts.map { Money(fen: $0) }
            return SaleRules.linesAddUp(lines, stated: stated, total: Money(fen: total))
        }
        #expect(agree([200, 50], 250))
        #expect(!agree([200, 50], 251))
        #expect(!agree([201, 49], 250))
        #expect(!agree([200], 250))
        #expect(!agree([200, 50, 0], 250))
        #expect(!agree([200, 50], -250))
        let negative = [Fixture.line(price: -100, quantity: 2)]
        #expect(
            !SaleRules.linesAddUp(negative, stated: [Money(fen: -200)], total: Money(fen: -200)))
        #expect(!SaleRules.linesAddUp([], stated: [], total: .zero))
        let huge = [Fixture.line(price: .max, quantity: 2)]
        #expect(!SaleRules.linesAddUp(huge, stated: [Money(fen: -2)], total: Money(fen: -2)))
    }

    @Test(arguments: [
        ("GD0001-01", 1, 1, "GD0001-01-20261125-0001"),
        ("GD0001-01", 2, 1, "GD0001-01e2-20261125-0001"),
        ("44A-12", 13, 12_345, "44A-12e13-20261125-12345"),
    ])
    func `a receipt number is written and read back`(
        till: String, epoch: Int, counter: Int, text: String
    ) throws {
        let number = try #require(
            ReceiptNumber(
                till: till, epoch: epoch, date: Fixture.date("2026-11-25"), counter: counter))
        #expect(number.description == text)
        #expect(ReceiptNumber(text) == number)
        #expect(ReceiptNumber(" " + text.lowercased() + "\n") == number)
    }

    @Test(arguments: [
        "", "GD0001-01-20261125", "GD0001-01-20261325-0001", "GD0001-01-20261125-1",
        "GD0001-01-20261125-00001", "GD0001-01e1-20261125-0001", "GD0001-01e-20261125-0001",
        "GD0001-01e02-20261125-0001", "GD0001-01-20261125-0000", "-01-20261125-0001",
        "GD0001-1-20261125-0001", "GD 001-01-20261125-0001", "GD0001-01-20261125-0001-2",
        "GD0001-01-20261125-9999999999999999999999", "GD0001-01e2e3-20261125-0001",
    ])
    func `another shape is not a receipt number`(text: String) {
        #expect(ReceiptNumber(text) == nil)
    }
}
