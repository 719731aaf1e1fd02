import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Journal
import PostgresDriver
import TestSupport
import Testing
import WebSupport

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

    /// Starts the acts one after the other while nothing can be posted, and lets them go once all of them wait.
    private func begun(
        _ acts: [@Sendable () async throws -> Void], in shop: TestShop
    ) async throws -> [Result<Void, any Error>] {
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let finish = DispatchSemaphore(value: 0)
        async let closing: Void = shop.office.store.write { session in
            try AccountingMonths.lockForClosing(session)
            signal.yield()
            finish.wait()
        }
        for await _ in begun { break }
        defer { finish.signal() }
        var tasks: [Task<Void, any Error>] = []
        for act in acts {
            tasks.append(Task { try await act() })
            let count = Int64(tasks.count)
            try await eventually("\(count) acts wait") {
                try await shop.number(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """) == count
            }
        }
        finish.signal()
        try await closing
        var results: [Result<Void, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    /// Two holds of one till, with their exceptions.
    private func twoHolds(
        _ till: TestTill, _ card: TestShop.Card, _ payments: PhonePayments
    ) async throws -> [(payment: RecordID, exception: Int64)] {
        let shop = till.shop
        let ids = [
            try await hold(till, card, payments),
            try await hold(till, try await shop.card(2, balance: 10_000), payments),
        ]
        try await waitEightDays(till)
        return [
            (ids[0], try await overdue(ids[0], shop)), (ids[1], try await overdue(ids[1], shop)),
        ]
    }

    @Test func `one slip pays one hold, also when two are decided at once`() async throws {
        try await withPhone { shop, till, card, payments in
            let ends = PhoneHoldEnds(store: shop.office.store)
            let finance = try await shop.staff("fang", [.finance])
            let approver = try await shop.staff("bai", [.approver])
            let exceptions = try await twoHolds(till, card, payments).map { $0.exception }
            func ask(_ exception: Int64, _ number: Int) async throws {
                try await ends.ask(
                    exception, .payStore, slip: "GD0001-01-20261125-000\(number)", reason: "小票",
                    by: finance, at: shop.now)
            }
            try await ask(exceptions[0], 1)
            await #expect(throws: ExceptionsRefusal.slipDiffers) { try await ask(exceptions[1], 1) }
            try await ask(exceptions[1], 2)
            // As if both had been asked at once.
            try await shop.office.store.write { session in
                try session.execute(
                    "UPDATE phone_hold_request SET receipt = 'GD0001-01-20261125-0001'")
            }
            let now = shop.now
            let results = try await begun(
                exceptions.map { exception -> @Sendable () async throws -> Void in
                    { try await ends.decide(exception, agrees: true, by: approver, at: now) }
                }, in: shop)
            #expect(throws: Never.self) { try results[0].get() }
            #expect(throws: ExceptionsRefusal.slipDiffers) { try results[1].get() }
            #expect(try await shop.kind(.storePayable) == 1_850)
        }
    }

    @Test func `a slip pays nothing once the order that bears its number is being taken in`()
        async throws
    {
        try await withPhone { shop, till, card, payments in
            let ends = PhoneHoldEnds(store: shop.office.store)
            let holds = try await twoHolds(till, card, payments)
            let approver = try await shop.staff("bai", [.approver])
            try await ends.ask(
                holds[0].exception, .payStore, slip: "GD0001-01-20261125-0001", reason: "小票",
                by: try await shop.staff("fang", [.finance]), at: shop.now)
            sell(till, 1_850, payment: holds[1].payment)
            let (ingest, frame, known, now) = (till.ingest, till.frame(), till.known, shop.now)
            let exception = holds[0].exception
            let results = try await begun(
                [
                    { _ = try await ingest.take(frame, from: known) },
                    { try await ends.decide(exception, agrees: true, by: approver, at: now) },
                ], in: shop)
            #expect(throws: Never.self) { try results[0].get() }
            #expect(throws: ExceptionsRefusal.slipDiffers) { try results[1].get() }
            #expect(try await shop.kind(.storePayable) == 1_850)
        }
    }

    @Test func `the page of a hold offers what can succeed and says why no more`() async throws {
        try await withPhone { shop, till, card, payments in
            let finance = try await shop.staff("fang", [.finance])
            let (id, exception) = try await overdueHold(till, card, payments)
            let desk = DeskWorld(
                office: shop.office, passwords: PasswordWorker(cost: DeskWorld.passwordCost))
            try await desk.addStaff("finance", [.finance])
            try await desk.addStaff("approver", [.approver])
            sell(till, 1_850, payment: id)
            let (ingest, frame, known, now) = (till.ingest, till.frame(), till.known, shop.now)
            try await OfficeWebTests.withBrowsers(desk) { client in
                var signedIn = OfficeWebTests.Browser(client: client)
                try await signedIn.signIn("finance")
                let browser = signedIn
                func offers() async throws -> [String] {
                    let page = String(
                        buffer: try await browser.get("/exceptions/\(exception)").body)
                    let parts = [
                        "value=\"pay_store\"", "name=\"slip\"", "value=\"release_hold\"",
                        "href=\"/quarantine\"", "value=\"approved\"", "value=\"refused\"",
                    ]
                    return parts.filter { page.contains($0) }
                }
                #expect(
                    try await offers()
                        == ["value=\"pay_store\"", "name=\"slip\"", "value=\"release_hold\""])
                let ends = PhoneHoldEnds(store: shop.office.store)
                try await ends.ask(
                    exception, .payStore, slip: "GD0001-01-20261125-0009", reason: "小票",
                    by: try await desk.actor("approver"), at: now)
                #expect(try await offers() == ["value=\"approved\"", "value=\"refused\""])
                try await Tills(shop.office.store).revoke(
                    tillCode: known.code, by: shop.administrator)
                _ = try await ingest.take(frame, from: known)
                #expect(try await offers() == ["href=\"/quarantine\""])
                try await Quarantine(store: shop.office.store).refuse(
                    .init(till: known.code, epoch: 1, sequence: 1), reason: "不明", by: finance,
                    at: now)
                #expect(try await offers() == ["value=\"refused\""])
                let answer = try await browser.post(
                    "/exceptions/\(exception)/hold/decision", "verdict=refused")
                #expect(answer.status == .seeOther)
                #expect(try await offers() == ["value=\"release_hold\""])
            }
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
