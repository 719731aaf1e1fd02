import Domain
import Foundation
import GRDB
import Journal
import Logging
import Synchronization
import Testing

@testable import Till

struct PhoneCheckoutTests {
    private let till: EnrolledTill
    private let checkout: Checkout

    init() async throws {
        till = try await EnrolledTill()
        checkout = till.makeCheckout { EnrolledTill.reply($0) }
    }

    private static func key(_ number: Int) -> ConfirmationKey {
        .derived(master: Array(1...32), till: "GD0001-01", epoch: 1, number: number)
    }

    private func giveKey(_ number: Int = 1) async throws {
        try await till.store.storeConfirmationKey(
            .init(address: "https://pay.test", beacon: "", key: Self.key(number)),
            at: till.clock.now)
    }

    private func phone(_ line: PhoneLine = .down, seconds: Int = 300) -> PhoneCheckout {
        PhoneCheckout(
            store: till.store, identity: till.identity, world: till.clock.world, line: line,
            lifetime: seconds, logger: Logger(label: "test"))
    }

    /// A payment of ¥37.00 whose QR is shown.
    private func shown(_ phone: PhoneCheckout) async throws -> RecordID {
        try await giveKey()
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 2)
        let payment = try await checkout.begin(login: "li")
        try await phone.show(payment)
        return payment
    }

    @Test(arguments: [30, 300, 3_600])
    func `a QR may be paid as long as the setting says`(seconds: Int) async throws {
        let payment = try await shown(phone(seconds: seconds))
        let expires = try await row(payment).expires
        #expect(expires.milliseconds(since: till.clock.now) == Int64(seconds) * 1_000)
    }

    @Test(arguments: ["29", "3601", "0", "-1"])
    func `a lifetime that a QR cannot state does not start a till`(seconds: String) {
        #expect(throws: TillStartError.self) {
            try TillConfiguration(
                environment: ["HUIYIKA_TILL_PHONE_SECONDS": seconds], file: nil)
        }
    }

    private func code(_ payment: RecordID, fen: Int64 = 3_700, key: Int = 1) -> String {
        Self.key(key).code(till: "GD0001-01", payment: payment, amount: Money(fen: fen)).grouped
    }

    private func row(_ payment: RecordID) async throws -> PhoneRow {
        try #require(try await till.store.read { try PhoneRow.find(payment, in: $0) })
    }

    private func sales() async throws -> [String] {
        try await till.store.read {
            try String.fetchAll($0, sql: "SELECT mode || ' ' || mask FROM sale ORDER BY seq")
        }
    }

    private func kinds() async throws -> [String] {
        try await till.store.read {
            try String.fetchAll(
                $0,
                sql: """
                    SELECT kind FROM journal_record WHERE kind <> 'beacon' ORDER BY seq
                    """)
        }
    }

    @Test func `the QR is a signed request; shown again it is the same, after its end a new one`()
        async throws
    {
        let phone = phone()
        let payment = try await shown(phone)
        let first = try await row(payment)
        let request = try #require(PhoneRequest(token: first.token))
        #expect(request.isSigned(by: till.identity.signingKey.verifyingKey))
        #expect(request.amount == Money(fen: 3_700) && request.payment == payment)
        #expect(request.items?.first?.name == "感冒颗粒")
        #expect(first.address == "https://pay.test/p/q/" + first.token)
        #expect(first.address.utf8.count < 700)
        try await phone.show(payment)
        #expect(try await row(payment) == first)
        try await giveKey(2)
        till.clock.advance(seconds: 301)
        try await phone.show(payment)
        let second = try await row(payment)
        #expect(second.token != first.token && second.expires > first.expires)
        // The customer may have paid by the first QR: its key stays the payment's.
        #expect(second.keyNumber == 1)
        try await phone.enter(payment, code: code(payment))
        #expect(try await sales() == ["phone "])
    }

    @Test func `the right code commits one sale without a line, and no second one`() async throws {
        let phone = phone()
        let payment = try await shown(phone)
        try await phone.enter(payment, code: code(payment))
        try await phone.enter(payment, code: code(payment))
        #expect(try await sales() == ["phone "])
        #expect(try await kinds() == ["sale.completed"])
        let record = try await till.store.read {
            try Data.fetchOne(
                $0, sql: "SELECT bytes FROM journal_record WHERE kind = 'sale.completed'")
        }
        let body = try Record(bytes: Array(try #require(record))).body
        guard case .saleCompleted(let sale) = body else {
            Issue.record("no sale")
            return
        }
        #expect(sale.card == nil && sale.payment.mode == .phone)
        #expect(sale.payment.confirmation == .init(by: .code, key: 1))
        #expect(try await till.store.basket(of: "li").lines.isEmpty)
        // The verdict brings the card.
        let card = SaleCompleted.Card(
            fingerprint: try till.fingerprint(EnrolledTill.numbers.first),
            mask: "6160 **** **** 0002", programme: "GD")
        try await till.store.applyVerdicts(
            [
                .init(
                    businessTime: till.clock.now, code: nil, id: payment, sequence: 1,
                    state: .posted, card: card)
            ], at: till.clock.now)
        #expect(try await sales() == ["phone 6160 **** **** 0002"])
    }

    @Test func `five wrong codes end the trying, also across a restart; nothing is sold`()
        async throws
    {
        let phone = phone()
        let payment = try await shown(phone)
        let others = [
            code(payment, fen: 3_701), code(payment, key: 2),
            code(.version7(at: till.clock.now, random: (1, 2))), "0000 0000", "9999 9999",
        ]
        for (index, wrong) in others.enumerated() {
            await #expect(throws: PaymentRefusal.codeWrong) {
                try await phone.enter(payment, code: wrong)
            }
            #expect(try await row(payment).triesLeft == 4 - index)
        }
        await #expect(throws: PaymentRefusal.codesUsedUp) {
            try await self.phone().enter(payment, code: code(payment))
        }
        await #expect(throws: PaymentRefusal.codeMalformed) {
            try await phone.enter(payment, code: "123")
        }
        let sold = try await sales()
        let recorded = try await kinds()
        #expect(sold == [] && recorded == [])
        try await checkout.cancel(payment, by: "li")
        #expect(try await kinds() == ["payment.cancelled"])
    }

    @Test
    func `head office's answer commits the sale with its card; a cancellation before it wins`()
        async throws
    {
        let card = SaleCompleted.Card(
            fingerprint: try till.fingerprint(EnrolledTill.numbers.first),
            mask: "6160 **** **** 0002", programme: "GD")
        func reply(_ payment: RecordID) -> PhonePaymentReply {
            .init(
                beacon: "", card: card, holder: "张*", isConfirmed: true, payment: payment,
                remaining: Money(fen: 100), state: .held, isTest: false)
        }
        let phone = phone()
        let payment = try await shown(phone)
        try await till.store.commitByAnswer(
            payment, reply: reply(payment), at: till.clock.now, identity: till.identity)
        try await till.store.commitByAnswer(
            payment, reply: reply(payment), at: till.clock.now, identity: till.identity)
        #expect(try await sales() == ["phone 6160 **** **** 0002"])
        await #expect(throws: PaymentRefusal.ended) { try await checkout.cancel(payment, by: "li") }
        let second = try await shown(phone)
        try await checkout.cancel(second, by: "li")
        await #expect(throws: PaymentRefusal.ended) {
            try await till.store.commitByAnswer(
                second, reply: reply(second), at: till.clock.now, identity: till.identity)
        }
        await #expect(throws: PaymentRefusal.ended) {
            try await phone.enter(second, code: code(second))
        }
        #expect(try await kinds() == ["sale.completed", "payment.cancelled"])
    }

    @Test func `of codes, answers and cancellations at once exactly one ends the payment`()
        async throws
    {
        let phone = phone()
        for _ in 0..<10 {
            let payment = try await shown(phone)
            let right = code(payment)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await phone.enter(payment, code: right) }
                group.addTask { try? await checkout.cancel(payment, by: "li") }
                group.addTask { try? await phone.enter(payment, code: right) }
            }
            let records = try await till.store.read { database in
                try Int.fetchOne(
                    database,
                    sql: """
                        SELECT (SELECT count(*) FROM sale WHERE id = ?1)
                            + (SELECT count(*) FROM payment
                               WHERE id = ?1 AND ended_at IS NOT NULL AND ending <> 'sale')
                        """,
                    arguments: [payment.description])
            }
            #expect(records == 1)
            _ = try await till.store.clearBasket(of: "li")
        }
        #expect(try await kinds().count == 10)
    }

    @Test func `a payment is for phones or for cards, never for both`() async throws {
        let phone = phone()
        let payment = try await shown(phone)
        await #expect(throws: PaymentRefusal.shownToPhone) {
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
        }
        try await checkout.cancel(payment, by: "li")
        let silent = till.makeCheckout(answerBudget: .zero) { _ in nil }
        let next = try await silent.begin(login: "li")
        try await silent.attempt(next, number: EnrolledTill.numbers.first, password: "123456")
        await #expect(throws: PaymentRefusal.cardTried) { try await phone.show(next) }
    }

    @Test
    func `the till moves on by itself when head office answers, after any number of silences`()
        async throws
    {
        let card = SaleCompleted.Card(
            fingerprint: try till.fingerprint(EnrolledTill.numbers.first),
            mask: "6160 **** **** 0002", programme: "GD")
        let asked = Mutex(0)
        let (answered, continuation) = AsyncStream.makeStream(of: Void.self)
        let phone = phone(
            PhoneLine(
                payment: { request in
                    guard let read = PhoneRequest(token: request.request) else { return nil }
                    let count = asked.withLock { count in
                        count += 1
                        return count
                    }
                    if count == 1 { return nil }
                    if count > 2 { continuation.yield() }
                    return PhonePaymentReply(
                        beacon: "", card: count > 2 ? card : nil, holder: nil,
                        isConfirmed: count > 2, payment: read.payment, remaining: nil,
                        state: count > 2 ? .held : .none, isTest: false)
                }, key: { _ in nil }))
        let payment = try await shown(phone)
        for await _ in answered { break }
        var done = try await sales()
        while done.isEmpty {
            await Task.yield()
            done = try await sales()
        }
        #expect(done == ["phone 6160 **** **** 0002"])
        #expect(
            try await till.store.read { try PaymentRow.find(payment, in: $0)?.ending } == "sale")
    }

    @Test func `a key is stored, then acknowledged; old ones go when no open payment needs them`()
        async throws
    {
        let holds = Mutex<[Int?]>([])
        let phone = phone(
            PhoneLine(
                payment: { _ in nil },
                key: { request in
                    holds.withLock { $0.append(request.holds) }
                    return .init(address: "https://pay.test", beacon: "", key: Self.key(3))
                }))
        _ = try await shown(phone)
        #expect(try await phone.refreshKey())
        #expect(holds.withLock { $0 } == [1, 3])
        func numbers() async throws -> [Int] {
            try await till.store.read {
                try Int.fetchAll($0, sql: "SELECT number FROM confirmation_key ORDER BY number")
            }
        }
        #expect(try await numbers() == [1, 3])
        let open = try await till.store.openPayments()
        for row in open { try await checkout.cancel(row.id, by: "li") }
        #expect(try await phone.refreshKey())
        #expect(try await numbers() == [3])
    }

    @Test func `a file with sales and refunds takes the new sale table whole`() throws {
        let folder = try TemporaryFolder()
        let all = try Migrations.bundled()
        let before = all.filter { $0.name < "m0200" }
        let writer = try DatabaseQueue(path: folder.url.appending(path: "old.sqlite").path)
        try Migrations.run(before, on: writer)
        try writer.write { database in
            try database.execute(
                sql: """
                    INSERT INTO payment (id, login, amount, begun_at) VALUES ('p', 'li', 100, 1);
                    INSERT INTO journal_record (seq, id, kind, at, bytes, hash)
                    VALUES (1, 'p', 'sale.completed', 1, x'00', zeroblob(32));
                    INSERT INTO sale (id, seq, receipt, at, business_time, cashier, total,
                        fingerprint, mask, programme, test, mode)
                    VALUES ('p', 1, 'R1', 1, 1, 'li', 100, 'f', 'm', 'GD', 0, 'authorised');
                    INSERT INTO refund_request (id, seq, sale, amount, reason, requested_by,
                        requested_at)
                    VALUES ('r', 1, 'p', 100, 'x', 'li', 2);
                    """)
        }
        try Migrations.run(all.filter { $0.name < "m0201" }, on: writer)
        try writer.read { database in
            let kept = try String.fetchAll(
                database,
                sql: """
                    SELECT sale.receipt || refund_request.id FROM refund_request
                    JOIN sale ON sale.id = refund_request.sale
                    """)
            #expect(kept == ["R1r"])
            let orphan = try Row.fetchOne(database, sql: "PRAGMA foreign_key_check")
            #expect(orphan == nil)
            let isEnforced = try Int.fetchOne(database, sql: "PRAGMA foreign_keys")
            #expect(isEnforced == 1)
        }
    }
}
