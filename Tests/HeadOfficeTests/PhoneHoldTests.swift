import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// Two people end a hold that its till never ended (R-P11).
struct PhoneHoldTests: PhoneScenes {
    @Test
    func
        `two people pay the store against its slip, and the record that comes later doubles nothing`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let (id, exception) = try await overdueHold(till, card, payments)
            let (ends, now) = (PhoneHoldEnds(store: shop.office.store), shop.now)
            let first = try await shop.staff("fang", [.finance])
            let second = try await shop.staff("bai", [.approver])
            let slip = "GD0001-01-20261125-0001"
            await #expect(throws: ExceptionsRefusal.slipUnreadable) {
                try await ends.ask(
                    exception, .payStore, slip: "12345", reason: "小票", by: first, at: now)
            }
            await #expect(throws: ExceptionsRefusal.slipDiffers) {
                try await ends.ask(
                    exception, .payStore, slip: "GD0001-02-20261125-0001", reason: "小票", by: first,
                    at: now)
            }
            try await ends.ask(
                exception, .payStore, slip: slip, reason: "门店出示小票", by: first, at: now)
            #expect(try await shop.balance(card) == (10_000, 1_850), "one person moves nothing")
            await #expect(throws: ExceptionsRefusal.samePerson) {
                try await ends.decide(exception, agrees: true, by: first, at: now)
            }
            try await ends.decide(exception, agrees: true, by: second, at: now)
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await shop.kind(.storePayable) == 1_850)
            await #expect(throws: ExceptionsRefusal.holdEnded) {
                try await ends.decide(exception, agrees: true, by: second, at: now)
            }
            #expect(
                try await shop.number(
                    """
                    SELECT count(*) FROM sale WHERE sale_id = \(id) AND receipt = \(slip)
                      AND business_date = '2026-11-25' AND state = 'posted'
                    """) == 1)
            sell(till, 1_850, payment: id)
            guard case .taken(let reply) = try await till.push() else {
                throw TestShop.TestFault.noRow
            }
            #expect(reply.verdicts.map(\.state) == [.posted])
            #expect(reply.verdicts.first?.card?.fingerprint == card.fingerprint)
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await shop.kind(.storePayable) == 1_850)
            #expect(
                try await shop.number("SELECT count(*) FROM sale WHERE cashier = 'li'") == 1,
                "the record completes the sale")
        }
    }

    @Test
    func `another sale under the id of one booked from its slip is an exception and moves nothing`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let (id, exception) = try await overdueHold(till, card, payments)
            let (ends, now) = (PhoneHoldEnds(store: shop.office.store), shop.now)
            let code = SlipCode(
                till: till.known.code, epoch: 1, sequence: 1, sale: id,
                receipt: "GD0001-01-20261125-0007", time: now, total: Money(fen: 1_850),
                card: card.fingerprint, hash: RecordHash(of: [])
            ).text(signedBy: till.key)
            try await ends.ask(
                exception, .payStore, slip: code, reason: "小票",
                by: try await shop.staff("a1", [.finance]),
                at: now)
            #expect(
                try await shop.number("SELECT count(*) FROM phone_hold_request WHERE is_proved")
                    == 1)
            try await ends.decide(
                exception, agrees: true, by: try await shop.staff("b1", [.finance]), at: now)
            sell(till, 1_900, payment: id)
            #expect(try await till.verdicts() == ["exception hold_differs"])
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await shop.number("SELECT total FROM sale") == 1_850)
        }
    }

    @Test
    func `two people release a hold to its card, and a sale that comes later moves nothing`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let (id, exception) = try await overdueHold(till, card, payments)
            let (ends, now) = (PhoneHoldEnds(store: shop.office.store), shop.now)
            let first = try await shop.staff("fang", [.finance])
            let second = try await shop.staff("bai", [.approver])
            try await ends.ask(
                exception, .release, slip: "", reason: "没有小票", by: first, at: now)
            try await ends.decide(exception, agrees: false, by: second, at: now)
            #expect(try await shop.balance(card) == (10_000, 1_850), "turned down, it stays")
            try await ends.ask(
                exception, .release, slip: "", reason: "没有小票", by: second, at: now)
            await #expect(throws: ExceptionsRefusal.holdAsked) {
                try await ends.ask(
                    exception, .release, slip: "", reason: "没有", by: first, at: now)
            }
            try await ends.decide(exception, agrees: true, by: first, at: now)
            #expect(try await shop.balance(card) == (10_000, 0))
            sell(till, 1_850, payment: id)
            #expect(try await till.verdicts() == ["exception payment_cancelled"])
            #expect(try await shop.balance(card) == (10_000, 0))
        }
    }

    /// Two people pay the store against a slip.
    private func payStore(
        _ exception: Int64, _ shop: TestShop, by first: StaffActor, _ second: StaffActor
    ) async throws {
        let (ends, now) = (PhoneHoldEnds(store: shop.office.store), shop.now)
        try await ends.ask(
            exception, .payStore, slip: "GD0001-01-20261125-0001", reason: "小票", by: first,
            at: now)
        try await ends.decide(exception, agrees: true, by: second, at: now)
    }

    @Test(arguments: [true, false])
    func `the record of a sale paid from its slip waits when its till was revoked`(
        isReleased: Bool
    ) async throws {
        try await withPhone { shop, till, card, payments in
            let (id, exception) = try await overdueHold(till, card, payments)
            let finance = try await shop.staff("fang", [.finance])
            try await payStore(
                exception, shop, by: finance, try await shop.staff("bai", [.approver]))
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            sell(till, 1_850, payment: id)
            till.append(.tillStarted(TillStarted(version: "1")))
            let wanted = ["exception quarantined", "posted"]
            #expect(try await till.verdicts() == wanted)
            #expect(try await till.verdicts() == wanted)
            let quarantine = Quarantine(store: shop.office.store)
            let place = Quarantine.Place(till: till.known.code, epoch: 1, sequence: 1)
            #expect(try await quarantine.waiting(by: finance).map(\.place) == [place])
            if isReleased {
                #expect(
                    try await quarantine.release(place, by: finance, at: till.time.now).code == nil)
            } else {
                try await quarantine.refuse(place, reason: "不明", by: finance, at: till.time.now)
            }
            #expect(
                try await shop.number("SELECT count(*) FROM sale WHERE cashier = 'li'")
                    == (isReleased ? 1 : 0))
            #expect(
                try await shop.number(
                    "SELECT paid_by_card FROM sale WHERE state = 'posted' AND sale_id = \(id)")
                    == 1_850)
            #expect(try await shop.balance(card) == (8_150, 0))
            #expect(try await shop.kind(.storePayable) == 1_850)
            #expect(
                try await shop.number("SELECT count(*) FROM exception WHERE state = 'open'") == 0)
        }
    }

    @Test func `a hold whose sale waits in quarantine is decided there, and its money never stays`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let ends = PhoneHoldEnds(store: shop.office.store)
            let finance = try await shop.staff("fang", [.finance])
            let approver = try await shop.staff("bai", [.approver])
            let (early, exception) = try await overdueHold(till, card, payments)
            let late = try await hold(till, card, payments)
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            sell(till, 1_850, payment: early)
            sell(till, 1_850, payment: late)
            #expect(
                try await till.verdicts() == ["exception quarantined", "exception quarantined"])
            for move in PhoneHoldEnds.Move.allCases {
                await #expect(throws: ExceptionsRefusal.holdHasSale) {
                    try await ends.ask(
                        exception, move, slip: "GD0001-01-20261125-0009", reason: "小票",
                        by: finance, at: shop.now)
                }
            }
            try await waitEightDays(till)
            let flagged: SQL =
                "SELECT count(*) FROM exception WHERE code = 'phone_hold_unresolved' AND state = 'open'"
            #expect(try await shop.number(flagged) == 1, "the second one's sale waits already")
            let quarantine = Quarantine(store: shop.office.store)
            #expect(
                try await quarantine.release(
                    .init(till: till.known.code, epoch: 1, sequence: 1), by: finance,
                    at: till.time.now
                ).code == nil)
            #expect(try await shop.balance(card) == (8_150, 1_850))
            #expect(try await shop.number(flagged) == 0)
            try await quarantine.refuse(
                .init(till: till.known.code, epoch: 1, sequence: 2), reason: "不明", by: finance,
                at: till.time.now)
            await Jobs(shop.office.store).runOnce(now: till.time.now)
            let left = try await overdue(late, shop)
            await #expect(throws: ExceptionsRefusal.holdHasSale) {
                try await ends.ask(
                    left, .payStore, slip: "GD0001-01-20261125-0009", reason: "小票", by: finance,
                    at: shop.now)
            }
            try await ends.ask(left, .release, slip: "", reason: "门店承担", by: finance, at: shop.now)
            try await ends.decide(left, agrees: true, by: approver, at: shop.now)
            #expect(try await shop.balance(card) == (8_150, 0))
        }
    }

    @Test func `one slip pays one hold, also when two are decided at once`() async throws {
        try await withPhone { shop, till, card, payments in
            let ends = PhoneHoldEnds(store: shop.office.store)
            let finance = try await shop.staff("fang", [.finance])
            let approver = try await shop.staff("bai", [.approver])
            let first = try await hold(till, card, payments)
            let second = try await hold(till, try await shop.card(2, balance: 10_000), payments)
            try await waitEightDays(till)
            let (one, two) = try await (overdue(first, shop), overdue(second, shop))
            func ask(_ exception: Int64, _ number: Int) async throws {
                try await ends.ask(
                    exception, .payStore, slip: "GD0001-01-20261125-000\(number)", reason: "小票",
                    by: finance, at: shop.now)
            }
            try await ask(one, 1)
            await #expect(throws: ExceptionsRefusal.slipDiffers) { try await ask(two, 1) }
            try await ask(two, 2)
            // As if both had been asked at once.
            try await shop.office.store.write { session in
                try session.execute(
                    "UPDATE phone_hold_request SET receipt = 'GD0001-01-20261125-0001'")
            }
            let paid = await withTaskGroup(of: Bool.self) { group in
                for exception in [one, two] {
                    group.addTask {
                        do {
                            try await ends.decide(
                                exception, agrees: true, by: approver, at: shop.now)
                            return true
                        } catch { return error as? ExceptionsRefusal != .slipDiffers }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(paid == 1)
            #expect(try await shop.kind(.storePayable) == 1_850)
        }
    }

    @Test
    func
        `the record of a sale paid from its slip has the sale's time, and is flagged as any other`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let (id, exception) = try await overdueHold(till, card, payments)
            try await payStore(
                exception, shop, by: try await shop.staff("fang", [.finance]),
                try await shop.staff("bai", [.approver]))
            let storeID = till.known.storeID
            try await shop.office.store.write { session in
                try ChangeItems.publishProgrammes(in: session)
                try session.execute(
                    """
                    INSERT INTO store_account_change (store_id, login, change, changed_at)
                    VALUES (\(storeID), 'li', 'disabled',
                            \(shop.now.adding(milliseconds: -1_000)))
                    """)
            }
            var page: ChangeFeed.Page
            repeat {
                page = try await shop.office.store.read { session in
                    try ChangeFeed.read(session, scope: "GD0001", after: .start)
                }
            } while !page.isComplete
            try await Tills(shop.office.store).acknowledge(
                till.known, headSequence: 0, cursor: page.next)
            till.knew = .init(blockListVersion: 0, contactAge: 60, limitsVersion: 0)
            sell(till, 1_850, payment: id)
            let booked = try await shop.office.store.read { session in
                try session.queryOne("SELECT business_at FROM sale WHERE sale_id = \(id)")?
                    .decode("business_at", as: Instant.self)
            }
            for _ in 1...2 {
                guard case .taken(let reply) = try await till.push() else {
                    throw TestShop.TestFault.noRow
                }
                #expect(reply.verdicts.map(\.businessTime) == [booked])
            }
            #expect(
                try await shop.number(
                    """
                    SELECT count(*) FROM sale JOIN journal_record ON record_id = sale_id
                    WHERE sale.business_at = journal_record.business_at AND policy_rollback
                    """) == 1)
            let acts = try await shop.office.store.read { session in
                try AccountActs.of(sale: id, in: session).map { "\($0.login) \($0.change)" }
            }
            #expect(acts == ["li disabled"])
        }
    }
}
