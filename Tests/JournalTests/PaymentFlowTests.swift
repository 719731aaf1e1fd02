import Domain
import Testing

@testable import Journal

struct PaymentFlowTests {
    private let payment = Samples.id(3)
    private let card = Samples.fingerprint
    private let first = PaymentFlowTests.credential(1)
    private let second = PaymentFlowTests.credential(2)

    private static func credential(_ byte: UInt8) -> SealedCredential {
        Samples.unwrap(SealedCredential(bytes: [1, 65, 0, 1, byte, 7]))
    }

    private func reply(
        _ attempt: Int, code: AuthorisationRefusal? = nil, payment: RecordID? = nil
    ) -> AuthorisationReply {
        AuthorisationReply(
            attempt: attempt, beacon: "", code: code?.rawValue, holder: nil, mask: nil,
            payment: payment ?? self.payment, programme: nil, remaining: nil,
            result: code == nil ? .approved : .refused, state: code == nil ? .held : .none,
            triesLeft: nil)
    }

    private func flow(_ events: PaymentFlow.Event...) -> PaymentFlow {
        var flow = PaymentFlow(payment: payment, card: card)
        for event in events { _ = flow.handle(event) }
        return flow
    }

    @Test func `approved in time, the sale is committed as authorised`() {
        var flow = PaymentFlow(payment: payment, card: card)
        #expect(
            flow.handle(.credentialEntered(first))
                == [.sendAuthorisation(attempt: 1, credential: first)])
        #expect(
            flow.handle(.authorisationAnswered(reply(1)))
                == [.allowCardStandIn(card), .commitSale(.authorised(reply(1)))])
        #expect(flow.handle(.cashierCancelled) == [])
        #expect(flow.handle(.saleCommitted) == [])
        #expect(flow.state == .committed(.authorised(reply(1))) && flow.isFinal)
    }

    @Test func `no answer offers to ask again, to take it offline and to cancel`() {
        var flow = self.flow(.credentialEntered(first))
        #expect(
            flow.handle(.unanswered(attempt: 1))
                == [.showChoices([.retry, .retype, .takeOffline, .cancel])])
        #expect(
            flow.handle(.cashierRetried) == [.sendAuthorisation(attempt: 1, credential: first)])
        #expect(
            flow.handle(.authorisationAnswered(reply(1))).last == .commitSale(.authorised(reply(1)))
        )
    }

    @Test func `taken offline, a late approval changes nothing`() {
        var flow = self.flow(.credentialEntered(first), .unanswered(attempt: 1))
        let standIn = PaymentFlow.Acceptance.standIn(attempt: 1, credential: first)
        #expect(flow.handle(.cashierTookOffline) == [.commitSale(standIn)])
        #expect(flow.handle(.authorisationAnswered(reply(1))) == [])
        #expect(flow.handle(.saleCommitted) == [])
        #expect(flow.handle(.authorisationAnswered(reply(1))) == [])
        #expect(flow.state == .committed(standIn))
    }

    @Test func `a late no before the cashier chose ends stand-in and blocks the card`() {
        var flow = self.flow(.credentialEntered(first), .unanswered(attempt: 1))
        #expect(
            flow.handle(.authorisationAnswered(reply(1, code: .insufficientBalance)))
                == [.blockCardStandIn(card), .showChoices([.cancel])])
        #expect(flow.handle(.cashierTookOffline) == [])
        #expect(flow.handle(.cashierRetried) == [])
        #expect(flow.handle(.cashierCancelled) == [.commitCancellation(.refused)])
    }

    @Test func `a no that arrives after the stand-in sale is recorded on it`() {
        var after = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .cashierTookOffline,
            .saleCommitted)
        #expect(
            after.handle(.authorisationAnswered(reply(1, code: .cardFrozen)))
                == [.blockCardStandIn(card), .recordLateRefusal(code: "card_frozen")])
        var during = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .cashierTookOffline)
        #expect(
            during.handle(.authorisationAnswered(reply(1, code: .cardFrozen)))
                == [.blockCardStandIn(card)])
        #expect(during.handle(.saleCommitted) == [.recordLateRefusal(code: "card_frozen")])
    }

    @Test func `a wrong password may be typed again as the next attempt`() {
        var flow = self.flow(.credentialEntered(first))
        #expect(
            flow.handle(.authorisationAnswered(reply(1, code: .wrongPassword)))
                == [.blockCardStandIn(card), .showChoices([.retype, .cancel])])
        #expect(
            flow.handle(.credentialEntered(second))
                == [.sendAuthorisation(attempt: 2, credential: second)])
        // No answer to the second: stand-in is over since the first no (R-P9).
        #expect(
            flow.handle(.unanswered(attempt: 2)) == [.showChoices([.retry, .retype, .cancel])])
        #expect(flow.handle(.cashierTookOffline) == [])
        #expect(
            flow.handle(.authorisationAnswered(reply(2)))
                == [.allowCardStandIn(card), .commitSale(.authorised(reply(2)))])
    }

    @Test func `an earlier attempt's no does not end a later one that is on its way`() {
        var flow = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .credentialEntered(second))
        #expect(
            flow.handle(.authorisationAnswered(reply(1, code: .wrongPassword)))
                == [.blockCardStandIn(card)])
        #expect(flow.state == .authorising(attempt: 2) && flow.isStandInEnded)
        #expect(
            flow.handle(.authorisationAnswered(reply(2))).last
                == .commitSale(.authorised(reply(2))))
    }

    @Test func `a no to the payment itself does not block the card`() {
        for code in [AuthorisationRefusal.paymentFinal, .paymentDiffers, .credentialUnreadable] {
            var flow = self.flow(.credentialEntered(first))
            let actions = flow.handle(.authorisationAnswered(reply(1, code: code)))
            #expect(!actions.contains(.blockCardStandIn(card)))
            #expect(flow.isStandInEnded)
        }
    }

    @Test func `every refusal ends stand-in, whatever the code`() {
        for code in AuthorisationRefusal.allCases {
            var flow = self.flow(.credentialEntered(first), .unanswered(attempt: 1))
            _ = flow.handle(.authorisationAnswered(reply(1, code: code)))
            #expect(!flow.choices.contains(.takeOffline))
            #expect(flow.handle(.cashierTookOffline) == [])
        }
        var later = self.flow(.credentialEntered(first))
        var unknown = reply(1, code: .cardFrozen)
        unknown.code = "a_code_of_a_later_version"
        #expect(
            later.handle(.authorisationAnswered(unknown))
                == [.blockCardStandIn(card), .showChoices([.cancel])])
    }

    @Test func `an open payment is cancelled by cashier, changed basket or time, exactly once`() {
        let open: [PaymentFlow] = [
            flow(), flow(.credentialEntered(first)),
            flow(.credentialEntered(first), .unanswered(attempt: 1)),
        ]
        for start in open {
            for (event, reason) in [
                (PaymentFlow.Event.cashierCancelled, PaymentCancelled.Reason.cashier),
                (.basketChanged, .basketChanged), (.expired, .abandoned),
            ] {
                var flow = start
                #expect(flow.handle(event) == [.commitCancellation(reason)])
                #expect(flow.handle(event) == [])
                // A late approval: the cancellation's record releases the hold.
                #expect(flow.handle(.authorisationAnswered(reply(1))) == [])
                #expect(flow.handle(.cancellationCommitted) == [])
                #expect(flow.state == .cancelled(reason) && flow.isFinal)
                #expect(flow.handle(.authorisationAnswered(reply(1))) == [])
                #expect(flow.handle(.credentialEntered(second)) == [])
            }
        }
    }

    @Test func `a late approval sells nothing that somebody decided against`() {
        var flow = self.flow(
            .credentialEntered(first), .cashierCancelled, .cancellationNotCommitted)
        #expect(flow.handle(.authorisationAnswered(reply(1))) == [])
        #expect(flow.choices == [.retype, .cancel])
        _ = flow.handle(.credentialEntered(second))
        #expect(
            flow.handle(.authorisationAnswered(reply(2))).last
                == .commitSale(.authorised(reply(2))))
    }

    @Test func `an earlier attempt's no to the card blocks it, whatever is shown`() {
        var flow = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .credentialEntered(second),
            .authorisationAnswered(reply(2, code: .credentialUnreadable)))
        #expect(
            flow.handle(.authorisationAnswered(reply(1, code: .cardLost)))
                == [.blockCardStandIn(card)])
        #expect(flow.state == .refused(attempt: 2, code: "credential_unreadable"))
    }

    @Test func `an unknown commit is looked up, and its outcome is believed`() {
        var known = self.flow(.credentialEntered(first), .authorisationAnswered(reply(1)))
        #expect(known.handle(.commitUnknown) == [.resolveCommit])
        #expect(known.handle(.cashierCancelled) == [])
        #expect(known.handle(.expired) == [])
        var absent = known
        #expect(known.handle(.saleCommitted) == [])
        #expect(known.isFinal)
        #expect(absent.handle(.saleNotCommitted) == [.showChoices([.commitAgain, .cancel])])
        #expect(
            absent.handle(.cashierCommittedAgain) == [.commitSale(.authorised(reply(1)))])
    }

    @Test func `a no that arrives while the stand-in sale fails to commit is the end of it`() {
        var flow = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .cashierTookOffline)
        _ = flow.handle(.authorisationAnswered(reply(1, code: .cardLost)))
        #expect(flow.handle(.saleNotCommitted) == [.showChoices([.cancel])])
        #expect(flow.handle(.cashierCommittedAgain) == [])
    }

    @Test func `an approval that arrives after the stand-in sale failed makes it authorised`() {
        var flow = self.flow(
            .credentialEntered(first), .unanswered(attempt: 1), .cashierTookOffline,
            .saleNotCommitted)
        _ = flow.handle(.authorisationAnswered(reply(1)))
        #expect(flow.handle(.cashierCommittedAgain) == [.commitSale(.authorised(reply(1)))])
    }

    @Test func `a payment found open after a restart is finished by a new attempt or cancelled`() {
        var flow = PaymentFlow(
            recovering: payment, card: card, attempt: 2, isStandInEnded: false)
        #expect(flow.choices == [.retype, .cancel])
        #expect(flow.handle(.cashierTookOffline) == [])
        #expect(flow.handle(.cashierRetried) == [])
        #expect(
            flow.handle(.credentialEntered(first))
                == [.sendAuthorisation(attempt: 3, credential: first)])
        var expired = PaymentFlow(
            recovering: payment, card: card, attempt: 0, isStandInEnded: false)
        #expect(expired.handle(.expired) == [.commitCancellation(.abandoned)])
    }

    @Test func `answers to other payments and attempts not made change nothing`() {
        let before = self.flow(.credentialEntered(first))
        for reply in [reply(1, payment: Samples.id(9)), reply(2), reply(2, code: .cardLost)] {
            var flow = before
            #expect(flow.handle(.authorisationAnswered(reply)) == [])
            #expect(flow == before)
        }
    }

    /// All orders of a handful of events: whatever happens, in whatever order and however often, there
    /// is at most one ending, no stand-in after a no, and a final state never changes.
    @Test func `no order of events ends a payment twice or takes it offline after a no`() {
        let events: [PaymentFlow.Event] = [
            .credentialEntered(first), .authorisationAnswered(reply(1)),
            .authorisationAnswered(reply(1, code: .wrongPassword)), .unanswered(attempt: 1),
            .cashierRetried, .cashierTookOffline, .cashierCommittedAgain, .cashierCancelled,
            .expired, .saleCommitted, .saleNotCommitted, .cancellationCommitted,
            .cancellationNotCommitted, .commitUnknown,
        ]
        struct Step: Hashable {
            var flow: PaymentFlow
            var sawRefusal: Bool
        }
        var seen: Set<Step> = []
        var open = [Step(flow: PaymentFlow(payment: payment, card: card), sawRefusal: false)]
        while let step = open.popLast() {
            guard seen.insert(step).inserted, step.flow.attempt <= 3 else { continue }
            for event in events {
                var flow = step.flow
                let actions = flow.handle(event)
                var sawRefusal = step.sawRefusal
                if step.flow.isFinal { #expect(flow.state == step.flow.state) }
                let endings = actions.filter {
                    switch $0 {
                    case .commitSale, .commitCancellation: true
                    default: false
                    }
                }
                #expect(endings.count <= 1)
                if case .commitSale(.standIn) = endings.first { #expect(!sawRefusal) }
                if case .authorisationAnswered(let reply) = event, reply.result == .refused,
                    flow.isStandInEnded
                {
                    sawRefusal = true
                }
                open.append(Step(flow: flow, sawRefusal: sawRefusal))
            }
        }
        #expect(seen.count > 50)
    }
}
