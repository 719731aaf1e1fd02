// A batch is one transaction: every record is stored, acknowledged and acted on together, or nothing
// is (S-1). A record that cannot be acted on is an exception and holds up no other (S-2).

import Domain
import Journal
import PostgresDriver

/// Takes in the batches of tills.
struct BatchIngest: Sendable {
    let store: OfficeStore
    private let keys: IncomingRecord.Keys

    init(_ store: OfficeStore) {
        self.store = store
        keys = IncomingRecord.Keys(store.secrets)
    }

    /// What became of a batch.
    enum Result: Sendable, Equatable {
        /// Stored and acted on; the beacon is left empty for the endpoint.
        case taken(BatchReply)
        /// Nothing of it was stored.
        case refused(BatchRefusal)
    }

    /// Stores a batch and acts on it.
    ///
    /// - Refuses: `OfficeKeysRefusal.keyElsewhere` for new records sealed to a key that this program is still to get.
    /// - Repetition: records stored before get the verdicts they got first, and nothing changes.
    func take(_ frame: BatchFrame, from till: KnownTill) async throws -> Result {
        guard frame.header.till == till.code, frame.header.epoch == till.epoch else {
            return .refused(.unreadableFrame)
        }
        let incoming = IncomingRecord.read(frame, with: keys)
        var attempt = 1
        while true {
            do {
                let received = store.clock.now()
                return try await store.write { session in
                    try take(frame, incoming, from: till, at: received, in: session)
                }
            } catch is IngestWriter.Overtaken where attempt < 5 {
                attempt += 1
            }
        }
    }

    private func take(
        _ frame: BatchFrame, _ incoming: [IncomingRecord], from till: KnownTill,
        at received: Instant, in session: PostgresSession
    ) throws -> Result {
        let row = try IngestTill.lock(session, till)
        guard !row.isForked else { return .refused(.fork) }
        let decision: SyncReceiver.Decision
        do {
            decision = try decide(frame, row: row, in: session)
        } catch let refusal as BatchRefusal {
            if refusal == .fork { try row.storeFork(session, at: received) }
            return .refused(refusal)
        }
        var verdicts = try row.verdicts(
            session, from: frame.header.first, count: decision.repeatedCount)
        let new = Array(incoming[decision.newEntries])
        guard
            try !OfficeKeys.areElsewhere(
                new.compactMap(\.sealed), opening: keys.opening, in: session)
        else { throw OfficeKeysRefusal.keyElsewhere }
        let judged = try judge(new, row: row, at: received, in: session)
        verdicts += judged.outcome.stored.map(\.verdict)
        try judged.row.store(
            session, durable: decision.durable, header: frame.header, at: received)
        precondition(
            verdicts.count == frame.entries.count,
            "\(verdicts.count) verdicts for \(frame.entries.count) records")
        verdicts = try VerdictProofs(session: session, key: store.secrets.namedSigningKey)
            .complete(verdicts, of: incoming, scope: till.storeCode)
        return .taken(
            BatchReply(
                batch: frame.header.batch, beacon: "", durable: decision.durable,
                verdicts: verdicts))
    }

    private func decide(
        _ frame: BatchFrame, row: IngestTill, in session: PostgresSession
    ) throws -> SyncReceiver.Decision {
        let receiver = SyncReceiver(
            chain: JournalChain(till: row.till.code, epoch: row.epoch), durable: row.durable)
        var storedHash: RecordHash?
        if let deciding = receiver.decidingSequence(for: frame), deciding != row.durable.sequence {
            storedHash = try row.hash(session, at: deciding)
        }
        return try receiver.decide(frame, storedHash: storedHash)
    }

    private func judge(
        _ records: [IncomingRecord], row: IngestTill, at received: Instant,
        in session: PostgresSession
    ) throws -> IngestJudge {
        let identities = try IngestIdentities.claim(records, row: row, in: session)
        let fresh = zip(records, identities).compactMap { $1 == .new ? $0 : nil }
        let world = try IngestWorld.load(session, fresh, of: row.till)
        var judge = IngestJudge(
            till: row.till, cards: store.cards, signingKeys: keys.signing, received: received,
            row: row, world: world)
        for (record, identity) in zip(records, identities) {
            judge.judge(record, identity: identity)
        }
        guard !records.isEmpty else { return judge }
        try IngestWriter(
            session: session, till: row.till, received: received, holdLife: store.holdLife,
            outcome: judge.outcome
        ).write(known: Set(world.payments.keys))
        return judge
    }
}
