import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct ExceptionTests {
    private func withShop(
        balance: Int64 = 1_000,
        _ body: (TestShop, TestTill, TestShop.Card) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            try await body(shop, till, try await shop.card(1, balance: balance))
            let proof = try await LedgerProof.make(office.store)
            #expect(proof.isRight, "\(proof)")
            let left = try await shop.number(
                """
                SELECT (SELECT coalesce(sum(disputed), 0) FROM exception)
                    - (SELECT coalesce(sum(balance), 0) FROM account
                       WHERE kind = 'store_in_dispute')
                """)
            #expect(left == 0, "what is in dispute is what the exceptions say")
        }
    }

    @Test func `the store bears what it is charged with, and is paid only what the card paid`()
        async throws
    {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            #expect(try await shop.standing(sale) == "open insufficient_balance 500")
            try await shop.decide(sale, .chargeStore, by: finance)
            #expect(try await shop.standing(sale) == "settled store posted")
            #expect(try await shop.kind(.storePayable) == 1_000)
            #expect(try await shop.kind(.storeInDispute) == 0)
            #expect(try await shop.kind(.exceptionsReceivable) == 0)
            #expect(try await shop.told(sale) == "posted borne_by_store")
            let audited = try await shop.number(
                "SELECT count(*) FROM audit WHERE action = 'exception.charge_store'")
            #expect(audited == 1)
            await #expect(throws: ExceptionPosting.Refusal.alreadySettled) {
                try await shop.decide(sale, .chargeStore, by: finance)
            }
        }
    }

    @Test func `a write-off takes two people, and pays the store`() async throws {
        try await withShop { shop, till, card in
            let first = try await shop.staff("fang", [.finance])
            let second = try await shop.staff("bai", [.approver])
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            let (id, disputed) = try await shop.exception(sale)
            let (exceptions, now) = (shop.exceptions, shop.now)
            await #expect(throws: ExceptionsRefusal.writeOffNotAsked) {
                try await exceptions.decideWriteOff(
                    id, agrees: true, disputed: disputed, by: second, at: now)
            }
            await #expect(throws: ExceptionsRefusal.reasonEmpty) {
                try await shop.decide(sale, .writeOff, by: first, reason: " ")
            }
            try await shop.decide(sale, .writeOff, by: first)
            await #expect(throws: ExceptionsRefusal.samePerson) {
                try await exceptions.decideWriteOff(
                    id, agrees: true, disputed: disputed, by: first, at: now)
            }
            await #expect(throws: ExceptionsRefusal.writeOffAsked) {
                try await shop.decide(sale, .chargeStore, by: second)
            }
            #expect(try await shop.kind(.writeOffs) == 0, "nothing moves for one person")
            try await exceptions.decideWriteOff(
                id, agrees: false, disputed: disputed, by: second, at: now)
            try await shop.decide(sale, .writeOff, by: second)
            try await exceptions.decideWriteOff(
                id, agrees: true, disputed: disputed, by: first, at: now)
            #expect(try await shop.standing(sale) == "settled written_off posted")
            #expect(try await shop.kind(.writeOffs) == -500)
            #expect(try await shop.kind(.storePayable) == 1_500)
            #expect(try await shop.told(sale) == "posted")
        }
    }

    @Test func `only a short balance is collected, and a load pays it first`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let sale = try till.sell(card, 1_500)
            let wrong = try till.sell(card, 700, password: "000000")
            _ = try await till.verdicts()
            await #expect(throws: ExceptionPosting.Refusal.moveNotAllowed) {
                try await shop.decide(wrong, .collect, by: finance)
            }
            try await shop.load(card, 100)
            #expect(try await shop.balance(card) == (100, 0), "nothing is taken unasked")
            try await shop.decide(sale, .collect, by: finance)
            try await shop.load(card, 200)
            #expect(try await shop.balance(card) == (0, 0))
            #expect(try await shop.standing(sale) == "collecting insufficient_balance 200")
            try await shop.load(card, 900)
            #expect(try await shop.balance(card) == (700, 0))
            #expect(try await shop.standing(sale) == "settled card posted")
            #expect(try await shop.kind(.storePayable) == 1_500)
            #expect(
                try await shop.number(
                    "SELECT paid_by_card FROM sale WHERE code = 'insufficient_balance'") == 1_500)
            #expect(try await shop.told(sale) == "posted")
        }
    }

    @Test func `the next load of a replacement card pays what its earlier card owes`() async throws
    {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            let second = try await shop.card(2, balance: 0)
            let third = try await shop.card(3, balance: 0)
            try await shop.move(card, to: "closed")
            try await shop.office.store.write { session in
                try session.execute(
                    """
                    INSERT INTO card_chain VALUES (\(card.id), \(second.id), \(TestOffice.morning)),
                                                  (\(second.id), \(third.id), \(TestOffice.morning))
                    """)
            }
            try await shop.decide(sale, .collect, by: finance)
            try await shop.load(third, 200)
            #expect(try await shop.balance(third) == (0, 0))
            #expect(try await shop.standing(sale) == "collecting insufficient_balance 300")
            try await shop.load(third, 400)
            #expect(try await shop.balance(third) == (100, 0))
            #expect(try await shop.standing(sale) == "settled card posted")
            #expect(try await shop.kind(.storePayable) == 1_500)
            #expect(
                try await shop.number(
                    "SELECT sum(amount) FROM transfer WHERE kind = 'collection' AND card_id = \(third.id)"
                ) == 500, "it stands in the history of the card that paid")
        }
    }

    @Test func `loads by file pay first what each card, or one before it, owes`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let issuer = try await shop.staff("ren", [.issuer])
            let supervisor = try await shop.staff("xu", [.issuingSupervisor])
            let second = try await shop.card(2, balance: 100)
            let third = try await shop.card(3, balance: 0)
            let sales = [
                try till.sell(card, 1_500), try till.sell(second, 400), try till.sell(second, 600),
            ]
            _ = try await till.verdicts()
            try await shop.move(card, to: "closed")
            try await shop.office.store.write { session in
                try session.execute(
                    "INSERT INTO card_chain VALUES (\(card.id), \(third.id), \(TestOffice.morning))"
                )
            }
            for sale in sales { try await shop.decide(sale, .collect, by: finance) }
            let files = LoadFiles(store: shop.office.store)
            let id = shop.office.store.clock.makeID()
            let rows = "\(third.number.text),7.00,补贴\n\(second.number.text),4.00,补贴\n"
            try await files.ask(
                id, name: "a.csv", bytes: Array(("卡号,金额,事由\n" + rows).utf8), by: issuer,
                at: shop.now)
            try await files.approve(id, by: supervisor, at: shop.now)
            #expect(try await shop.balance(third) == (200, 0))
            #expect(try await shop.balance(second) == (0, 0))
            #expect(try await shop.standing(sales[0]) == "settled card posted")
            #expect(try await shop.standing(sales[1]) == "settled card posted")
            #expect(try await shop.standing(sales[2]) == "collecting insufficient_balance 500")
            #expect(try await shop.kind(.storePayable) == 1_500 + 400 + 100)
        }
    }

    @Test func `what a hold keeps is not collected`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            try await shop.load(card, 400)
            #expect(try await till.authorise(card, 400).result == .approved)
            try await shop.decide(sale, .collect, by: finance)
            try await shop.load(card, 50)
            #expect(try await shop.balance(card) == (400, 400))
            #expect(try await shop.standing(sale) == "collecting insufficient_balance 450")
        }
    }

    @Test func `a corrected cause posts again, and the card pays what it can`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            try await shop.move(card, to: "frozen")
            shop.office.time.move(milliseconds: 1_000)
            let sale = try till.sell(card, 1_200)
            let guessed = try till.sell(card, 100, password: "000000")
            #expect(
                try await till.verdicts() == ["exception card_frozen", "exception card_frozen"])
            await #expect(throws: ExceptionPosting.Refusal.cardStillBlocked) {
                try await shop.decide(sale, .repost, by: finance)
            }
            try await shop.move(card, to: "active")
            await #expect(throws: ExceptionPosting.Refusal.passwordNotRight) {
                try await shop.decide(guessed, .repost, by: finance)
            }
            try await shop.decide(sale, .repost, by: finance)
            #expect(try await shop.balance(card) == (0, 0))
            #expect(try await shop.standing(sale) == "open insufficient_balance 200")
            #expect(try await shop.told(sale) == "exception insufficient_balance")
            await #expect(throws: ExceptionPosting.Refusal.cardHasNoMoney) {
                try await shop.decide(sale, .repost, by: finance)
            }
            try await shop.decide(sale, .collect, by: finance)
            try await shop.load(card, 300)
            #expect(try await shop.standing(sale) == "settled card posted")
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 0)
        }
    }

    @Test func `a programme accepted since posts again`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let programme = shop.programmeID
            try await shop.office.store.write {
                try $0.execute("DELETE FROM programme_acceptance")
            }
            let sale = try till.sell(card, 600)
            #expect(try await till.verdicts() == ["exception programme_not_accepted"])
            await #expect(throws: ExceptionPosting.Refusal.programmeStillNotAccepted) {
                try await shop.decide(sale, .repost, by: finance)
            }
            try await shop.office.store.write {
                try $0.execute("INSERT INTO programme_acceptance VALUES (\(programme), '44')")
            }
            try await shop.decide(sale, .repost, by: finance)
            #expect(try await shop.standing(sale) == "settled card posted")
            #expect(try await shop.balance(card) == (400, 0))
        }
    }

    @Test func `what nobody decides for 30 days goes to its default bearer`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let bearers = ExceptionBearers(store: shop.office.store)
            try await bearers.set(
                ["wrong_password": .programme], of: "GD", by: finance, at: shop.now)
            let short = try till.sell(card, 1_500)
            let wrong = try till.sell(card, 700, password: "000000")
            let asked = try till.sell(card, 300, password: "000000")
            _ = try await till.verdicts()
            try await shop.decide(short, .collect, by: finance)
            await #expect(throws: ExceptionPosting.Refusal.bearerIsProgramme) {
                try await shop.decide(wrong, .chargeStore, by: finance)
            }
            try await shop.decide(asked, .chargeProgramme, by: finance)
            let jobs = Jobs(shop.office.store)
            let due = shop.now.adding(milliseconds: 30 * 86_400_000)
            #expect(
                try await jobs.decideOverdueExceptions(now: due.adding(milliseconds: -1)) == 0)
            #expect(try await jobs.decideOverdueExceptions(now: due) == 2)
            #expect(try await jobs.decideOverdueExceptions(now: due) == 0)
            #expect(try await shop.standing(short) == "settled store posted")
            #expect(try await shop.standing(wrong) == "settled programme posted")
            #expect(try await shop.kind(.storePayable) == 2_000)
            let audited = try await shop.number(
                """
                SELECT count(*) FROM audit
                WHERE action IN ('exception.charge_store', 'exception.charge_programme')
                  AND actor = 'system'
                """)
            #expect(audited == 2)
        }
    }

    @Test func `an exception without money is only closed`() async throws {
        try await withShop { shop, till, _ in
            let finance = try await shop.staff("fang", [.finance])
            till.append(
                .paymentCancelled(
                    .init(payment: shop.office.store.clock.makeID(), reason: .cashier, by: "li")))
            till.append(bytes: Array(#"{"not":"a record"}"#.utf8))
            _ = try await till.verdicts()
            let id = try await shop.number("SELECT exception_id FROM exception")
            let (exceptions, now) = (shop.exceptions, shop.now)
            for move in ExceptionPosting.Move.allCases where move != .close {
                await #expect(throws: ExceptionPosting.Refusal.moveNotAllowed) {
                    try await exceptions.decide(
                        id, move, reason: "已核实", disputed: .zero, by: finance, at: now)
                }
            }
            try await exceptions.decide(
                id, .close, reason: "已核实", disputed: .zero, by: finance, at: now)
            #expect(
                try await shop.number("SELECT count(*) FROM exception WHERE outcome = 'closed'")
                    == 1)
            #expect(try await shop.number("SELECT count(*) FROM transfer") == 1, "the load")
        }
    }

    @Test func `of two decisions at once one is made`() async throws {
        try await withShop { shop, till, card in
            let finance = try await shop.staff("fang", [.finance])
            let approver = try await shop.staff("bai", [.approver])
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            let (id, disputed) = try await shop.exception(sale)
            let (exceptions, now, jobs) = (shop.exceptions, shop.now, Jobs(shop.office.store))
            let due = now.adding(milliseconds: 30 * 86_400_000)
            let outcomes = await withTaskGroup(of: String.self) { group in
                for actor in [finance, approver, finance, approver] {
                    group.addTask {
                        do {
                            try await exceptions.decide(
                                id, .chargeStore, reason: "已核实", disputed: disputed, by: actor,
                                at: now)
                            return "decided"
                        } catch let refusal as ExceptionPosting.Refusal {
                            return refusal.code
                        } catch { return "\(error)" }
                    }
                }
                group.addTask {
                    let count = try? await jobs.decideOverdueExceptions(now: due)
                    return count == 1 ? "decided" : "exception_settled"
                }
                return await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == "decided" }.count == 1)
            #expect(outcomes.filter { $0 == "exception_settled" }.count == 4)
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM transfer WHERE kind = 'exception_decided'") == 1)
        }
    }

    @Test func `only finance and approvers decide, auditors read`() async throws {
        try await withShop { shop, till, card in
            let sale = try till.sell(card, 1_500)
            _ = try await till.verdicts()
            let (id, disputed) = try await shop.exception(sale)
            let (exceptions, now) = (shop.exceptions, shop.now)
            for role in StaffRole.allCases where role != .finance && role != .approver {
                let actor = try await shop.staff(
                    role.rawValue.replacing("_", with: "-"), [role])
                await #expect(throws: RoleRefusal.roleMissing) {
                    try await exceptions.decide(
                        id, .chargeStore, reason: "已核实", disputed: disputed, by: actor, at: now)
                }
                await #expect(throws: RoleRefusal.roleMissing) {
                    try await exceptions.decideWriteOff(
                        id, agrees: true, disputed: disputed, by: actor, at: now)
                }
                let reads = (try? await exceptions.show(id, by: actor)) != nil
                #expect(reads == (role == .auditor), "\(role)")
            }
            let shown = try await exceptions.show(id, by: shop.staff("fang", [.finance]))
            #expect(shown.sale?.order.total == Money(fen: 1_500))
            let list = try await exceptions.list(
                .init(), by: shop.staff("bai", [.approver]), at: now)
            #expect(list.rows.map(\.exceptionID) == [id])
            #expect(list.totals.disputed == Money(fen: 500))
        }
    }

    @Test func `late passwords wait for the lock, and are judged against the password of then`()
        async throws
    {
        try await withShop(balance: 10_000) { shop, till, card in
            for _ in 0..<5 { try till.sell(card, 100, password: "000000") }
            let right = try till.sell(card, 100)
            let wrong = try till.sell(card, 200, password: "111111")
            let verdicts = try await till.verdicts()
            #expect(verdicts.suffix(2).allSatisfy { $0 == "exception password_not_checked" })
            let jobs = Jobs(shop.office.store)
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 0, "still locked")
            try await change(card, to: "222222", in: shop)
            shop.office.time.move(milliseconds: 86_400_000)
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 2)
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 0)
            #expect(try await shop.standing(right) == "settled card posted")
            #expect(try await shop.told(right) == "posted")
            #expect(try await shop.standing(wrong) == "open wrong_password 200")
            #expect(try await shop.told(wrong) == "exception wrong_password")
            #expect(try await shop.balance(card) == (9_900, 0))
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 0)
            #expect(try await shop.number("SELECT wrong_count FROM card") == 1)
            let late = try till.sell(card, 300, at: TestOffice.morning)
            #expect(try await till.verdicts(7..<8) == ["posted"])
            #expect(try await shop.standing(late) == "none")
        }
    }

    /// The way a card's password changes: the one before is kept until then.
    private func change(
        _ card: TestShop.Card, to password: String, in shop: TestShop
    ) async throws {
        let (store, now) = (shop.office.store, shop.now.adding(milliseconds: 1))
        try await store.write { session in
            try session.execute(
                """
                INSERT INTO card_verifier (card_id, valid_from, valid_until, salt, verifier)
                SELECT card_id, issued_at, \(now), password_salt, password_verifier FROM card
                WHERE card_id = \(card.id)
                """)
            let salt = [UInt8](repeating: 9, count: 16)
            try session.execute(
                """
                UPDATE card SET password_salt = \(salt), password_verifier =
                    \(store.cards.passwordVerifier(salt: salt, password: password))
                WHERE card_id = \(card.id)
                """)
        }
    }

    @Test func `a password that cannot be judged for seven days is not checked`() async throws {
        try await withShop(balance: 10_000) { shop, till, card in
            for _ in 0..<5 { try till.sell(card, 100, password: "000000") }
            let sale = try till.sell(card, 100)
            _ = try await till.verdicts()
            try await shop.office.store.write {
                try $0.execute("UPDATE card SET wrong_streak = 15")
            }
            let jobs = Jobs(shop.office.store)
            shop.office.time.move(milliseconds: 7 * 86_400_000)
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 0, "only a reset opens it")
            try await jobs.sweep(now: shop.now)
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 1)
            shop.office.time.move(milliseconds: 1)
            try await jobs.sweep(now: shop.now)
            #expect(try await shop.number("SELECT count(*) FROM pending_credential") == 0)
            #expect(try await shop.standing(sale) == "open password_not_checked 100")
            let finance = try await shop.staff("fang", [.finance])
            await #expect(throws: ExceptionPosting.Refusal.passwordNotRight) {
                try await shop.decide(sale, .repost, by: finance)
            }
        }
    }

    @Test func `fifteen wrong in a row lock over all days, late or not`() async throws {
        try await withShop(balance: 10_000) { shop, till, card in
            for day in 0..<3 {
                for _ in 0..<5 { try till.sell(card, 100, password: "000000") }
                let first = day * 5
                let verdicts = try await till.verdicts(first..<(first + 5))
                #expect(verdicts.allSatisfy { $0 == "exception wrong_password" })
                shop.office.time.move(milliseconds: 86_400_000)
            }
            let sale = try till.sell(card, 100)
            #expect(try await till.verdicts(15..<16) == ["exception password_not_checked"])
            let jobs = Jobs(shop.office.store)
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 0)
            try await shop.office.store.write {
                try $0.execute("UPDATE card SET wrong_streak = 0")
            }
            #expect(try await jobs.judgeLatePasswords(now: shop.now) == 1)
            #expect(try await shop.standing(sale) == "settled card posted")
        }
    }
}
