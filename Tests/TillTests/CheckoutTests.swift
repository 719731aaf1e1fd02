import Domain
import Foundation
import GRDB
import Journal
import Logging
import Synchronization
import Testing

@testable import Till

struct CheckoutTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func ringUp(_ sku: String = "YP0001", quantity: Int64 = 2) async throws {
        _ = try await till.store.addToBasket(of: "li", code: sku, quantity: quantity)
    }

    private func counts() async throws -> [String: Int] {
        try await till.store.read { database in
            var found: [String: Int] = [:]
            for table in ["sale", "payment", "basket_line"] {
                found[table] = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)")
            }
            for row in try Row.fetchAll(
                database, sql: "SELECT kind, count(*) AS n FROM journal_record GROUP BY kind")
            {
                found[row["kind"]] = row["n"]
            }
            return found
        }
    }

    private func verifies() async throws -> Bool {
        let identity = till.identity
        return try await till.store.read {
            try JournalBook(identity).verify(
                publicKey: identity.signingKey.verifyingKey, in: $0
            ).brokenAt == nil
        }
    }

    @Test func `an approved payment commits sale and record together, once`() async throws {
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(
            payment, number: EnrolledTill.numbers.first, password: "123456")
        let sale = try await till.store.read {
            try TillStore.committedSale(payment.description, in: $0)
        }
        #expect(sale?.receipt == "GD0001-01-20261125-0001")
        #expect(sale?.remaining == 88_000)
        #expect(
            try await counts() == ["sale": 1, "payment": 1, "basket_line": 0, "sale.completed": 1])
        // The same id again is answered as it stands.
        let again = try await till.store.commitSale(
            payment,
            acceptance: .authorised(
                EnrolledTill.reply(try await request(payment))), at: till.clock.now,
            identity: till.identity)
        #expect(again == sale)
        #expect(try await counts()["sale.completed"] == 1)
        #expect(try await verifies())
    }

    private func request(_ payment: RecordID) async throws -> AuthorisationRequest {
        AuthorisationRequest(
            amount: Money(fen: 3_700), attempt: 1, at: till.clock.now, credential: [],
            fingerprint: try till.fingerprint(EnrolledTill.numbers.first), offset: nil,
            payment: payment, tillHead: try await till.store.read { try JournalBook.head(in: $0) },
            unsentForCard: .zero, version: 1)
    }

    @Test func `two settles and two payments at once are one sale`() async throws {
        let asked = Mutex(0)
        let checkout = till.makeCheckout { request in
            asked.withLock { $0 += 1 }
            return EnrolledTill.reply(request)
        }
        try await ringUp()
        async let first = checkout.begin(login: "li")
        async let second = checkout.begin(login: "li")
        let (payment, other) = try await (first, second)
        #expect(payment == other)
        async let one: Void = attemptIgnoringBusy(checkout, payment)
        async let two: Void = attemptIgnoringBusy(checkout, payment)
        _ = try await (one, two)
        #expect(asked.withLock { $0 } == 1)
        #expect(try await counts()["sale.completed"] == 1)
    }

    private func attemptIgnoringBusy(_ checkout: Checkout, _ payment: RecordID) async throws {
        do {
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
        } catch PaymentRefusal.busy, PaymentRefusal.ended {
            // The other click has it.
        }
    }

    @Test func `two tabs with two cards are one payment of one card`() async throws {
        let asked = Mutex<[AuthorisationRequest]>([])
        let checkout = till.makeCheckout { request in
            asked.withLock { $0.append(request) }
            return EnrolledTill.reply(request)
        }
        for _ in 1...20 {
            try await ringUp()
            let payment = try await checkout.begin(login: "li")
            await withTaskGroup { group in
                for number in [EnrolledTill.numbers.first, EnrolledTill.numbers.second] {
                    group.addTask {
                        try? await checkout.attempt(payment, number: number, password: "123456")
                    }
                }
            }
            let requests = asked.withLock { all in
                defer { all = [] }
                return all
            }
            #expect(requests.count == 1)
            let request = try #require(requests.first)
            let sealed = try #require(SealedCredential(bytes: request.credential))
            let opened = try sealed.open(
                payment: payment, amount: request.amount, with: till.openingKey)
            let sold = try await till.store.read {
                try PaymentRow.find(payment, in: $0)?.card?.fingerprint
            }
            #expect(try till.fingerprint(opened.number.text) == sold)
            #expect(request.fingerprint == sold)
        }
    }

    @Test func `goods that were paid for leave the basket, though their price changed meanwhile`()
        async throws
    {
        let till = till
        let checkout = till.makeCheckout { request in
            try? await till.apply([
                EnrolledTill.product("YP0001", "", "感冒颗粒", "10g×9袋", 99_999_999, version: 2)
            ])
            return EnrolledTill.reply(request)
        }
        try await ringUp(quantity: 200)
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        #expect(try await counts()["sale.completed"] == 1)
        #expect(try await counts()["basket_line"] == 0)
    }

    @Test func `an accepted sale that the disk refused is not taken offline after a stop`()
        async throws
    {
        try await approveOnline()
        let checkout = till.makeCheckout { _ in nil }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        let sealed = try #require(SealedCredential(bytes: [1, 65, 0, 1, 7, 7]))
        try await till.store.stopSelling(.fork)
        await #expect(throws: PaymentRefusal.tillForked) {
            try await till.store.commitSale(
                payment, acceptance: .standIn(attempt: 1, credential: sealed),
                at: till.clock.now, identity: till.identity)
        }
        #expect(try await counts()["sale.completed"] == nil)
    }

    @Test func `number and password are nowhere on disk`() async throws {
        let checkout = till.makeCheckout { _ in nil }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(
            payment, number: EnrolledTill.numbers.first, password: "731942")
        try await approveOnline()
        try await checkout.takeOffline(payment)
        var bytes = Data()
        for suffix in ["", "-wal"] {
            let path = till.store.folder.databasePath + suffix
            bytes += FileManager.default.contents(atPath: path) ?? Data()
        }
        #expect(bytes.range(of: Data("GD0001-01-20261125-0001".utf8)) != nil)
        #expect(bytes.range(of: Data(EnrolledTill.numbers.first.utf8)) == nil)
        #expect(bytes.range(of: Data("731942".utf8)) == nil)
    }

    private func approveOnline() async throws {
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
    }

    @Test func `without an answer the limits decide, and what is unsent counts after reopening`()
        async throws
    {
        let checkout = till.makeCheckout { _ in nil }
        try await approveOnline()
        // ¥166.50 three times: the fourth would exceed ¥500 for the card.
        for expected in [true, true, true, false] {
            try await ringUp(quantity: 9)
            let payment = try await checkout.begin(login: "li")
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
            #expect(await checkout.flow(payment)?.choices.contains(.takeOffline) == true)
            do {
                try await checkout.takeOffline(payment)
                #expect(expected)
            } catch let refusal as StandInRefusal {
                #expect(!expected)
                #expect(refusal.code == "over_card_limit")
                try await checkout.cancel(payment, by: "li")
            }
        }
        #expect(try await counts()["sale.completed"] == 3)
        #expect(try await counts()["payment.cancelled"] == 1)
        try till.store.close()
        let reopened = try till.folder.openStore()
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        #expect(
            try await reopened.read { try StandIn.unsent(of: card, in: $0) } == Money(fen: 49_950))
    }

    @Test func `a card this till never saw approved is not taken offline`() async throws {
        let checkout = till.makeCheckout { _ in nil }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(
            payment, number: EnrolledTill.numbers.first, password: "123456")
        await #expect(throws: StandInRefusal.cardUnverified) {
            try await checkout.takeOffline(payment)
        }
    }

    @Test func `a clock that was set back makes old knowledge no fresher, also after a restart`()
        async throws
    {
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await approveOnline()
        func check(_ store: TillStore) async throws {
            let now = till.clock.now
            let paying = PaymentCard(
                fingerprint: card, mask: "6160 **** **** 0002", programme: "GD", isTest: false)
            try await store.read {
                try StandIn.check(amount: Money(fen: 100), card: paying, at: now, in: $0)
            }
        }
        till.clock.advance(seconds: -200)
        try await check(till.store)
        till.clock.advance(seconds: 200 + 23 * 3_600)
        try await till.store.noteTime(till.clock.now)
        try await check(till.store)
        till.clock.advance(seconds: -22 * 3_600)
        try till.store.close()
        let reopened = try till.folder.openStore()
        await #expect(throws: StandInRefusal.contactTooOld(age: nil, redAfter: 86_400)) {
            try await check(reopened)
        }
        // Head office's own word sets it right.
        let nonce = try #require(RequestNonce(bytes: till.clock.world.bytes(16)))
        let beacon = Beacon(
            issued: till.clock.now, nonce: nonce, till: till.identity.till, key: till.officeKey)
        try await reopened.noteContact(
            beacon, offset: 0, wasOffline: true, id: till.clock.world.makeID(),
            at: till.clock.now, book: JournalBook(till.identity))
        try await check(reopened)
    }

    @Test func `a definite no bars the card from stand-in across restarts until an approval`()
        async throws
    {
        try await approveOnline()
        let refusing = till.makeCheckout { EnrolledTill.reply($0, refused: "insufficient_balance") }
        try await ringUp()
        let payment = try await refusing.begin(login: "li")
        try await refusing.attempt(
            payment, number: EnrolledTill.numbers.first, password: "123456")
        #expect(
            await refusing.flow(payment)?.state
                == .refused(attempt: 1, code: "insufficient_balance"))
        try await refusing.cancel(payment, by: "li")
        let silent = till.makeCheckout { _ in nil }
        try await silent.recover()
        _ = try await till.store.changeBasketLine(of: "li", line: 1, quantity: 1, price: nil)
        let next = try await silent.begin(login: "li")
        try await silent.attempt(next, number: EnrolledTill.numbers.first, password: "123456")
        await #expect(throws: StandInRefusal.cardRefusedOnline) {
            try await silent.takeOffline(next)
        }
    }

    @Test func `a retyped password is the next attempt of the same payment`() async throws {
        let attempts = Mutex<[Int]>([])
        let checkout = till.makeCheckout { request in
            attempts.withLock { $0.append(request.attempt) }
            return EnrolledTill.reply(
                request, refused: request.attempt == 1 ? "wrong_password" : nil)
        }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "111111")
        #expect(await checkout.triesLeft(payment) == 4)
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        #expect(attempts.withLock { $0 } == [1, 2])
        #expect(try await counts()["sale.completed"] == 1)
    }

    @Test func `a changed basket cancels the payment and begins another`() async throws {
        let checkout = till.makeCheckout { _ in nil }
        try await ringUp()
        let first = try await checkout.begin(login: "li")
        try await checkout.attempt(first, number: EnrolledTill.numbers.first, password: "123456")
        try await ringUp("YP0002", quantity: 1)
        let second = try await checkout.begin(login: "li")
        #expect(first != second)
        #expect(try await counts()["payment.cancelled"] == 1)
        await #expect(throws: PaymentRefusal.self) {
            try await checkout.attempt(
                first, number: EnrolledTill.numbers.first, password: "123456")
        }
    }

    @Test func `a payment left open is found after a restart and cancelled after ten minutes`()
        async throws
    {
        let before = till.makeCheckout { _ in nil }
        try await ringUp()
        let payment = try await before.begin(login: "li")
        try await before.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        let after = till.makeCheckout { EnrolledTill.reply($0) }
        try await after.recover()
        #expect(await after.flow(payment)?.choices == [.retype, .cancel])
        till.clock.advance(seconds: 599)
        try await after.cancelAbandoned()
        #expect(try await counts()["payment.cancelled"] == nil)
        till.clock.advance(seconds: 1)
        try await after.cancelAbandoned()
        #expect(try await counts()["payment.cancelled"] == 1)
        #expect(try await till.store.openPayments().isEmpty)
    }

    @Test func `no set-back of the clock stretches the ten minutes of an open payment`()
        async throws
    {
        let elapsed = Mutex<Int64>(0)
        var world = till.clock.world
        world.elapsed = { elapsed.withLock { $0 } }
        let checkout = Checkout(
            store: till.store, identity: till.identity, world: world,
            authoriser: Authoriser(ask: { _ in nil }), logger: Logger(label: "test"))
        try await ringUp()
        _ = try await checkout.begin(login: "li")
        try await checkout.cancelAbandoned()
        // Nine minutes pass, then somebody sets the clock back by eight.
        elapsed.withLock { $0 = 540_000 }
        till.clock.advance(seconds: 60)
        try await checkout.cancelAbandoned()
        #expect(try await till.store.openPayments().count == 1)
        elapsed.withLock { $0 = 600_000 }
        try await checkout.cancelAbandoned()
        #expect(try await till.store.openPayments().isEmpty)
    }

    @Test func `the highest time ever seen ends an open payment after a restart`() async throws {
        let before = till.makeCheckout { _ in nil }
        try await ringUp()
        _ = try await before.begin(login: "li")
        try await till.store.noteTime(till.clock.now.adding(milliseconds: 600_000))
        let after = till.makeCheckout { _ in nil }
        try await after.recover()
        till.clock.advance(seconds: -60)
        try await after.cancelAbandoned()
        #expect(try await till.store.openPayments().isEmpty)
    }

    @Test func `the day's limit of test cards holds at the final decision too`() async throws {
        let fingerprint = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.apply([
            ChangeItem(
                topic: .card, key: fingerprint.text, version: 50,
                body: .card(.init(isBlocked: false, isTest: true)))
        ])
        func pay(_ checkout: Checkout) async throws {
            _ = try await till.store.addToBasket(of: "li", code: "YP0003", quantity: 1)
            let payment = try await checkout.begin(login: "li")
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
        }
        let plain = till.makeCheckout { EnrolledTill.reply($0) }
        for _ in 0..<9 { try await pay(plain) }
        // While head office thinks, a sale of another window uses up what is left of the day.
        let (store, clock) = (till.store, till.clock)
        let slow = till.makeCheckout { request in
            try? await store.write { database in
                try database.execute(sql: "UPDATE sale SET total = 111 WHERE total = 99")
            }
            _ = clock
            return EnrolledTill.reply(request)
        }
        await #expect(throws: PaymentRefusal.testCardLimit) { try await pay(slow) }
        #expect(try await till.store.openPayments().isEmpty)
        #expect(try await counts()["sale.completed"] == 9)
        #expect(try await counts()["payment.cancelled"] == 1)
    }

    @Test func `a disk that fails after the sale's COMMIT still gives exactly one sale`()
        async throws
    {
        let store = till.store
        let checkout = till.makeCheckout { request in
            store.afterCommit.withLock { hook in
                hook = { throw DatabaseError(resultCode: .SQLITE_IOERR) }
            }
            return EnrolledTill.reply(request)
        }
        try await ringUp()
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: EnrolledTill.numbers.first, password: "123456")
        store.afterCommit.withLock { $0 = nil }
        guard case .committed = await checkout.flow(payment)?.state else {
            Issue.record("not committed")
            return
        }
        #expect(try await counts()["sale.completed"] == 1)
        #expect(try await verifies())
    }

    @Test func `a test card pays less than one yuan`() async throws {
        let card = try till.fingerprint(EnrolledTill.numbers.second)
        try await till.apply([
            ChangeItem(
                topic: .card, key: card.text, version: 9,
                body: .card(.init(isBlocked: false, isTest: true)))
        ])
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        try await ringUp(quantity: 1)
        let dear = try await checkout.begin(login: "li")
        await #expect(throws: PaymentRefusal.testCardLimit) {
            try await checkout.attempt(
                dear, number: EnrolledTill.numbers.second, password: "123456")
        }
        _ = try await till.store.clearBasket(of: "li")
        try await ringUp("YP0003", quantity: 1)
        let cheap = try await checkout.begin(login: "li")
        try await checkout.attempt(cheap, number: EnrolledTill.numbers.second, password: "123456")
        #expect(try await counts()["sale.completed"] == 1)
    }

    @Test func `a till that head office stopped begins nothing`() async throws {
        try await till.store.stopSelling(.fork)
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        try await ringUp()
        await #expect(throws: PaymentRefusal.tillForked) { try await checkout.begin(login: "li") }
    }
}
