import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct IngestTests {
    /// A shop, a till and a card with ¥100.00.
    private func withTill(
        _ body: (TestShop, TestTill, TestShop.Card) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            try await body(shop, till, card)
            let proof = try await LedgerProof.make(office.store)
            #expect(proof.isRight, "\(proof.differences)")
        }
    }

    @Test func `a sale with the right password is posted and the card pays`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 3_500)
            #expect(try await till.verdicts() == ["posted"])
            #expect(try await shop.balance(card) == (6_500, 0))
            #expect(
                try await shop.number(
                    "SELECT balance FROM account WHERE kind = 'store_payable'") == 3_500)
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 0)
        }
    }

    @Test func `a batch sent again gets the same verdicts and changes no row`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 3_500)
            let sale = try till.sell(card, 9_000)
            till.requestRefund(sale, quantity: 1, amount: 9_000, card: card)
            till.append(bytes: Array("{\"at\":1}".utf8))
            guard case .taken(let first) = try await till.push() else {
                Issue.record("refused")
                return
            }
            let before = try await shop.counts()
            till.time.move(milliseconds: 3 * 86_400_000)
            guard case .taken(let again) = try await till.push() else {
                Issue.record("refused")
                return
            }
            #expect(again.verdicts == first.verdicts)
            #expect(again.durable == first.durable)
            #expect(try await shop.counts() == before)
            #expect(try await till.verdicts(1..<3) == ["exception insufficient_balance", "posted"])
            #expect(try await shop.counts() == before)
        }
    }

    @Test func `two equal batches at once are stored once`() async throws {
        try await withTill { shop, till, card in
            for _ in 0..<20 { try till.sell(card, 100) }
            let (frame, ingest, known) = (till.frame(), till.ingest, till.known)
            async let first = ingest.take(frame, from: known)
            async let second = ingest.take(frame, from: known)
            let (one, two) = try await (first, second)
            #expect(one == two)
            #expect(try await shop.number("SELECT count(*) FROM sale") == 20)
            #expect(try await shop.balance(card) == (8_000, 0))
        }
    }

    @Test func `a gap names what is wanted and stores nothing`() async throws {
        try await withTill { shop, till, card in
            for _ in 0..<4 { try till.sell(card, 100) }
            #expect(try await till.push(0..<1) != .refused(.fork))
            #expect(try await till.push(2..<4) == .refused(.gap(wanted: 2)))
            #expect(try await shop.number("SELECT count(*) FROM sale") == 1)
            #expect(try await till.verdicts(1..<4) == ["posted", "posted", "posted"])
        }
    }

    @Test func `a restored till is a fork, and stays one`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            try till.sell(card, 200)
            _ = try await till.push()
            till.forget(from: 1)
            try till.sell(card, 300)
            #expect(try await till.push() == .refused(.fork))
            #expect(try await till.push(0..<1) == .refused(.fork))
            #expect(try await shop.balance(card) == (9_700, 0))
            #expect(
                try await shop.number("SELECT count(*) FROM audit WHERE action = 'till.fork'") == 1)
        }
    }

    @Test func `the same id with other content is an exception and the first stands`() async throws
    {
        try await withTill { shop, till, card in
            let id = try till.sell(card, 100)
            try till.sell(card, 200, id: id)
            try till.sell(card, 400)
            #expect(
                try await till.verdicts() == [
                    "posted", "exception same_id_different_content", "posted",
                ])
            #expect(try await shop.balance(card) == (9_500, 0))
            #expect(try await shop.number("SELECT amount FROM exception") == 200)
        }
    }

    @Test func `the same record at another place is a duplicate`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            till.append(bytes: till.entries[0].record)
            #expect(try await till.verdicts() == ["posted", "duplicate"])
            #expect(try await shop.balance(card) == (9_900, 0))
        }
    }

    @Test func `records that cannot be read or are unknown hold up no other`() async throws {
        try await withTill { _, till, card in
            till.append(bytes: [0xFF, 0xFE])
            till.append(
                bytes: Array(
                    #"{"at":1795572000000,"body":{},"id":"019f0000-0000-7000-8000-000000000001","kind":"day.counted","offset":null,"v":1}"#
                        .utf8))
            try till.sell(card, 100)
            till.append(.beacon(BeaconRecorded(token: "forged.token")))
            #expect(
                try await till.verdicts() == [
                    "exception unreadable_record", "exception unknown_kind", "posted",
                    "exception unreadable_record",
                ])
        }
    }

    @Test func `each fault of a sale leaves the card alone and puts the amount in dispute`()
        async throws
    {
        try await withTill { shop, till, card in
            let unknown = TestShop.Card(
                id: 0, number: try CardNumber("6160202611259999"), password: card.password,
                fingerprint: shop.office.store.secrets.wireFingerprintKey.fingerprint(
                    of: try CardNumber("6160202611259999")), isTest: false)
            let earlier = till.time.now.adding(milliseconds: -1_000)
            let frozen = try await shop.card(2, balance: 500, state: "frozen", since: earlier)
            let lost = try await shop.card(3, balance: 500, state: "lost", since: earlier)
            let closed = try await shop.card(4, balance: 0, state: "closed", since: earlier)
            let testing = try await shop.card(5, balance: 500, isTest: true)
            try till.sell(card, 100, total: 101)
            try till.sell(unknown, 100)
            try till.sell(closed, 100)
            try till.sell(frozen, 100)
            try till.sell(lost, 100)
            try till.sell(testing, 100)
            try till.sell(testing, 99)
            try till.sell(card, 100, seal: false)
            try till.sell(card, 100, sealedFor: 99)
            try till.sell(card, 100, password: "000000")
            #expect(
                try await till.verdicts() == [
                    "exception lines_do_not_add_up", "exception unknown_card",
                    "exception card_closed", "exception card_frozen", "exception card_lost",
                    "exception test_card_limit", "posted", "exception credential_gone",
                    "exception credential_unreadable", "exception wrong_password",
                ])
            #expect(try await shop.balance(card) == (10_000, 0))
            #expect(
                try await shop.number(
                    """
                    SELECT sum(balance) FROM account
                    WHERE kind = 'store_in_dispute' AND book = 'real'
                    """) == 801)
            #expect(
                try await shop.number(
                    "SELECT balance FROM account WHERE kind = 'store_payable' AND book = 'test'")
                    == 99)
            #expect(try await shop.number("SELECT count(*) FROM sale WHERE test") == 2)
        }
    }

    @Test func `a programme not accepted in the province is an exception`() async throws {
        try await withTill { shop, till, card in
            try await shop.office.store.write {
                try $0.execute("DELETE FROM programme_acceptance")
            }
            try till.sell(card, 100)
            #expect(try await till.verdicts() == ["exception programme_not_accepted"])
        }
    }

    @Test func `a short card pays what it has, and within a batch in order`() async throws {
        try await withTill { shop, till, card in
            try till.sell(card, 6_000)
            try till.sell(card, 6_000)
            try till.sell(card, 6_000)
            #expect(
                try await till.verdicts() == [
                    "posted", "exception insufficient_balance", "exception insufficient_balance",
                ])
            #expect(try await shop.balance(card) == (0, 0))
            #expect(
                try await shop.number(
                    "SELECT balance FROM account WHERE kind = 'store_in_dispute'") == 8_000)
            #expect(try await shop.number("SELECT sum(amount) FROM exception") == 8_000)
        }
    }

    @Test func `five wrong passwords lock the card for the business day`() async throws {
        try await withTill { shop, till, card in
            for _ in 0..<5 { try till.sell(card, 100, password: "000000") }
            try till.sell(card, 100)
            let verdicts = try await till.verdicts()
            #expect(verdicts.prefix(5).allSatisfy { $0 == "exception wrong_password" })
            #expect(verdicts.last == "exception password_not_checked")
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 1)
            #expect(try await till.authorise(card, 100).code == "password_locked")
            till.time.move(milliseconds: 86_400_000)
            #expect(try await till.authorise(card, 100).result == .approved)
        }
    }

    @Test func `holds end by the sale, and a lapsed one is still an approved sale`() async throws {
        try await withTill { shop, till, card in
            let payment = shop.office.store.clock.makeID()
            #expect(try await till.authorise(card, 4_000, payment: payment).result == .approved)
            #expect(try await shop.balance(card) == (10_000, 4_000))
            try till.sell(card, 4_000, id: payment, authorised: true)
            #expect(try await till.verdicts() == ["posted"])
            #expect(try await shop.balance(card) == (6_000, 0))

            let lapsing = shop.office.store.clock.makeID()
            _ = try await till.authorise(card, 5_000, payment: lapsing)
            till.time.move(milliseconds: Payment.holdLife)
            #expect(try await Jobs(shop.office.store).lapseHolds(now: till.time.now) == 1)
            #expect(try await shop.balance(card) == (6_000, 0))
            try till.sell(card, 4_000)
            try till.sell(card, 5_000, id: lapsing, authorised: true)
            #expect(
                try await till.verdicts(1..<3) == ["posted", "exception insufficient_balance"])
            #expect(try await shop.balance(card) == (0, 0))
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM exception WHERE bearer = 'programme' AND amount = 3000")
                    == 1)
        }
    }

    @Test func `a hold lapses after the hours of the setting, and a changed setting moves no hold`()
        async throws
    {
        try await withTill { shop, till, card in
            let store = shop.office.store
            func desk(hours: Int) -> Authorisations {
                Authorisations(
                    OfficeStore(
                        pool: store.pool, secrets: store.secrets, clock: store.clock,
                        logger: store.logger, holdHours: hours))
            }
            let (short, long) = (store.clock.makeID(), store.clock.makeID())
            _ = try await till.authorise(card, 1_000, payment: short, at: desk(hours: 2))
            _ = try await till.authorise(card, 1_000, payment: long, at: desk(hours: 48))
            // Asked again under another setting: the hold ends when it was told to.
            _ = try await till.authorise(card, 1_000, payment: long, attempt: 2, at: desk(hours: 1))
            till.time.move(milliseconds: 2 * 3_600_000 - 1)
            #expect(try await Jobs(store).lapseHolds(now: till.time.now) == 0)
            till.time.move(milliseconds: 1)
            #expect(try await Jobs(store).lapseHolds(now: till.time.now) == 1)
            #expect(try await shop.balance(card) == (10_000, 1_000))
            till.time.move(milliseconds: 46 * 3_600_000)
            #expect(try await Jobs(store).lapseHolds(now: till.time.now) == 1)
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    @Test(arguments: ["0", "721", "-3"])
    func `hours of a hold out of range do not start head office`(hours: String) {
        #expect(throws: OfficeStartError.self) {
            try OfficeConfiguration(
                environment: ["HUIYIKA_OFFICE_HOLDS_HOURS": hours], file: nil)
        }
    }

    @Test func `cancellations release, and neither order of sale and cancellation pays twice`()
        async throws
    {
        try await withTill { shop, till, card in
            let held = shop.office.store.clock.makeID()
            _ = try await till.authorise(card, 4_000, payment: held)
            func cancel(_ id: RecordID) {
                till.append(.paymentCancelled(.init(payment: id, reason: .cashier, by: "li")))
            }
            cancel(held)
            try till.sell(card, 4_000, id: held, authorised: true)
            let sold = try till.sell(card, 1_000)
            cancel(sold)
            let unknown = shop.office.store.clock.makeID()
            cancel(unknown)
            let differing = shop.office.store.clock.makeID()
            _ = try await till.authorise(card, 2_000, payment: differing)
            try till.sell(card, 1_500, id: differing, authorised: true)
            #expect(
                try await till.verdicts() == [
                    "posted", "exception payment_cancelled", "posted",
                    "exception payment_captured", "posted", "exception hold_differs",
                ])
            #expect(try await shop.balance(card) == (9_000, 0))
            let late = try await till.authorise(card, 100, payment: unknown)
            #expect(late.code == "payment_final" && late.state == .cancelled)
        }
    }

    @Test func `a connection lost in the middle leaves nothing, and the resend works`() async throws
    {
        try await withTill { shop, till, card in
            try till.sell(card, 100)
            let (frame, known, store) = (till.frame(), till.known, shop.office.store)
            await #expect(throws: PostgresError.self) {
                try await store.pool.transaction(attempts: 1) { session in
                    let row = try IngestTill.lock(session, known)
                    let records = IncomingRecord.read(
                        frame, with: IncomingRecord.Keys(store.secrets))
                    _ = try IngestIdentities.claim(records, row: row, in: session)
                    try session.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(try await shop.number("SELECT count(*) FROM record_identity") == 0)
            #expect(try await till.verdicts() == ["posted"])
        }
    }
}
