import Domain
import Testing

@Suite struct PostingTests {
    static let terms = Payment.Terms(amount: Money(fen: 1_000), card: Fixture.card)
    static let held = Payment(state: .held, terms: terms, heldAt: Fixture.noon)
    static let before = Fixture.noon.adding(milliseconds: -3_600_000)

    static func sale(
        _ fen: Int64 = 1_000, addsUp: Bool = true, test: Bool = false, knewUntil: Instant? = nil,
        keptLimits: Bool = true
    ) -> SalePosting.Sale {
        SalePosting.Sale(
            terms: .init(amount: Money(fen: fen), card: Fixture.card), store: "GD0001",
            businessTime: Fixture.noon, linesAddUp: addsUp, isTest: test, knewUntil: knewUntil,
            keptLimits: keptLimits)
    }

    static func card(
        _ state: CardState = .active, since: Instant = before, balance: Int64 = 1_000,
        held: Int64 = 0, test: Bool = false, accepted: Bool = true
    ) -> SalePosting.Card {
        SalePosting.Card(
            state: state, stateSince: since, balance: Money(fen: balance), held: Money(fen: held),
            isTest: test, programmeAccepted: accepted)
    }

    static func code(
        _ sale: SalePosting.Sale = sale(), _ card: SalePosting.Card? = card(),
        _ payment: Payment = .unseen, _ credential: SalePosting.Credential = .right
    ) -> String? {
        SalePosting.decide(sale, card: card, payment: payment, credential: credential).code
    }

    @Test func `the first broken rule is the one that is named`() {
        let cancelled = Payment(state: .cancelled, terms: Self.terms, heldAt: nil)
        #expect(
            Self.code(Self.sale(addsUp: false), nil, cancelled, .missing) == "payment_cancelled")
        let differs = Payment(
            state: .held, terms: .init(amount: Money(fen: 1), card: Fixture.card),
            heldAt: Fixture.noon)
        #expect(
            Self.code(Self.sale(addsUp: false), nil, differs, .missing) == "lines_do_not_add_up")
        #expect(Self.code(Self.sale(), nil, differs, .missing) == "hold_differs")
        #expect(
            Self.code(Self.sale(addsUp: false), nil, .unseen, .missing) == "lines_do_not_add_up")
        #expect(Self.code(Self.sale(), nil, .unseen, .missing) == "unknown_card")
        func code(_ card: SalePosting.Card, _ credential: SalePosting.Credential) -> String? {
            Self.code(Self.sale(), card, .unseen, credential)
        }
        for (state, expected) in [
            (CardState.closed, "card_closed"), (.frozen, "card_frozen"), (.lost, "card_lost"),
        ] {
            let card = Self.card(state, balance: 0, test: true, accepted: false)
            #expect(code(card, .wrong) == expected)
        }
        let foreign = Self.card(balance: 0, test: true, accepted: false)
        #expect(code(foreign, .wrong) == "programme_not_accepted")
        #expect(code(Self.card(balance: 0, test: true), .wrong) == "test_card_limit")
        let poor = Self.card(balance: 0)
        #expect(code(poor, .missing) == "credential_missing")
        #expect(code(poor, .notNeeded) == "credential_missing")
        #expect(code(poor, .gone) == "credential_gone")
        #expect(code(poor, .unreadable) == "credential_unreadable")
        #expect(code(poor, .wrong) == "wrong_password")
        #expect(code(poor, .notChecked) == "password_not_checked")
        #expect(code(poor, .right) == "insufficient_balance")
        #expect(code(Self.card(), .right) == nil)
    }

    @Test func `a full payment is one transfer from the card to the store`() {
        let verdict = SalePosting.decide(
            Self.sale(), card: Self.card(), payment: .unseen, credential: .right)
        #expect(verdict.state == .posted)
        #expect(
            verdict.transfers == [
                TransferPlan(
                    kind: .sale, book: .real, from: .card(Fixture.card),
                    to: .storePayable("GD0001"), amount: Money(fen: 1_000))
            ])
        #expect(verdict.payment.state == .captured)
    }

    @Test func `a short balance pays what is free and the rest is in dispute`() {
        let verdict = SalePosting.decide(
            Self.sale(), card: Self.card(balance: 900, held: 200), payment: .unseen,
            credential: .right)
        #expect(verdict.state == .exception(.insufficientBalance))
        #expect(verdict.paidByCard == Money(fen: 700))
        #expect(verdict.shortfall == Money(fen: 300))
        #expect(verdict.bearer == .store)
        #expect(verdict.transfers.map(\.kind) == [.sale, .shortfall])
        #expect(verdict.transfers[1].from == .exceptionsReceivable("GD0001"))
        #expect(verdict.transfers[1].to == .storeInDispute("GD0001"))
    }

    @Test func `a hold pays in full whatever happened to the card since`() {
        let verdict = SalePosting.decide(
            Self.sale(), card: Self.card(.frozen, balance: 1_000, held: 1_000, accepted: false),
            payment: Self.held, credential: .notNeeded)
        #expect(verdict.state == .posted)
        #expect(verdict.hold == .captured(Self.terms))
        #expect(verdict.paidByCard == Money(fen: 1_000))
    }

    @Test func `a held sale with wrong figures gives the hold back`() {
        let verdict = SalePosting.decide(
            Self.sale(addsUp: false), card: Self.card(held: 1_000), payment: Self.held,
            credential: .notNeeded)
        #expect(verdict.hold == .released(Self.terms))
        #expect(verdict.paidByCard == .zero)
        let differs = SalePosting.decide(
            Self.sale(999), card: Self.card(held: 1_000), payment: Self.held,
            credential: .notNeeded)
        #expect(differs.state == .exception(.holdDiffers))
        #expect(differs.hold == .released(Self.terms))
        #expect(differs.shortfall == Money(fen: 999))
    }

    @Test func `after the lapse the card pays what it has and the programme the rest`() {
        let lapsed = Payment(state: .lapsed, terms: Self.terms, heldAt: Self.before)
        let verdict = SalePosting.decide(
            Self.sale(), card: Self.card(.frozen, balance: 400), payment: lapsed,
            credential: .notNeeded)
        #expect(verdict.state == .exception(.insufficientBalance))
        #expect(verdict.paidByCard == Money(fen: 400))
        #expect(verdict.bearer == .programme)
    }

    @Test func `a sale of a cancelled payment moves nothing`() {
        let cancelled = Payment(state: .cancelled, terms: Self.terms, heldAt: nil)
        let verdict = SalePosting.decide(
            Self.sale(), card: Self.card(), payment: cancelled, credential: .right)
        #expect(verdict.transfers.isEmpty)
        #expect(verdict.payment == cancelled)
    }

    @Test func `a card blocked at or after the sale still pays`() {
        for state in [CardState.frozen, .lost, .closed] {
            let during = Self.card(state, since: Fixture.noon)
            #expect(Self.code(Self.sale(), during) == nil)
            let just = Self.card(state, since: Fixture.noon.adding(milliseconds: -1))
            #expect(Self.code(Self.sale(), just) != nil)
        }
    }

    @Test func `the programme bears a block that the till could not know, if it kept its limits`() {
        let frozen = Self.card(.frozen, since: Self.before)
        func bearer(_ knewUntil: Instant?, kept: Bool = true) -> ShortfallBearer {
            SalePosting.decide(
                Self.sale(knewUntil: knewUntil, keptLimits: kept), card: frozen, payment: .unseen,
                credential: .right
            ).bearer
        }
        #expect(bearer(Self.before.adding(milliseconds: -1)) == .programme)
        #expect(bearer(Self.before) == .store)
        #expect(bearer(nil) == .store)
        #expect(bearer(Self.before.adding(milliseconds: -1), kept: false) == .store)
    }

    @Test func `test cards have their own book`() {
        let test = Self.card(test: true)
        let cheap = SalePosting.decide(
            Self.sale(99), card: test, payment: .unseen, credential: .right)
        #expect(cheap.state == .posted)
        #expect(cheap.transfers.map(\.book) == [.test])
        let dear = SalePosting.decide(
            Self.sale(100), card: test, payment: .unseen, credential: .right)
        #expect(dear.state == .exception(.testCardLimit))
        #expect(dear.transfers.map(\.book) == [.test])
        let claimed = SalePosting.decide(
            Self.sale(99, test: true), card: Self.card(), payment: .unseen, credential: .right)
        #expect(claimed.book == .real)
    }

    @Test(arguments: [Int64.min, -1, 0, 1_000_000_001, Int64.max])
    func `an amount that no sale can have moves nothing`(fen: Int64) {
        let verdict = SalePosting.decide(
            Self.sale(fen, addsUp: false), card: Self.card(), payment: .unseen,
            credential: .right)
        #expect(verdict.state == .exception(.linesDoNotAddUp))
        #expect(verdict.transfers.isEmpty)
    }

    /// Only a short balance touches the card, and paid and disputed always make the whole.
    @Test func `transfers of random sales sum up`() throws {
        var random = Splitmix(seed: 6)
        let states = CardState.allCases
        let credentials = SalePosting.Credential.allCases
        for _ in 0..<5_000 {
            let amount = random.below(2_000) + 1
            let balance = random.below(3_000)
            let ownHold = random.coin() && balance >= amount
            let othersHeld = random.below(balance - (ownHold ? amount : 0) + 1)
            let card = Self.card(
                states.randomElement(using: &random) ?? .active,
                since: Fixture.noon.adding(milliseconds: random.below(5) - 2), balance: balance,
                held: othersHeld + (ownHold ? amount : 0), test: random.below(5) == 0,
                accepted: random.below(5) > 0)
            let terms = Payment.Terms(amount: Money(fen: amount), card: Fixture.card)
            let payment =
                ownHold
                ? Payment(state: .held, terms: terms, heldAt: Fixture.noon) : Payment.unseen
            let verdict = SalePosting.decide(
                Self.sale(amount, addsUp: random.below(8) > 0), card: card, payment: payment,
                credential: credentials.randomElement(using: &random) ?? .right)
            #expect(try verdict.paidByCard.adding(verdict.shortfall) == Money(fen: amount))
            #expect(try Money.sum(verdict.transfers.map(\.amount)) == Money(fen: amount))
            #expect(verdict.paidByCard.fen <= balance - othersHeld)
            #expect((verdict.hold == .none) == !ownHold)
            if case .exception(let exception) = verdict.state, !exception.touchesCard {
                #expect(verdict.paidByCard == .zero)
            }
            #expect((verdict.state == .posted) == (verdict.shortfall == .zero))
        }
    }

    @Test func `codes are stable and stand in the protocol's order`() {
        #expect(
            RecordException.allCases.map(\.code) == [
                "unreadable_record", "unknown_kind", "same_id_different_content",
                "lines_do_not_add_up", "unknown_card", "card_closed", "card_frozen", "card_lost",
                "programme_not_accepted", "test_card_limit", "credential_missing",
                "credential_gone", "credential_unreadable", "wrong_password",
                "password_not_checked",
                "insufficient_balance", "payment_cancelled", "payment_captured", "hold_differs",
                "code_without_payment",
                "unknown_sale", "unknown_request", "too_late",
                "quarantined",
            ])
        #expect(RecordException.allCases.filter(\.touchesCard) == [.insufficientBalance])
        #expect(
            RecordException.allCases.filter(\.isTransient)
                == [.passwordNotChecked, .unknownSale, .unknownRequest])
    }
}
