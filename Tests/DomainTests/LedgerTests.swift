import Domain
import Testing

@Suite struct LedgerTests {
    static func sale(
        paid: Int64, returned: Int64 = 0, notPaid: Int64 = 0, undone: Int64 = 0,
        carrier: ShortfallCarrier = .inDispute
    ) -> RefundPosting.Sale {
        RefundPosting.Sale(
            store: "GD0001", book: .real, paidByCard: Money(fen: paid),
            returnedToCard: Money(fen: returned), notPaidByCard: Money(fen: notPaid),
            undone: Money(fen: undone), carrier: carrier)
    }

    static func plan(_ fen: Int64, _ sale: RefundPosting.Sale) throws -> RefundPosting.Plan {
        try RefundPosting.plan(Money(fen: fen), sale: sale, to: .card(Fixture.card))
    }

    @Test func `a refund of a paid sale goes from the store to the card`() throws {
        let plan = try Self.plan(400, Self.sale(paid: 1_000))
        #expect(
            plan.transfers == [
                TransferPlan(
                    kind: .refund, book: .real, from: .storePayable("GD0001"),
                    to: .card(Fixture.card), amount: Money(fen: 400))
            ])
    }

    @Test func `a refund first undoes what the card never paid`() throws {
        let plan = try Self.plan(500, Self.sale(paid: 700, notPaid: 300))
        #expect(plan.undone == Money(fen: 300))
        #expect(plan.toCard == Money(fen: 200))
        #expect(plan.transfers.map(\.kind) == [.shortfallUndone, .refund])
        let later = try Self.plan(
            500, Self.sale(paid: 700, returned: 200, notPaid: 300, undone: 300))
        #expect(later.undone == .zero)
        #expect(later.toCard == Money(fen: 500))
    }

    @Test(arguments: [
        (ShortfallCarrier.inDispute, "store_in_dispute:GD0001", "exceptions_receivable:GD0001"),
        (.programme("GD"), "store_payable:GD0001", "programme_funding:GD"),
        (.writtenOff, "store_payable:GD0001", "write_offs"),
    ])
    func `what was never paid goes back to whoever carries it`(
        carrier: ShortfallCarrier, from: String, to: String
    ) throws {
        let plan = try Self.plan(300, Self.sale(paid: 0, notPaid: 300, carrier: carrier))
        #expect(plan.transfers.map(\.from.description) == [from])
        #expect(plan.transfers.map(\.to.description) == [to])
    }

    @Test func `a store that bore it has nothing to give back`() throws {
        let plan = try Self.plan(300, Self.sale(paid: 0, notPaid: 300, carrier: .store))
        #expect(plan.transfers.isEmpty)
        #expect(plan.undone == Money(fen: 300))
    }

    @Test func `the card never gets more than it paid`() {
        #expect(throws: RefundRefusal.amountExceedsPaid(left: Money(fen: 600))) {
            try Self.plan(601, Self.sale(paid: 1_000, returned: 400))
        }
        #expect(throws: RefundRefusal.amountExceedsPaid(left: Money(fen: 1_000))) {
            try Self.plan(0, Self.sale(paid: 1_000))
        }
        #expect(throws: RefundRefusal.amountExceedsPaid(left: Money(fen: 1_000))) {
            try Self.plan(.min, Self.sale(paid: 1_000))
        }
    }

    @Test func `a transfer that moves nothing is a broken invariant`() async {
        await #expect(processExitsWith: .failure) {
            _ = TransferPlan(
                kind: .sale, book: .real, from: .bank, to: .fees, amount: Money(fen: 0))
        }
    }

    @Test(arguments: [
        ("2026-11", "2026-11"), ("2026-12", "2026-12"), ("2026-10", "2026-11"),
        ("2026-01", "2026-11"), ("2026-09", "2026-09"), ("2026-08", "2026-11"),
    ])
    func `what is late is booked in the earliest open month that was not reopened`(
        business: String, booked: String
    ) {
        let month = AccountingMonth.decide(businessMonth: Fixture.month(business)) { month in
            if month == Fixture.month("2026-09") { return .reopened }
            return month < Fixture.month("2026-11") ? .closed : .open
        }
        #expect(month == Fixture.month(booked))
    }

    @Test func `a search for an open month ends`() {
        let month = AccountingMonth.decide(businessMonth: Fixture.month("9990-01")) { _ in .closed }
        #expect(month == Fixture.month("9999-12"))
    }

    @Test(
        arguments: [
            (10_000, 6_000, 60), (83, 6_000, 0), (84, 6_000, 1), (250, 6_000, 2),
            (249, 6_000, 1), (0, 6_000, 0), (1_000_000_000, 1_000_000, 1_000_000_000),
            (Int64.max, 1_000_000, Int64.max), (100, 0, 0), (1_000_000, 1, 1), (499_999, 1, 0),
        ] as [(Int64, Int64, Int64)])
    func `a fee is rounded half up to the fen`(posted: Int64, rate: Int64, fee: Int64) {
        #expect(FeeRules.fee(on: Money(fen: posted), rate: rate) == Money(fen: fee))
    }

    @Test func `a full refund in any pieces returns exactly the fee`() {
        var random = Splitmix(seed: 7)
        for _ in 0..<500 {
            let posted = Money(fen: random.below(100_000) + 1)
            let fee = FeeRules.fee(on: posted, rate: random.below(200_001))
            var refunded: Int64 = 0
            var previous = Money.zero
            while refunded < posted.fen {
                refunded = min(posted.fen, refunded + random.below(30_000) + 1)
                let inAll = FeeRules.feeReturned(
                    fee: fee, refundedInAll: Money(fen: refunded), posted: posted)
                #expect(inAll >= previous)
                #expect(inAll <= fee)
                previous = inAll
            }
            #expect(previous == fee)
        }
    }

    @Test func `stored texts are stable`() {
        #expect(
            AccountKind.allCases.map(\.rawValue) == [
                "card", "programme_funding", "store_payable", "fees", "exceptions_receivable",
                "store_in_dispute", "write_offs", "bank", "refund_suspense",
            ])
        #expect(LedgerBook.allCases.map(\.rawValue) == ["real", "test"])
    }
}
