import Domain
import Testing

@Suite struct AuthorisationTests {
    static let terms = Payment.Terms(amount: Money(fen: 1_000), card: Fixture.card)
    static let today = Fixture.date("2026-11-25")
    static let locked = PasswordLock(wrongOnDay: 5, day: today, wrongInRow: 5)

    static func card(
        _ state: CardState = .active, balance: Int64 = 1_000, held: Int64 = 0, test: Bool = false,
        accepted: Bool = true, lock: PasswordLock = .unused
    ) -> AuthorisationRules.Card {
        AuthorisationRules.Card(
            state: state, balance: Money(fen: balance), held: Money(fen: held), isTest: test,
            programmeAccepted: accepted, lock: lock)
    }

    static func decide(
        _ payment: Payment = .unseen, terms: Payment.Terms = terms,
        _ credential: AuthorisationRules.Credential = .opened(passwordIsRight: true),
        card: AuthorisationRules.Card? = card(), unsent: Int64 = 0
    ) -> AuthorisationRules.Verdict {
        AuthorisationRules.decide(
            terms, payment: payment, credential: credential, card: card,
            unsentForCard: Money(fen: unsent), now: Fixture.noon)
    }

    /// From the worst case down, mending the first fault each time.
    @Test func `the first broken rule is the one that is named`() {
        let other = Payment.Terms(amount: Money(fen: 1), card: Fixture.card)
        let captured = Payment(state: .captured, terms: other, heldAt: nil)
        let wrong = AuthorisationRules.Credential.opened(passwordIsRight: false)
        #expect(Self.decide(captured, .unreadable, card: nil).refusal == .paymentFinal)
        let bound = Payment.unseen.bound(to: other)
        #expect(Self.decide(bound, .unreadable, card: nil).refusal == .paymentDiffers)
        #expect(Self.decide(.unseen, .unreadable, card: nil).refusal == .credentialUnreadable)
        #expect(Self.decide(.unseen, wrong, card: nil).refusal == .unknownCard)
        func refusal(_ card: AuthorisationRules.Card) -> AuthorisationRefusal? {
            Self.decide(.unseen, wrong, card: card).refusal
        }
        let foreign = Self.card(
            .closed, balance: 0, test: true, accepted: false, lock: Self.locked)
        #expect(refusal(foreign) == .programmeNotAccepted)
        #expect(refusal(Self.card(.closed, balance: 0, lock: Self.locked)) == .cardClosed)
        #expect(refusal(Self.card(.lost, balance: 0, lock: Self.locked)) == .cardLost)
        #expect(refusal(Self.card(.frozen, balance: 0, lock: Self.locked)) == .cardFrozen)
        #expect(refusal(Self.card(balance: 0, lock: Self.locked)) == .passwordLocked)
        #expect(refusal(Self.card(balance: 0, test: true)) == .wrongPassword)
        #expect(Self.decide(card: Self.card(balance: 0, test: true)).refusal == .testCardLimit)
        #expect(Self.decide(card: Self.card(balance: 999)).refusal == .insufficientBalance)
        #expect(Self.decide().refusal == nil)
    }

    @Test(arguments: [PaymentState.captured, .cancelled, .lapsed])
    func `a final id makes no hold and says its state`(state: PaymentState) {
        let payment = Payment(state: state, terms: Self.terms, heldAt: nil)
        let verdict = Self.decide(payment)
        #expect(verdict.refusal == .paymentFinal)
        #expect(verdict.payment == payment)
        #expect(verdict.action == .nothing)
    }

    @Test func `an approval holds the amount and says what is left`() {
        let verdict = Self.decide(card: Self.card(balance: 5_000, held: 1_500), unsent: 700)
        #expect(verdict.isApproved)
        #expect(verdict.action == .makeHold(Self.terms))
        #expect(verdict.payment.state == .held)
        #expect(verdict.remaining == Money(fen: 5_000 - 1_500 - 700 - 1_000))
    }

    @Test func `holds of others and the till's own backlog count`() {
        #expect(Self.decide(card: Self.card(balance: 1_500, held: 500)).isApproved)
        #expect(!Self.decide(card: Self.card(balance: 1_500, held: 501)).isApproved)
        #expect(!Self.decide(card: Self.card(balance: 1_500), unsent: 501).isApproved)
        #expect(!Self.decide(card: Self.card(), unsent: .max).isApproved)
        #expect(!Self.decide(card: Self.card(balance: 0), unsent: .min).isApproved)
        // A negative backlog would lend the card money.
        #expect(!Self.decide(card: Self.card(balance: 999), unsent: -1).isApproved)
    }

    @Test func `a payment already held is approved and its password not judged`() {
        let held = Payment(state: .held, terms: Self.terms, heldAt: Fixture.noon)
        let wrong = AuthorisationRules.Credential.opened(passwordIsRight: false)
        let verdict = Self.decide(
            held, wrong, card: Self.card(.frozen, balance: 1_000, held: 1_000, lock: Self.locked))
        #expect(verdict.isApproved)
        #expect(verdict.action == .nothing)
        #expect(verdict.lock == nil)
        #expect(verdict.remaining == .zero)
        let other = Payment.Terms(amount: Self.terms.amount, card: Fixture.otherCard)
        #expect(Self.decide(held, terms: other, wrong).refusal == .paymentDiffers)
    }

    @Test func `a wrong password is counted and one never judged is not`() {
        let wrong = Self.decide(.unseen, .opened(passwordIsRight: false))
        #expect(wrong.lock?.wrongOnDay == 1)
        #expect(wrong.triesLeft == 4)
        let frozen = Self.decide(.unseen, .opened(passwordIsRight: false), card: Self.card(.frozen))
        #expect(frozen.lock == nil)
        let locked = Self.decide(card: Self.card(lock: Self.locked))
        #expect(locked.refusal == .passwordLocked)
        #expect(locked.lock == nil)
        #expect(locked.triesLeft == 0)
        let poor = Self.decide(card: Self.card(balance: 0))
        #expect(poor.lock == .unused)
    }

    @Test func `a refused attempt binds the id to its amount and card`() {
        let refused = Self.decide(.unseen, .opened(passwordIsRight: false))
        #expect(refused.payment.state == .none)
        #expect(refused.payment.terms == Self.terms)
        let more = Payment.Terms(amount: Money(fen: 1_001), card: Fixture.card)
        #expect(Self.decide(refused.payment, terms: more).refusal == .paymentDiffers)
        #expect(Self.decide(refused.payment).isApproved)
    }

    @Test func `an amount of nothing or less is never approved`() {
        for fen in [Int64.min, -1, 0] {
            let terms = Payment.Terms(amount: Money(fen: fen), card: Fixture.card)
            #expect(!Self.decide(terms: terms).isApproved)
        }
    }

    @Test func `a test card is held below one yuan`() {
        let cheap = Payment.Terms(amount: Money(fen: 99), card: Fixture.card)
        #expect(Self.decide(terms: cheap, card: Self.card(test: true)).isApproved)
        let dear = Payment.Terms(amount: Money(fen: 100), card: Fixture.card)
        #expect(
            Self.decide(terms: dear, card: Self.card(test: true)).refusal == .testCardLimit)
    }

    @Test func `codes are stable and stand in the protocol's order`() {
        #expect(
            AuthorisationRefusal.allCases.map(\.code) == [
                "payment_final", "payment_differs", "store_suspended", "credential_unreadable",
                "unknown_card",
                "programme_not_accepted", "card_closed", "card_lost", "card_frozen",
                "password_locked", "wrong_password", "test_card_limit", "insufficient_balance",
            ])
        #expect(
            AuthorisationRefusal.allCases.filter(\.isTransient)
                == [.credentialUnreadable, .wrongPassword])
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `holds never exceed the balance whatever is asked`(seed: UInt64) {
        var random = Splitmix(seed: seed)
        let balance = random.below(5_000)
        var held: Int64 = 0
        for _ in 0..<100 {
            let amount = Money(fen: random.below(800))
            let verdict = Self.decide(
                terms: .init(amount: amount, card: Fixture.card),
                card: Self.card(balance: balance, held: held), unsent: random.below(50))
            if case .makeHold(let terms) = verdict.action { held += terms.amount.fen }
            #expect(held <= balance)
            #expect((verdict.remaining ?? .zero) >= .zero)
        }
    }
}
