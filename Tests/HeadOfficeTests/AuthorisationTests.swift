import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct AuthorisationTests {
    @Test func `of twenty authorisations at once on a card with the money for one, one holds`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            let three = try await shop.card(2, balance: 1_000)
            #expect(try await approvals(till, card, fen: 1_000, count: 20) == 1)
            #expect(try await shop.balance(card) == (1_000, 1_000))
            #expect(try await approvals(till, three, fen: 300, count: 10) == 3)
            #expect(try await shop.balance(three) == (1_000, 900))
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    /// How many of so many authorisations at the same moment are approved.
    private func approvals(
        _ till: TestTill, _ card: TestShop.Card, fen: Int64, count: Int
    ) async throws -> Int {
        try await answers(till, card, fen: fen, count: count, password: card.password)
            .filter { $0 == "approved" }.count
    }

    /// What so many authorisations at the same moment are answered.
    private func answers(
        _ till: TestTill, _ card: TestShop.Card, fen: Int64, count: Int, password: CardPassword
    ) async throws -> [String] {
        let store = till.shop.office.store
        let (known, now) = (till.known, till.time.now)
        return try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<count {
                group.addTask {
                    let payment = store.clock.makeID()
                    let sealed = SealedCredential.seal(
                        .init(number: card.number, password: password), payment: payment,
                        amount: Money(fen: fen), to: store.secrets.openingKey.sealingKey)
                    let reply = try await Authorisations(store).authorise(
                        AuthorisationRequest(
                            amount: Money(fen: fen), attempt: 1, at: now,
                            credential: sealed?.bytes ?? [], fingerprint: card.fingerprint,
                            offset: 0, payment: payment,
                            tillHead: JournalHead(sequence: 0, hash: RecordHash(of: [])),
                            unsentForCard: .zero, version: 1), from: known)
                    return reply.code ?? reply.result.rawValue
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func `of twenty wrong passwords at once five are judged and none after`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            let answers = try await answers(
                till, card, fen: 100, count: 20, password: try CardPassword("000001"))
            #expect(answers.filter { $0 == "wrong_password" }.count == 5)
            #expect(answers.filter { $0 == "password_locked" }.count == 15)
            #expect(try await shop.number("SELECT wrong_count FROM card") == 5)
            #expect(try await till.authorise(card, 100).code == "password_locked")
        }
    }

    @Test func `repeating an attempt repeats its answer and counts no second wrong try`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            let payment = office.store.clock.makeID()
            let first = try await till.authorise(card, 500, payment: payment, password: "999999")
            #expect(first.code == "wrong_password" && first.triesLeft == 4)
            let again = try await till.authorise(card, 500, payment: payment, password: "999999")
            #expect(again == first)
            #expect(try await shop.number("SELECT wrong_count FROM card") == 1)
            let second = try await till.authorise(card, 500, payment: payment, attempt: 2)
            #expect(second.result == .approved && second.remaining == Money(fen: 500))
            #expect(second.holder == "张*" && second.mask == card.number.masked)
            let third = try await till.authorise(
                card, 500, payment: payment, attempt: 3, password: "111111")
            #expect(third.result == .approved, "a held payment's password is not judged again")
            let other = try await till.authorise(card, 501, payment: payment, attempt: 4)
            #expect(other.code == "payment_differs")
            #expect(try await shop.balance(card) == (1_000, 500))
        }
    }

    @Test func `the fifth wrong try locks before it is answered, and the next day opens`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            var left: [Int?] = []
            for _ in 0..<5 {
                left.append(try await till.authorise(card, 100, password: "000001").triesLeft)
            }
            #expect(left == [4, 3, 2, 1, 0])
            #expect(try await till.authorise(card, 100).code == "password_locked")
            let today = BusinessDate(office.time.now)
            office.time.set(today.end.adding(milliseconds: -1))
            #expect(try await till.authorise(card, 100).code == "password_locked")
            office.time.set(today.end)
            #expect(try await till.authorise(card, 100).result == .approved)
        }
    }

    @Test func `what a till has not sent yet counts as held`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            #expect(
                try await till.authorise(card, 600, unsent: 500).code == "insufficient_balance")
            let reply = try await till.authorise(card, 600, unsent: 300)
            #expect(reply.result == .approved && reply.remaining == Money(fen: 100))
        }
    }

    @Test func `each refusal of a card has its code and holds nothing`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let frozen = try await shop.card(1, balance: 1_000, state: "frozen")
            let lost = try await shop.card(2, balance: 1_000, state: "lost")
            let closed = try await shop.card(3, balance: 0, state: "closed")
            let testing = try await shop.card(4, balance: 1_000, isTest: true)
            #expect(try await till.authorise(frozen, 100).code == "card_frozen")
            #expect(try await till.authorise(lost, 100).code == "card_lost")
            #expect(try await till.authorise(closed, 100).code == "card_closed")
            #expect(try await till.authorise(testing, 100).code == "test_card_limit")
            #expect(try await till.authorise(testing, 99).result == .approved)
            #expect(try await shop.number("SELECT sum(held) FROM account") == 99)
        }
    }

    @Test func `another till cannot use a payment's id`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let (one, two) = (try await TestTill.enrol(shop), try await TestTill.enrol(shop))
            let card = try await shop.card(1, balance: 1_000)
            let payment = office.store.clock.makeID()
            _ = try await one.authorise(card, 500, payment: payment)
            for attempt in 1...2 {
                let reply = try await two.authorise(
                    card, 500, payment: payment, attempt: attempt)
                #expect(reply.code == "payment_differs" && reply.state == .none)
                #expect(reply.holder == nil && reply.mask == nil && reply.remaining == nil)
            }
            two.append(.paymentCancelled(.init(payment: payment, reason: .cashier, by: "x")))
            try two.sell(card, 500, id: payment, authorised: true)
            #expect(
                try await two.verdicts() == ["exception hold_differs", "exception hold_differs"])
            #expect(try await shop.balance(card) == (1_000, 500))
        }
    }
}
