import Domain
import Journal

extension IngestJudge {
    /// Keeps what a revoked till brings (S-7): nothing of it moves money before a person has looked.
    mutating func quarantine(
        _ incoming: IncomingRecord, _ time: BusinessTime
    ) -> RecordException? {
        switch incoming.record?.body {
        case .saleCompleted(let sale):
            guard let id = incoming.id else { return act(on: incoming, time) }
            guard world.bookedFromSlip[id] == nil else {
                // The sale is there and paid: what its record says more waits.
                outcome.quarantined.append((incoming.sequence, incoming.sealed))
                return note(.quarantined, incoming, amount: sale.total)
            }
            let card = world.cards[cardOf(sale, id: id)]
            let verdict = SalePosting.quarantine(
                facts(of: sale, id: id, incoming: incoming, card: card, at: time.instant),
                card: card.map(facts),
                payment: world.payments[id]?.payment ?? .unseen)
            take(verdict, id: id, card: card, at: time.instant)
            storeSale(
                id, sale, incoming, time, card: card, isTest: verdict.book == .test, paid: .zero,
                .quarantined)
            outcome.quarantined.append((incoming.sequence, incoming.sealed))
            return note(
                .quarantined, incoming, amount: sale.total, bearer: verdict.bearer.rawValue,
                sale: id, disputed: verdict.shortfall)
        case .paymentCancelled, .refundRequested, .refundWithdrawn:
            outcome.quarantined.append((incoming.sequence, nil))
            return note(.quarantined, incoming)
        default:
            return act(on: incoming, time)
        }
    }
}
