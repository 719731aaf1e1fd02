import Domain
import Testing

@Suite struct PaymentTests {
    static let terms = Payment.Terms(amount: Money(fen: 1_250), card: Fixture.card)
    static let otherAmount = Payment.Terms(amount: Money(fen: 1_251), card: Fixture.card)
    static let otherCard = Payment.Terms(amount: Money(fen: 1_250), card: Fixture.otherCard)
    static let held = Payment(state: .held, terms: terms, heldAt: Fixture.noon)

    static func payment(_ state: PaymentState) -> Payment {
        state == .none ? .unseen : Payment(state: state, terms: terms, heldAt: Fixture.noon)
    }

    @Test(arguments: [
        (PaymentState.none, PaymentState.captured, Payment.Action.postStandIn),
        (.held, .captured, .captureHold(terms)), (.lapsed, .captured, .postAfterLapse),
        (.cancelled, .cancelled, .exception(.paymentCancelled)),
        (.captured, .captured, .exception(.sameIDDifferentContent)),
    ])
    func `a sale's record ends its payment`(
        before: PaymentState, after: PaymentState, action: Payment.Action
    ) {
        let result = Self.payment(before).capturing(Self.terms)
        #expect(result.payment.state == after)
        #expect(result.action == action)
    }

    @Test(arguments: [
        (PaymentState.none, PaymentState.cancelled, Payment.Action.leaveTombstone),
        (.held, .cancelled, .releaseHold(terms)), (.lapsed, .cancelled, .nothing),
        (.cancelled, .cancelled, .nothing),
        (.captured, .captured, .exception(.paymentCaptured)),
    ])
    func `a cancellation ends its payment, seen or unseen`(
        before: PaymentState, after: PaymentState, action: Payment.Action
    ) {
        let result = Self.payment(before).cancelling()
        #expect(result.payment.state == after)
        #expect(result.action == action)
    }

    @Test func `a sale that differs from its hold is an exception and frees the hold`() {
        for stated in [Self.otherAmount, Self.otherCard] {
            let result = Self.held.capturing(stated)
            #expect(result.payment.state == .captured)
            #expect(result.action == .exceptionAndRelease(.holdDiffers, Self.terms))
            let lapsed = Self.payment(.lapsed).capturing(stated)
            #expect(lapsed.action == .exception(.holdDiffers))
        }
    }

    @Test func `a hold lapses at 72 hours and not a millisecond before`() {
        let life: Int64 = 72 * 3_600_000
        let before = Self.held.lapsing(at: Fixture.noon.adding(milliseconds: life - 1))
        #expect(before.payment == Self.held)
        #expect(before.action == .nothing)
        let at = Self.held.lapsing(at: Fixture.noon.adding(milliseconds: life))
        #expect(at.payment.state == .lapsed)
        #expect(at.action == .releaseHold(Self.terms))
        #expect(at.payment.lapsing(at: Instant(milliseconds: .max)).action == .nothing)
    }

    @Test func `a phone hold does not lapse and is overdue after seven days`() {
        let phone = Payment(
            state: .held, terms: Self.terms, heldAt: Fixture.noon, isByPhone: true)
        let week = Fixture.noon.adding(milliseconds: 7 * 86_400_000)
        #expect(phone.lapsing(at: week).action == .nothing)
        #expect(phone.isOverduePhoneHold(at: week))
        #expect(!phone.isOverduePhoneHold(at: week.adding(milliseconds: -1)))
        #expect(!Self.held.isOverduePhoneHold(at: week))
    }

    @Test func `an id that ended never holds money again`() {
        for state in [PaymentState.captured, .cancelled, .lapsed, .held] {
            let payment = Self.payment(state)
            let result = payment.holding(Self.terms, at: Fixture.noon)
            #expect(result.payment == payment)
            #expect(result.action == .nothing)
        }
        let bound = Payment.unseen.bound(to: Self.terms)
        #expect(bound.holding(Self.otherAmount, at: Fixture.noon).action == .nothing)
        #expect(bound.bound(to: Self.otherAmount) == bound)
        #expect(bound.holding(Self.terms, at: Fixture.noon).action == .makeHold(Self.terms))
    }

    /// Whatever order messages arrive in, however often: held money is held once, ends once, and a
    /// final state stays.
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `no order of events holds or moves money twice`(seed: UInt64) {
        var random = Splitmix(seed: seed)
        var payment = Payment.unseen
        var heldFen: Int64 = 0
        var paidFen: Int64 = 0
        var settled = 0
        var now = Fixture.noon
        for _ in 0..<30 {
            now = now.adding(milliseconds: random.below(30) * 3_600_000)
            let before = payment
            let action: Payment.Action
            let stated = random.coin() ? Self.terms : Self.otherAmount
            switch random.below(4) {
            case 0: (payment, action) = payment.holding(stated, at: now)
            case 1: (payment, action) = payment.capturing(stated)
            case 2: (payment, action) = payment.cancelling()
            default: (payment, action) = payment.lapsing(at: now)
            }
            switch action {
            case .makeHold(let terms): heldFen += terms.amount.fen
            case .releaseHold(let terms), .exceptionAndRelease(_, let terms):
                heldFen -= terms.amount.fen
            case .captureHold(let terms):
                heldFen -= terms.amount.fen
                paidFen += terms.amount.fen
                settled += 1
            case .postStandIn, .postAfterLapse: settled += 1
            case .nothing, .leaveTombstone, .exception: break
            }
            if [.captured, .cancelled].contains(before.state) { #expect(payment == before) }
            #expect(heldFen == (payment.state == .held ? payment.terms?.amount.fen : 0))
            #expect(settled <= 1)
            #expect(paidFen == 0 || payment.state == .captured)
        }
    }

    @Test func `stored texts of states are stable`() {
        #expect(
            PaymentState.allCases.map(\.rawValue) == [
                "none", "held", "captured", "cancelled", "lapsed",
            ])
    }
}
