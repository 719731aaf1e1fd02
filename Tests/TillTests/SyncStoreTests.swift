import Domain
import Foundation
import GRDB
import Journal
import Logging
import Synchronization
import Testing

@testable import Till

struct SyncStoreTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func sellOffline() async throws -> RecordID {
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
        let checkout = till.makeCheckout { _ in nil }
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        try await checkout.takeOffline(payment)
        return payment
    }

    private func verdict(_ state: RecordVerdict.State, _ code: String?) -> RecordVerdict {
        RecordVerdict(
            businessTime: Instant(milliseconds: till.clock.now.milliseconds + 5), code: code,
            id: nil, sequence: 1, state: state)
    }

    private func credential() async throws -> Data? {
        try await till.store.read {
            try Data.fetchOne($0, sql: "SELECT credential FROM journal_record WHERE seq = 1")
        }
    }

    @Test func `a batch carries the record, its sealed bytes and the till's own word`()
        async throws
    {
        let payment = try await sellOffline()
        let made = try await till.store.makeBatch(
            from: 1, bounds: .usual, batch: till.clock.world.makeID(), identity: till.identity)
        let frame = try BatchFrame(decoding: try #require(made).encoded())
        #expect(frame.header.status.unsentValue == Money(fen: 1_850))
        let entry = try #require(frame.entries.first)
        let record = try JournalRecord(bytes: entry.record)
        #expect(record.id == payment)
        guard case .saleCompleted(let sale) = record.body else {
            Issue.record("not a sale")
            return
        }
        let sealed = try #require(entry.credential.flatMap { SealedCredential(bytes: $0) })
        #expect(sale.payment.credential == sealed.hash)
        #expect(sale.payment.knew.limitsVersion == 8)
        let opened = try sealed.open(payment: payment, amount: sale.total, with: till.openingKey)
        #expect(opened.password.digits == "123456")
        #expect(sale.addsUp)
    }

    @Test func `sealed bytes stay while the password was not checked, and go with right or wrong`()
        async throws
    {
        _ = try await sellOffline()
        try await till.store.applyVerdicts(
            [verdict(.exception, "password_not_checked")], at: till.clock.now)
        #expect(try await credential() != nil)
        let id = try await till.store.read {
            try String.fetchOne($0, sql: "SELECT id FROM journal_record WHERE seq = 1")
        }
        try await till.apply([
            ChangeItem(
                topic: .verdict, key: try #require(id), version: 4,
                body: .verdict(.init(code: nil, state: .posted)))
        ])
        #expect(try await credential() == nil)
    }

    @Test func `a record that came back under a new key shows what it was the first time`()
        async throws
    {
        _ = try await sellOffline()
        var returned = verdict(.duplicate, nil)
        returned.first = VerdictChange(code: "wrong_password", state: .exception)
        try await till.store.applyVerdicts([returned], at: till.clock.now)
        let stored = try await till.store.read { database in
            try String.fetchOne(
                database,
                sql: "SELECT verdict || ' ' || verdict_code FROM journal_record WHERE seq = 1")
        }
        #expect(stored == "exception wrong_password")
        #expect(try await credential() == nil)
    }

    @Test func `head office's signed word goes with a record whose sealed bytes are gone`()
        async throws
    {
        _ = try await sellOffline()
        func entry() async throws -> BatchEntry {
            let made = try await till.store.makeBatch(
                from: 1, bounds: .usual, batch: till.clock.world.makeID(), identity: till.identity)
            let frame = try BatchFrame(decoding: try #require(made).encoded())
            return try #require(frame.entries.first)
        }
        let record = RecordHash(of: try await entry().record)
        var judged = verdict(.posted, nil)
        judged.password = PasswordVerdict(
            isRight: true, record: record, signedBy: till.officeKey)
        try await till.store.applyVerdicts([judged], at: till.clock.now)
        let kept = try await entry().credential.flatMap { PasswordVerdict(bytes: $0) }
        #expect(kept?.isSigned(for: record, by: [till.officeKey.verifying]) == true)
    }

    @Test func `a new sealing key is used for the next payment`() async throws {
        let next = try #require(
            OpeningKey(id: "s2", rawRepresentation: till.clock.world.bytes(32)))
        try await till.apply([
            ChangeItem(
                topic: .sealingKey, key: "current", version: 30,
                body: .sealingKey(next.sealingKey))
        ])
        _ = try await sellOffline()
        let sealed = try #require(try await credential())
        #expect(SealedCredential(bytes: Array(sealed))?.keyID == "s2")
    }

    @Test func `a verdict ends the sale's part in the limits and fixes its business time`()
        async throws
    {
        let payment = try await sellOffline()
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        #expect(try await till.store.syncStart().acknowledged == 0)
        try await till.store.applyVerdicts([verdict(.posted, nil)], at: till.clock.now)
        #expect(try await till.store.read { try StandIn.unsent(of: card, in: $0) } == .zero)
        #expect(try await till.store.syncStart().acknowledged == 1)
        let order = try await till.store.read { try Orders.find(payment.description, in: $0) }
        #expect(order?.summary.state == .posted)
        #expect(order?.summary.businessTime == till.clock.now.milliseconds + 5)
    }

    @Test func `a beacon is journalled when the last is ten minutes old or contact is back`()
        async throws
    {
        let book = JournalBook(till.identity)
        func contact(after seconds: Int64, wasOffline: Bool) async throws -> Int64 {
            till.clock.advance(seconds: seconds)
            let nonce = try #require(RequestNonce(bytes: till.clock.world.bytes(16)))
            let beacon = Beacon(
                issued: till.clock.now.adding(milliseconds: 2_000), nonce: nonce,
                till: till.identity.till, key: till.officeKey)
            try await till.store.noteContact(
                beacon, offset: 2_000, wasOffline: wasOffline, id: till.clock.world.makeID(),
                at: till.clock.now, book: book)
            return try await till.store.read { try JournalBook.head(in: $0) }.sequence
        }
        #expect(try await contact(after: 0, wasOffline: false) == 1)
        #expect(try await contact(after: 599, wasOffline: false) == 1)
        #expect(try await contact(after: 1, wasOffline: false) == 2)
        #expect(try await contact(after: 1, wasOffline: true) == 3)
        let state = try await till.store.read { try SyncState.load(in: $0) }
        #expect(state.clockOffset == 2_000)
    }

    @Test func `an older item changes nothing, a removed one goes`() async throws {
        func face(_ title: String, _ version: Int64) -> ChangeItem {
            ChangeItem(
                topic: .programme, key: "GD", version: version,
                body: .programme(
                    .init(
                        isAccepted: true, face: .init(colour: "#000", title: title), name: "n",
                        prefix: "6160", province: "44", scheme: .dated16)))
        }
        try await till.apply([face("新", 5), face("旧", 4)])
        let programme = try await till.store.read { try Cards.programme("GD", in: $0) }
        #expect(programme?.faceTitle == "新")
        try await till.apply([
            ChangeItem(topic: .programme, key: "GD", version: 6, body: .removed)
        ])
        #expect(try await till.store.read { try Cards.programme("GD", in: $0) } == nil)
    }

    @Test func `acknowledged records sent again change nothing and are answered as stored`()
        async throws
    {
        for _ in 1...3 { _ = try await sellOffline() }
        let frames = Mutex<[BatchFrame]>([])
        let resending = Resending(store: till.store, identity: till.identity) { [till] frame in
            frames.withLock { $0.append(frame) }
            guard let nonce = RequestNonce(bytes: till.clock.world.bytes(16)) else { return nil }
            let reply = BatchReply(
                batch: frame.header.batch, beacon: "",
                durable: JournalHead(sequence: frame.last, hash: frame.header.head),
                verdicts: (frame.header.first...frame.last).map { sequence in
                    RecordVerdict(
                        businessTime: till.clock.now, code: nil, id: nil, sequence: sequence,
                        state: .posted)
                })
            return OfficeLine.Answer(
                status: 200, body: reply.bytes, nonce: nonce, sent: till.clock.now,
                received: till.clock.now)
        }
        func state() async throws -> [String] {
            try await till.store.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT seq, verdict, verdict_code, judged_at FROM journal_record"
                ).map { "\($0)" }
            }
        }
        await #expect(throws: TillStartError.self) {
            try await resending.run(last: 2, batch: till.clock.world.makeID())
        }
        #expect(frames.withLock { $0.isEmpty })
        func judged(_ sequence: Int64, _ code: String?) -> RecordVerdict {
            RecordVerdict(
                businessTime: till.clock.now, code: code, id: nil, sequence: sequence,
                state: code == nil ? .posted : .exception)
        }
        try await till.store.applyVerdicts(
            [judged(1, nil), judged(2, "card_frozen")], at: till.clock.now)
        let before = try await state()
        let lines = try await resending.run(last: 1, batch: till.clock.world.makeID())
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(
                "sale.completed: posted (stored here: exception card_frozen)") == true)
        let both = try await resending.run(last: 9, batch: till.clock.world.makeID())
        #expect(both.count == 2 && both.first?.hasSuffix(": posted") == true)
        #expect(frames.withLock { $0.map(\.header.first) } == [2, 1])
        #expect(frames.withLock { $0.map(\.last) } == [2, 2])
        #expect(try await state() == before)
    }

    @Test func `sealed bytes are found without reading the journal`() async throws {
        let plan = try await till.store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    EXPLAIN QUERY PLAN UPDATE journal_record SET credential = NULL
                    WHERE credential IS NOT NULL AND verdict IS NOT NULL AND verdict <> 'held'
                        AND coalesce(verdict_code, '') <> 'password_not_checked'
                    """
            ).map { $0["detail"] as String }.joined()
        }
        #expect(plan.contains("ix_journal_record_sealed"))
    }

    @Test func `a till with unsent records refuses to be reset, an emptied one does not`()
        async throws
    {
        _ = try await sellOffline()
        try till.store.close()
        var configuration = try TillConfiguration(environment: [:], file: nil)
        configuration.dataFolder = till.folder.url.path
        let maintenance = TillMaintenance(
            configuration: configuration, logger: Logger(label: "test"))
        await #expect(throws: TillStartError.self) { try await maintenance.reset() }
        #expect(try await maintenance.verify() == 1)
        let store = try till.folder.openStore()
        try await store.applyVerdicts([verdict(.posted, nil)], at: till.clock.now)
        try store.close()
        try await maintenance.reset()
        let path = till.folder.url.appending(path: "till.sqlite").path
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `a changed record breaks the chain where it was changed`() async throws {
        _ = try await sellOffline()
        let identity = till.identity
        try await till.store.write { database in
            try database.execute(
                sql:
                    "UPDATE journal_record SET bytes = cast(replace(bytes, '1850', '1.00') AS BLOB)"
            )
        }
        let found = try await till.store.read {
            try JournalBook(identity).verify(
                publicKey: identity.signingKey.verifyingKey, in: $0)
        }
        #expect(found.brokenAt == 1)
    }

    @Test func `too little room begins no payment`() async throws {
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
        try till.store.close()
        let full = try till.folder.openStore(diskReserveByteCount: .max)
        await #expect(throws: TillStoreError.self) {
            try await full.beginPayment(
                of: "li", id: till.clock.world.makeID(),
                cancellationID: till.clock.world.makeID(), at: till.clock.now,
                book: JournalBook(till.identity))
        }
        #expect(try await full.openPayments().isEmpty)
    }
}
