/// What may be refunded.
public enum RefundRules {
    /// The sale as head office knows it; a till that does not know yet says what it sold and that
    /// the card paid it all.
    public struct Sale: Sendable, Hashable {
        /// Posted, in full or with an exception about money; not waiting, not in question.
        public let isPosted: Bool
        /// When it was sold.
        public let businessTime: Instant
        /// What was sold.
        public let lines: [SaleLine]
        /// What the card paid, collections included.
        public let paidByCard: Money
        /// What the card did not pay, whoever carries it.
        public let notPaidByCard: Money

        /// A sale of those facts.
        public init(
            isPosted: Bool, businessTime: Instant, lines: [SaleLine], paidByCard: Money,
            notPaidByCard: Money
        ) {
            self.isPosted = isPosted
            self.businessTime = businessTime
            self.lines = lines
            self.paidByCard = paidByCard
            self.notPaidByCard = notPaidByCard
        }
    }

    /// What other requests for the sale have taken or reserved: approved and undecided ones, not
    /// refused, withdrawn or expired ones.
    public struct Reserved: Sendable, Hashable {
        /// Quantities by the sale's line index.
        public let quantities: [Int: Int64]
        /// The sum of their amounts.
        public let amount: Money

        /// That much already.
        public init(quantities: [Int: Int64], amount: Money) {
            self.quantities = quantities
            self.amount = amount
        }

        /// No other request.
        public static let none = Reserved(quantities: [:], amount: .zero)

        /// With one more request.
        ///
        /// Refuses: `overflow`.
        public func adding(_ request: RefundRequest) throws(MoneyRefusal) -> Reserved {
            var sums = quantities
            for line in request.lines {
                let (sum, overflow) = sums[line.index, default: 0]
                    .addingReportingOverflow(line.quantity)
                if overflow { throw .overflow }
                sums[line.index] = sum
            }
            return Reserved(quantities: sums, amount: try amount.adding(request.amount))
        }
    }

    /// Agrees that the request may be made or approved now, or refuses.
    ///
    /// Shape: `reserved` leaves the request itself out; `cardMatches` is whether the card entered is
    /// in the sale's replacement chain (R-R2).
    /// Repetition: judged again inside the approving transaction.
    /// Refuses: `saleNotPosted`, `cardDiffers`, `refundMonthOver`, `nothingToRefund`,
    /// `unknownLine`, `quantityExceedsSold`, `amountDiffers`, `amountExceedsPaid`.
    public static func check(
        _ request: RefundRequest, sale: Sale, reserved: Reserved, cardMatches: Bool,
        deadline: RefundDeadline, now: Instant
    ) throws(RefundRefusal) {
        if !sale.isPosted { throw .saleNotPosted }
        if !cardMatches { throw .cardDiffers }
        if deadline.isOver(at: now) { throw .refundMonthOver }
        let hasQuantities = request.lines.allSatisfy { $0.quantity >= 1 }
        guard !request.lines.isEmpty, hasQuantities, request.amount > .zero else {
            throw .nothingToRefund
        }
        for line in request.lines where !sale.lines.indices.contains(line.index) {
            throw .unknownLine(line: line.index)
        }
        let expected = try value(of: request, sale: sale, reserved: reserved)
        if request.amount != expected { throw .amountDiffers(expected: expected) }
        let left: Money
        do {
            left = try sale.paidByCard.adding(sale.notPaidByCard).subtracting(reserved.amount)
        } catch {
            throw .amountExceedsPaid(left: .zero)
        }
        if request.amount > left { throw .amountExceedsPaid(left: max(left, .zero)) }
    }

    /// The value of the quantities at the prices charged.
    ///
    /// Refuses: `unknownLine`, `quantityExceedsSold`, `amountExceedsPaid` (beyond 64 bits).
    public static func value(
        of request: RefundRequest, sale: Sale, reserved: Reserved
    ) throws(RefundRefusal) -> Money {
        var quantities = reserved.quantities
        var total = Money.zero
        for line in request.lines {
            guard sale.lines.indices.contains(line.index) else {
                throw .unknownLine(line: line.index)
            }
            let sold = sale.lines[line.index]
            let left = sold.quantity - quantities[line.index, default: 0]
            if line.quantity > left {
                throw .quantityExceedsSold(line: line.index, left: max(left, 0))
            }
            quantities[line.index, default: 0] += line.quantity
            do {
                total = try total.adding(sold.price.multiplied(by: line.quantity))
            } catch {
                throw .amountExceedsPaid(left: .zero)
            }
        }
        return total
    }
}
