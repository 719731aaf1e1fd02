import Domain
import Journal
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

struct PhonePaymentTests: PhoneScenes {
    @Test
    func `a phone's confirmation holds, the sale's record pays, and the till learns the card`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let id = shop.office.store.clock.makeID()
            let demand = try await payments.demand(token(till, 1_850, payment: id))
            let answer = try await payments.confirm(demand, try entry(card, form: id))
            guard case .held(let receipt) = answer else { throw TestShop.TestFault.noRow }
            #expect(try await shop.balance(card) == (10_000, 1_850))
            let shown = try await payments.receipt(receipt)
            let key = payments.keys.key(1, of: till.known.code, epoch: 1)
            #expect(
                shown.code
                    == key.code(till: till.known.code, payment: id, amount: Money(fen: 1_850)))
            #expect(shown.state == .held && shown.remaining == Money(fen: 8_150))
            sell(till, 1_850, payment: id)
            guard case .taken(let reply) = try await till.push() else {
                throw TestShop.TestFault.noRow
            }
            #expect(reply.verdicts.map(\.state) == [.posted])
            #expect(reply.verdicts.first?.card?.fingerprint == card.fingerprint)
            #expect(reply.verdicts.first?.card?.mask == card.number.masked)
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await payments.receipt(receipt).state == .captured)
            // Sent again, the verdict still names the card.
            guard case .taken(let again) = try await till.push() else {
                throw TestShop.TestFault.noRow
            }
            #expect(again.verdicts == reply.verdicts)
        }
    }

    @Test func `of ten phones at once one pays, nine are told, and no money is held twice`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let other = try await shop.card(2, balance: 10_000)
            let id = shop.office.store.clock.makeID()
            let demand = try await payments.demand(token(till, 1_850, payment: id))
            let entries = try (0..<10).map { number in
                try entry(
                    number.isMultiple(of: 2) ? card : other,
                    form: shop.office.store.clock.makeID())
            }
            let answers = try await withThrowingTaskGroup(of: PhonePayments.Answer.self) { group in
                for entry in entries {
                    group.addTask { try await payments.confirm(demand, entry) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let refused = answers.filter {
                $0 == .refused(code: "phone_already_paid", triesLeft: nil)
            }
            #expect(refused.count == 9 && answers.count == 10)
            let held = try await [shop.balance(card).held, shop.balance(other).held]
            #expect(held.sorted() == [0, 1_850])
        }
    }

    @Test func `the same form twice is one attempt: one receipt, or one wrong try`() async throws {
        try await withPhone { shop, till, card, payments in
            let store = shop.office.store
            let (id, wrong, right) = (
                store.clock.makeID(), store.clock.makeID(), store.clock.makeID()
            )
            let demand = try await payments.demand(token(till, 1_850, payment: id))
            for _ in 1...3 {
                #expect(
                    try await payments.confirm(
                        demand, try entry(card, password: "000001", form: wrong))
                        == .refused(code: "wrong_password", triesLeft: 4))
            }
            #expect(try await shop.number("SELECT wrong_count FROM card") == 1)
            let first = try await payments.confirm(demand, try entry(card, form: right))
            #expect(try await payments.confirm(demand, try entry(card, form: right)) == first)
            #expect(try await shop.balance(card) == (10_000, 1_850))
        }
    }

    @Test func `every no of an authorisation is a phone's no, and another card may pay then`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let store = shop.office.store
            let frozen = try await shop.card(2, balance: 10_000, state: "frozen")
            let poor = try await shop.card(3, balance: 100)
            let id = store.clock.makeID()
            let demand = try await payments.demand(token(till, 1_850, payment: id))
            func code(_ card: TestShop.Card, password: String? = nil) async throws -> String? {
                let answer = try await payments.confirm(
                    demand, try entry(card, password: password, form: store.clock.makeID()))
                if case .refused(let code, _) = answer { return code }
                return nil
            }
            #expect(try await code(frozen) == "card_frozen")
            #expect(try await code(poor) == "insufficient_balance")
            for _ in 1...5 {
                #expect(try await code(poor, password: "000001") == "wrong_password")
            }
            #expect(try await code(poor) == "password_locked")
            #expect(try await code(card) == nil)
            #expect(try await shop.balance(card) == (10_000, 1_850))
        }
    }

    @Test func `forged, edited, foreign, old and revoked requests are refused`() async throws {
        try await withPhone { shop, till, card, payments in
            let store = shop.office.store
            let id = store.clock.makeID()
            let other = try #require(
                SigningKey(rawRepresentation: store.clock.randomBytes(32)))
            await #expect(throws: PhoneRefusal.requestUnreadable) {
                try await payments.demand("AAAA")
            }
            await #expect(throws: PhoneRefusal.requestForged) {
                try await payments.demand(token(till, 100, payment: id, signedBy: other))
            }
            var bytes = try #require(Base64.url.bytes(token(till, 100, payment: id)))
            // The amount's last byte, behind version, till, epoch and payment.
            bytes[1 + 1 + till.known.code.utf8.count + 4 + 16 + 7] ^= 1
            await #expect(throws: PhoneRefusal.requestForged) {
                try await payments.demand(Base64.url.text(bytes))
            }
            await #expect(throws: PhoneRefusal.keySuperseded) {
                try await payments.demand(token(till, 100, payment: id, key: 9))
            }
            let old = try await payments.demand(
                token(till, 100, payment: id, made: till.time.now.adding(milliseconds: -600_001)))
            #expect(
                try await payments.confirm(old, try entry(card, form: id))
                    == .refused(code: "phone_request_expired", triesLeft: nil))
            // The same payment with another amount, signed by the till: the first amount stands.
            let raised = try await payments.demand(token(till, 200, payment: id))
            #expect(
                try await payments.confirm(raised, try entry(card, form: store.clock.makeID()))
                    == .refused(code: "payment_differs", triesLeft: nil))
            try await store.write { session in
                try session.execute("UPDATE till_key SET revoked_at = \(TestOffice.morning)")
            }
            await #expect(throws: PhoneRefusal.tillClosed) {
                try await payments.demand(token(till, 100, payment: id))
            }
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    @Test func `cancellation and confirmation in either order never take the money`() async throws {
        try await withPhone { shop, till, card, payments in
            let store = shop.office.store
            let (first, second) = (store.clock.makeID(), store.clock.makeID())
            let demand = try await payments.demand(token(till, 1_850, payment: first))
            _ = try await payments.confirm(demand, try entry(card, form: first))
            for id in [first, second] {
                till.append(
                    .paymentCancelled(.init(payment: id, reason: .cashier, by: "li")))
            }
            #expect(try await till.verdicts() == ["posted", "posted"])
            #expect(try await shop.balance(card) == (10_000, 0))
            let late = try await payments.demand(token(till, 1_850, payment: second))
            #expect(
                try await payments.confirm(late, try entry(card, form: second))
                    == .refused(code: "phone_payment_ended", triesLeft: nil))
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    @Test func `a code that head office never issued is the store's, an alarm, and a new key`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let id = shop.office.store.clock.makeID()
            sell(till, 1_850, payment: id)
            #expect(try await till.verdicts() == ["exception code_without_payment"])
            #expect(try await shop.balance(card) == (10_000, 0))
            #expect(
                try await shop.number(
                    "SELECT amount FROM exception WHERE bearer = 'store'") == 1_850)
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM audit WHERE action = 'alarm.code_without_payment'") == 1)
            #expect(try await payments.keys.current(for: till.known, holds: 1).number == 2)
            // A refused try of a phone is not a hold either.
            let tried = shop.office.store.clock.makeID()
            let demand = try await payments.demand(token(till, 500, payment: tried))
            _ = try await payments.confirm(
                demand, try entry(card, password: "000001", form: tried))
            sell(till, 500, payment: tried)
            #expect(try await till.verdicts(1..<2) == ["exception code_without_payment"])
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    @Test
    func `a phone's hold outlives 72 hours, is an exception after 7 days, and a record ends it`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let id = shop.office.store.clock.makeID()
            let demand = try await payments.demand(token(till, 1_850, payment: id))
            _ = try await payments.confirm(demand, try entry(card, form: id))
            let jobs = Jobs(shop.office.store)
            till.time.move(milliseconds: 80 * 3_600_000)
            await jobs.runOnce(now: till.time.now)
            #expect(try await shop.balance(card) == (10_000, 1_850))
            #expect(try await shop.number("SELECT count(*) FROM exception") == 0)
            till.time.move(milliseconds: 89 * 3_600_000)
            for _ in 1...2 { await jobs.runOnce(now: till.time.now) }
            let open = """
                SELECT count(*) FROM exception
                WHERE code = 'phone_hold_unresolved' AND state = 'open' AND amount = 1850
                """
            #expect(try await shop.number("\(unsafeSQL: open)") == 1)
            sell(till, 1_850, payment: id)
            #expect(try await till.verdicts() == ["posted"])
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await shop.number("\(unsafeSQL: open)") == 0)
        }
    }

    @Test
    func `a phone forgets a card whose password is changed`() async throws {
        try await withPhone { shop, _, card, _ in
            let phones = PhoneCards(store: shop.office.store)
            let token = SessionToken.random()
            _ = try await phones.remember(card.fingerprint, password: card.password, token: token)
            #expect(try await phones.remembered(token)?.cardID == card.id)
            let issuer = try await shop.staff("issuer", [.issuer])
            try await Cards(store: shop.office.store).changePassword(
                of: card.id, from: "123456", to: "654321", by: issuer, at: shop.now)
            #expect(try await phones.remembered(token) == nil)
        }
    }

    @Test
    func `a key is renewed within a day, and the old one is good until the new is acknowledged`()
        async throws
    {
        try await withPhone { shop, till, _, payments in
            let id = shop.office.store.clock.makeID()
            #expect(try await payments.keys.current(for: till.known, holds: 1).number == 1)
            till.time.move(milliseconds: 21 * 3_600_000)
            let next = try await payments.keys.current(for: till.known, holds: 1)
            #expect(next.number == 2)
            #expect(next != payments.keys.key(1, of: till.known.code, epoch: 1))
            till.time.move(milliseconds: 3_600_000)
            _ = try await payments.demand(token(till, 100, payment: id))
            _ = try await payments.keys.current(for: till.known, holds: 2)
            _ = try await payments.demand(token(till, 100, payment: id))
            till.time.move(milliseconds: ConfirmationKeys.graceMilliseconds)
            await #expect(throws: PhoneRefusal.keySuperseded) {
                try await payments.demand(token(till, 100, payment: id))
            }
            _ = try await payments.demand(token(till, 100, payment: id, key: 2))
        }
    }

    @Test func `a remembered card shows its money, counts wrong passwords and is forgotten`()
        async throws
    {
        try await withPhone { shop, _, card, _ in
            let cards = PhoneCards(store: shop.office.store)
            let token = SessionToken.random()
            #expect(
                try await cards.remember(
                    card.fingerprint, password: try CardPassword("000001"), token: token)
                    == .refused(code: "wrong_password", triesLeft: 4))
            #expect(try await cards.remembered(token) == nil)
            _ = try await cards.remember(card.fingerprint, password: card.password, token: token)
            let known = try #require(try await cards.remembered(token))
            #expect(known.fingerprint == card.fingerprint && known.balance == Money(fen: 10_000))
            #expect(try await cards.history(card.id).map(\.amount) == [Money(fen: 10_000)])
            try await cards.forget(token)
            #expect(try await cards.remembered(token) == nil)
        }
    }
}
