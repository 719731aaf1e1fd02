import Domain
import Foundation
import Journal
import Testing

@testable import Till

/// Not a proof but a measurement: run with HUIYIKA_MEASURE=1.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] != nil), .serialized)
struct CommitMeasurement {
    @Test func `sale commits a second`() async throws {
        let till = try await EnrolledTill()
        let saleCount = 1_000
        var committing = Duration.zero
        let start = ContinuousClock.now
        for _ in 0..<saleCount {
            _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
            let id = till.clock.world.makeID()
            let (payment, _) = try await till.store.beginPayment(
                of: "li", id: id, cancellationID: till.clock.world.makeID(), at: till.clock.now,
                book: JournalBook(till.identity))
            let card = PaymentCard(
                fingerprint: try till.fingerprint(EnrolledTill.numbers.first),
                mask: "6160 **** **** 0002", programme: "GD", isTest: false)
            try await till.store.storeAttempt(1, card: card, payment: payment)
            let asked = AuthorisationRequest(
                amount: Money(fen: 1_850), attempt: 1, at: till.clock.now, credential: [],
                fingerprint: card.fingerprint, offset: nil, payment: payment,
                tillHead: try await till.store.read { try JournalBook.head(in: $0) },
                unsentForCard: .zero, version: 1)
            let commit = ContinuousClock.now
            _ = try await till.store.commitSale(
                payment, acceptance: .authorised(EnrolledTill.reply(asked)), at: till.clock.now,
                identity: till.identity)
            committing += commit.duration(to: .now)
        }
        let whole = start.duration(to: .now)
        print(
            "till: \(saleCount) sales, commit of sale and record \(committing / saleCount) each, "
                + "whole sale (4 commits) \(whole / saleCount)")
    }
}
