/// What makes a basket a sale.
public enum SaleRules {
    /// The most lines in one sale.
    public static let largestLineCount = 200
    /// The quantities of one line.
    public static let quantities: ClosedRange<Int64> = 1...9999
    /// The prices of one: free up to ¥100,000.00.
    public static let prices: ClosedRange<Money> = .zero...Money(fen: 10_000_000)
    /// The most that one sale may come to.
    public static let largestTotal = Money.largestEntered

    /// What the basket comes to.
    ///
    /// Refuses: `emptyBasket`, `tooManyLines`, `quantityOutOfRange`, `priceOutOfRange`,
    /// `totalIsZero`, `totalTooLarge`.
    public static func total(of lines: [SaleLine]) throws(SaleRefusal) -> Money {
        if lines.isEmpty { throw .emptyBasket }
        if lines.count > largestLineCount { throw .tooManyLines }
        if let line = lines.firstIndex(where: { !quantities.contains($0.quantity) }) {
            throw .quantityOutOfRange(line: line)
        }
        if let line = lines.firstIndex(where: { !prices.contains($0.price) }) {
            throw .priceOutOfRange(line: line)
        }
        let total: Money
        do {
            var sum = Money.zero
            for line in lines { sum = try sum.adding(line.amount) }
            total = sum
        } catch {
            throw .totalTooLarge
        }
        if total == .zero { throw .totalIsZero }
        if total > largestTotal { throw .totalTooLarge }
        return total
    }

    /// Whether a received sale's own figures agree: the lines are a basket that could be settled,
    /// each stated amount is price times quantity, and they sum to the stated total.
    public static func linesAddUp(
        _ lines: [SaleLine], stated amounts: [Money], total: Money
    ) -> Bool {
        guard lines.count == amounts.count, let sum = try? self.total(of: lines), sum == total
        else { return false }
        return zip(lines, amounts).allSatisfy { (try? $0.amount) == $1 }
    }
}
