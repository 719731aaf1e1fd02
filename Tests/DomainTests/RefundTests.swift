import Domain
import Testing

@Suite struct RefundTests {
    static let lines = [
        Fixture.line(price: 1_000, quantity: 3), Fixture.line(price: 250, quantity: 2),
    ]

    static func sale(
        posted: Bool = true, paid: Int64 = 3_500, notPaid: Int64 = 0, at: Instant = Fixture.noon
    ) -> RefundRules.Sale {
        RefundRules.Sale(
            isPosted: posted, businessTime: at, lines: lines, paidByCard: Money(fen: paid),
            notPaidByCard: Money(fen: notPaid))
    }

    static func request(
        _ lines: [(Int, Int64)], _ amount: Int64, card: CardFingerprint = Fixture.card,
        id: UInt64 = 2
    ) -> RefundRequest {
        RefundRequest(
            id: Fixture.id(id), sale: Fixture.id(1),
            lines: lines.map { .init(index: $0.0, quantity: $0.1) }, amount: Money(fen: amount),
            card: card)
    }

    static func refusal(
        _ request: RefundRequest, sale: RefundRules.Sale = sale(),
        reserved: RefundRules.Reserved = .none, cardMatches: Bool = true,
        now: Instant = Fixture.noon
    ) -> RefundRefusal? {
        Fixture.refusal { () throws(RefundRefusal) in
            try RefundRules.check(
                request, sale: sale, reserved: reserved, cardMatches: cardMatches,
                deadline: RefundDeadline(saleTime: sale.businessTime), now: now)
        }
    }

    @Test func `the whole order or any part of it can be refunded`() {
        #expect(Self.refusal(Self.request([(0, 3), (1, 2)], 3_500)) == nil)
        #expect(Self.refusal(Self.request([(1, 1)], 250)) == nil)
        #expect(Self.refusal(Self.request([(0, 1), (0, 2)], 3_000)) == nil)
    }

    /// Every request breaks its own rule and later ones; the first is the one named.
    @Test func `the first broken rule is the one that is named`() {
        let late = Fixture.month("2026-11").end
        let taken = RefundRules.Reserved(quantities: [0: 1], amount: Money(fen: 1_000))
        let nothing = Self.request([], 0)
        #expect(
            Self.refusal(nothing, sale: Self.sale(posted: false), cardMatches: false, now: late)
                == .saleNotPosted)
        #expect(Self.refusal(nothing, cardMatches: false, now: late) == .cardDiffers)
        #expect(Self.refusal(nothing, now: late) == .refundMonthOver)
        #expect(Self.refusal(nothing) == .nothingToRefund)
        #expect(Self.refusal(Self.request([(9, 0)], 1)) == .nothingToRefund)
        #expect(Self.refusal(Self.request([(9, -1)], 1)) == .nothingToRefund)
        #expect(Self.refusal(Self.request([(9, 1)], 0)) == .nothingToRefund)
        #expect(Self.refusal(Self.request([(0, 9), (9, 1)], 1)) == .unknownLine(line: 9))
        #expect(Self.refusal(Self.request([(-1, 1)], 1)) == .unknownLine(line: -1))
        #expect(
            Self.refusal(Self.request([(0, 3)], 1), reserved: taken)
                == .quantityExceedsSold(line: 0, left: 2))
        #expect(
            Self.refusal(Self.request([(0, 2), (0, 2)], 1))
                == .quantityExceedsSold(line: 0, left: 1))
        #expect(
            Self.refusal(Self.request([(0, .max)], 1))
                == .quantityExceedsSold(line: 0, left: 3))
        #expect(
            Self.refusal(Self.request([(0, 2)], 9_999), reserved: taken)
                == .amountDiffers(expected: Money(fen: 2_000)))
        #expect(
            Self.refusal(
                Self.request([(0, 2)], 2_000), sale: Self.sale(paid: 2_500), reserved: taken)
                == .amountExceedsPaid(left: Money(fen: 1_500)))
        #expect(
            Self.refusal(
                Self.request([(0, 2)], 2_000), sale: Self.sale(paid: 3_000), reserved: taken)
                == nil)
    }

    @Test(arguments: [
        ("2026-11-30", "2026-11-30"), ("2028-02-01", "2028-02-29"), ("2026-12-31", "2026-12-31"),
    ])
    func `a refund is possible until the last millisecond of the sale's month`(
        sold: String, lastDay: String
    ) {
        let sale = Self.sale(at: Fixture.instant(sold))
        let last = Fixture.date(lastDay).end.adding(milliseconds: -1)
        let request = Self.request([(1, 1)], 250)
        #expect(Self.refusal(request, sale: sale, now: last) == nil)
        #expect(
            Self.refusal(request, sale: sale, now: last.adding(milliseconds: 1))
                == .refundMonthOver)
        let deadline = RefundDeadline(saleTime: sale.businessTime)
        #expect(deadline.lastDay == Fixture.date(lastDay))
        #expect(deadline.daysLeft(at: last) == 0)
        #expect(deadline.daysLeft(at: last.adding(milliseconds: 1)) == nil)
    }

    @Test func `a sale in the month's last millisecond belongs to that month`() {
        let end = Fixture.month("2026-11").end
        #expect(RefundDeadline(saleTime: end.adding(milliseconds: -1)).end == end)
        #expect(RefundDeadline(saleTime: end).end == Fixture.month("2026-12").end)
        #expect(RefundDeadline(saleTime: end).daysLeft(at: end) == 30)
    }

    @Test func `grace is at most three days and only for proved requests`() {
        let day: Int64 = 86_400_000
        func graced(_ days: Int, _ evidence: TimeEvidence) -> Int64 {
            RefundDeadline(saleTime: Fixture.noon, graceDays: days, evidence: evidence).end
                .milliseconds(since: Fixture.month("2026-11").end) / day
        }
        #expect(graced(2, .proved) == 2)
        #expect(graced(9, .proved) == 3)
        #expect(graced(-1, .proved) == 0)
        #expect(graced(3, .claimed) == 0)
        #expect(graced(3, .contradicted) == 0)
    }

    @Test func `any change to a request changes what its approval is bound to`() {
        let original = Self.request([(0, 1), (1, 2)], 1_500)
        let changed = [
            Self.request([(0, 1), (1, 2)], 1_501), Self.request([(0, 1), (1, 1)], 1_500),
            Self.request([(0, 1)], 1_500), Self.request([(1, 2), (0, 1)], 1_500),
            Self.request([(0, 1), (1, 2)], 1_500, card: Fixture.otherCard),
            Self.request([(0, 1), (1, 2)], 1_500, id: 3),
            RefundRequest(
                id: original.id, sale: Fixture.id(9), lines: original.lines,
                amount: original.amount, card: original.card),
        ]
        #expect(Set((changed + [original]).map(\.approvalBytes)).count == changed.count + 1)
        #expect(original.approvalBytes.count == 25 + 16 + 16 + 4 + 2 * 12 + 8 + 32)
    }

    @Test func `nobody decides an own request or one of the own store`() {
        let (zhang, li, shared) = (Int64(1), Int64(2), nil as Int64?)
        func refusal(
            _ id: Int64?, _ stores: Set<String>, of requester: FourEyes.Person
        ) -> FourEyes.Refusal? {
            Fixture.refusal { () throws(FourEyes.Refusal) in
                try FourEyes.check(decider: .init(id: id, stores: stores), requester: requester)
            }
        }
        let requester = FourEyes.Person(id: zhang, stores: ["GD0001"])
        #expect(refusal(zhang, ["GD0001"], of: requester) == .ownRequest)
        #expect(refusal(zhang, [], of: requester) == .ownRequest)
        #expect(refusal(li, ["GD0001", "GD0002"], of: requester) == .ownStore)
        #expect(refusal(li, ["GD0002"], of: requester) == nil)
        #expect(refusal(li, [], of: requester) == nil)
        #expect(refusal(shared, [], of: requester) == .ownRequest)
        let till = FourEyes.Person(id: shared, stores: ["GD0001"])
        #expect(refusal(li, ["GD0001"], of: till) == .ownStore)
        #expect(refusal(li, [], of: till) == nil)
        #expect(refusal(li, [], of: FourEyes.Person(id: zhang)) == nil)
    }

    @Test func `codes are stable`() {
        let all: [RefundRefusal] = [
            .saleNotPosted, .cardDiffers, .refundMonthOver, .nothingToRefund, .unknownLine(line: 0),
            .quantityExceedsSold(line: 0, left: 0), .amountDiffers(expected: .zero),
            .amountExceedsPaid(left: .zero),
        ]
        #expect(
            all.map(\.code) == [
                "sale_not_posted", "card_differs", "refund_month_over", "nothing_to_refund",
                "unknown_line", "quantity_exceeds_sold", "amount_differs", "amount_exceeds_paid",
            ])
        #expect(all.map(\.isTransient) == [true] + Array(repeating: false, count: 7))
    }

    @Test(arguments: 1...30 as ClosedRange<UInt64>)
    func `whatever is asked for, refunds never exceed the sale`(seed: UInt64) throws {
        var random = Splitmix(seed: seed)
        let total: Int64 = 3_500
        let paid = random.below(total + 1)
        let sale = Self.sale(paid: paid, notPaid: total - paid)
        var reserved = RefundRules.Reserved.none
        var returned = Money.zero
        var undone = Money.zero
        for number in 0..<60 {
            let asked = (0...random.below(2)).map { _ in (Int(random.below(3)), random.below(4)) }
            let value = asked.reduce(Int64(0)) { sum, line in
                sum + (line.0 < 2 ? Self.lines[line.0].price.fen * line.1 : 0)
            }
            let amount = random.below(8) == 0 ? value + 1 : value
            let request = Self.request(asked, amount, id: UInt64(number))
            guard Self.refusal(request, sale: sale, reserved: reserved) == nil else { continue }
            reserved = try reserved.adding(request)
            let plan = try RefundPosting.plan(
                request.amount,
                sale: .init(
                    store: "GD0001", book: .real, paidByCard: sale.paidByCard,
                    returnedToCard: returned, notPaidByCard: sale.notPaidByCard, undone: undone,
                    carrier: .inDispute),
                to: .card(Fixture.card))
            returned = try returned.adding(plan.toCard)
            undone = try undone.adding(plan.undone)
            #expect(try plan.toCard.adding(plan.undone) == request.amount)
        }
        #expect(reserved.amount <= Money(fen: total))
        #expect(returned <= sale.paidByCard)
        #expect(undone <= sale.notPaidByCard)
        #expect(try returned.adding(undone) == reserved.amount)
        for (index, quantity) in reserved.quantities {
            #expect(quantity <= Self.lines[index].quantity)
        }
    }
}
