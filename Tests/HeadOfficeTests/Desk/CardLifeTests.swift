import Domain
import PostgresDriver
import Testing

@testable import HeadOffice

/// Loss, replacement, closing, passwords and expiry, on a real database.
struct CardLifeTests {
    static let number = "6160201901100002"

    /// Asks and agrees, each by another person.
    private func carryOut(
        _ kind: CardRequestKind, _ card: Int64, in world: DeskWorld
    ) async throws {
        let request = world.store.clock.makeID()
        try await world.cards.ask(
            kind, request, card: card, reason: "持卡人要求", by: try await world.actor("issuer"),
            at: world.now)
        try await world.cards.approveRequest(
            request, by: try await world.actor("issuing-supervisor"), at: world.now)
    }

    private func balance(_ card: Int64, in world: DeskWorld) async throws -> Int64 {
        try await world.number(
            """
            SELECT coalesce((SELECT balance FROM account
                             WHERE kind = 'card' AND owner_id = \(card)), 0) AS n
            """)
    }

    /// The till has just been heard, and saw the card approved lately.
    private func makeTillDangerous(_ card: Int64, in world: DeskWorld) async throws {
        let payment = world.store.clock.makeID()
        let fingerprint = world.store.cards.fingerprint(ofNumber: Self.number)
        try await world.store.write { session in
            try session.execute("UPDATE till SET last_contact_at = \(world.now)")
            try session.execute(
                """
                INSERT INTO payment (payment_id, state, till_id, card_id, fingerprint, amount,
                                     held_at, updated_at)
                SELECT \(payment), 'captured', till_id, \(card), \(fingerprint), 100,
                       \(world.now), \(world.now) FROM till
                """)
        }
    }

    private func replacement(of card: Int64, in world: DeskWorld) async throws -> Int64 {
        try await world.number(
            "SELECT next_card_id AS n FROM card_chain WHERE card_id = \(card)")
    }

    @Test
    func
        `a lost card's money moves, but for what a silent till may have taken, which follows by itself`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 120_000)
            try await makeTillDangerous(card, in: world)
            let issuer = try await world.actor("issuer")
            try await world.cards.reportLost(card, reason: "丢失", by: issuer, at: world.now)
            try await carryOut(.replace, card, in: world)
            let new = try await replacement(of: card, in: world)
            // One till, ¥500 for one card (R-P3).
            #expect(try await balance(new, in: world) == 70_000)
            #expect(try await balance(card, in: world) == 50_000)
            let jobs = CardJobs(world.store)
            #expect(try await jobs.settleBlockedCards(now: world.now) == 0)
            #expect(try await balance(card, in: world) == 50_000)
            // It knows the block, but its journal up to there is still on the way.
            let tillID = try await world.number("SELECT till_id AS n FROM till")
            let cursor = try await newest(world)
            try await jobs.hear(tillID: tillID, epoch: 1, headSequence: 7, cursor: cursor)
            #expect(try await balance(card, in: world) == 50_000)
            // A late sale of the time before the report arrives and is paid from what was held back.
            try await world.store.write { session in
                try session.execute("UPDATE till SET durable_seq = 7")
            }
            _ = try await world.sell(
                [.init(price: 30_000, quantity: 1)], card: card, number: Self.number)
            #expect(try await jobs.settleBlockedCards(now: world.now) == 1)
            #expect(try await balance(card, in: world) == 0)
            #expect(try await balance(new, in: world) == 90_000)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    /// The newest place of the feed. The feed itself waits for every transaction of the server, other tests' included.
    private func newest(_ world: DeskWorld) async throws -> ChangeCursor {
        let text = try await world.store.read { session in
            try session.queryOne(
                """
                SELECT changed_in || '.' || change_id AS place FROM change
                ORDER BY changed_in DESC, change_id DESC LIMIT 1
                """)?.decode("place", as: String.self)
        }
        return try #require(text.flatMap { ChangeCursor(text: $0) })
    }

    @Test
    func `a till that asks from before the block, or answers under an old epoch, frees nothing`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 60_000)
            try await makeTillDangerous(card, in: world)
            let before = try await newest(world)
            let issuer = try await world.actor("issuer")
            try await world.cards.reportLost(card, reason: "丢失", by: issuer, at: world.now)
            try await carryOut(.close, card, in: world)
            let jobs = CardJobs(world.store)
            let tillID = try await world.number("SELECT till_id AS n FROM till")
            try await jobs.hear(tillID: tillID, epoch: 1, headSequence: 0, cursor: before)
            #expect(try await balance(card, in: world) == 50_000)
            try await world.store.write { session in
                try session.execute("UPDATE till SET epoch = 2")
            }
            let after = try await newest(world)
            try await jobs.hear(tillID: tillID, epoch: 1, headSequence: 0, cursor: after)
            #expect(try await balance(card, in: world) == 50_000)
            try await jobs.hear(tillID: tillID, epoch: 2, headSequence: 0, cursor: after)
            #expect(try await balance(card, in: world) == 0)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    @Test func `what a till never speaks of is free once a late password can no longer be checked`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 60_000)
            try await makeTillDangerous(card, in: world)
            try await carryOut(.close, card, in: world)
            #expect(try await balance(card, in: world) == 50_000)
            world.office.time.move(milliseconds: HoldBack.lasts)
            #expect(try await CardJobs(world.store).settleBlockedCards(now: world.now) == 1)
            #expect(try await balance(card, in: world) == 0)
        }
    }

    @Test func `a till that never saw a guessable card approved keeps nothing back`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 60_000)
            try await world.store.write { session in
                try session.execute("UPDATE till SET last_contact_at = \(world.now)")
            }
            let luhn = try await world.issueCard(
                number: "6232001234567890128", load: 60_000, programme: "JS")
            try await carryOut(.close, card, in: world)
            #expect(try await balance(card, in: world) == 0)
            // The store's province does not take JS cards, but did when the till was last heard.
            let supervisor = try await world.actor("issuing-supervisor")
            try await world.programmes.setAcceptance(
                ["32", "44"], of: "JS", by: supervisor, at: world.now)
            try await world.programmes.setAcceptance(
                ["32"], of: "JS", by: supervisor, at: world.now)
            try await carryOut(.close, luhn, in: world)
            #expect(try await balance(luhn, in: world) == 50_000)
        }
    }

    @Test func `money held for an open payment stays, and moves when the hold ends`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 10_000)
            let account = LedgerAccount(.card, of: card, in: .real)
            try await world.store.write { session in
                try Ledger.post(
                    session, [], releasing: [account: Money(fen: -4_000)], at: world.now)
            }
            let issuer = try await world.actor("issuer")
            try await world.cards.reportLost(card, reason: "丢失", by: issuer, at: world.now)
            try await carryOut(.replace, card, in: world)
            let new = try await replacement(of: card, in: world)
            #expect(try await balance(new, in: world) == 6_000)
            try await world.store.write { session in
                try Ledger.post(
                    session, [], releasing: [account: Money(fen: 4_000)], at: world.now)
            }
            #expect(try await CardJobs(world.store).settleBlockedCards(now: world.now) == 1)
            #expect(try await balance(new, in: world) == 10_000)
        }
    }

    @Test func `a refund goes to the live end of the chain, whichever of its cards is entered`()
        async throws
    {
        try await withDesk { world in
            let first = try await world.issueCard(number: Self.number, load: 50_000)
            let sale = try await world.sell(
                [.init(price: 5_000, quantity: 3)], card: first, number: Self.number)
            let issuer = try await world.actor("issuer")
            try await world.cards.reportLost(first, reason: "丢失", by: issuer, at: world.now)
            try await carryOut(.replace, first, in: world)
            let second = try await replacement(of: first, in: world)
            try await world.cards.reportLost(second, reason: "又丢失", by: issuer, at: world.now)
            try await carryOut(.replace, second, in: world)
            let third = try await replacement(of: second, in: world)
            #expect(try await balance(third, in: world) == 35_000)
            let approver = try await world.actor("approver")
            func refund(entering number: String) async throws {
                let request = try await world.request(
                    sale, [0: 1], amount: 5_000, number: number)
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: try await world.digest(request),
                    by: approver, at: world.now)
            }
            try await refund(entering: Self.number)
            let revealed = try await world.cards.reveal(
                third, reason: "核对", by: issuer, at: world.now)
            try await refund(entering: revealed.number.filter(\.isNumber))
            #expect(try await balance(third, in: world) == 45_000)
            await #expect(throws: RefundRefusal.cardDiffers) {
                try await refund(entering: "6160201901100009")
            }
            try await world.store.write { session in
                try session.execute(
                    """
                    UPDATE refund_line SET live = false WHERE request_id IN
                        (SELECT request_id FROM refund_request WHERE state = 'pending')
                    """)
                try session.execute("UPDATE sale SET refund_reserved = 0")
            }
            // Once the live end is closed the money waits in suspense.
            try await carryOut(.close, third, in: world)
            let last = try await world.request(sale, [0: 1], amount: 5_000, number: Self.number)
            try await world.refunds.decide(
                last, .approved, opinion: "同意", digest: try await world.digest(last),
                by: approver, at: world.now)
            let suspense = try await world.number(
                "SELECT balance AS n FROM account WHERE kind = 'refund_suspense'")
            #expect(suspense == 5_000)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    @Test func `nobody carries out an own request, not even by a second login, and only one waits`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 1_000)
            let issuer = try await world.actor("issuer")
            let twin = try await world.addStaff(
                "issuer-twin", [.issuingSupervisor], person: issuer.personID)
            let request = world.store.clock.makeID()
            func ask(_ kind: CardRequestKind, _ id: RecordID) async throws {
                try await world.cards.ask(
                    kind, id, card: card, reason: "要求", by: issuer, at: world.now)
            }
            try await ask(.close, request)
            try await ask(.close, request)
            await #expect(throws: CardsRefusal.requestWaiting) {
                try await ask(.resetPassword, world.store.clock.makeID())
            }
            await #expect(throws: CardsRefusal.samePerson) {
                try await world.cards.approveRequest(request, by: twin, at: world.now)
            }
            await #expect(throws: CardsRefusal.samePerson) {
                try await world.cards.refuseRequest(request, by: twin, at: world.now)
            }
            let supervisor = try await world.actor("issuing-supervisor")
            try await world.cards.refuseRequest(request, by: supervisor, at: world.now)
            await #expect(throws: CardsRefusal.alreadyDecided) {
                try await world.cards.approveRequest(request, by: supervisor, at: world.now)
            }
            #expect(try await balance(card, in: world) == 1_000)
        }
    }

    @Test func `two supervisors at once replace a card once`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 9_000)
            let issuer = try await world.actor("issuer")
            let first = try await world.actor("issuing-supervisor")
            let second = try await world.addStaff("second", [.issuingSupervisor])
            try await world.cards.reportLost(card, reason: "丢失", by: issuer, at: world.now)
            let request = world.store.clock.makeID()
            try await world.cards.ask(
                .replace, request, card: card, reason: "补卡", by: issuer, at: world.now)
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for supervisor in [first, second] {
                    group.addTask {
                        do {
                            try await world.cards.approveRequest(
                                request, by: supervisor, at: world.now)
                            return true
                        } catch { return false }
                    }
                }
                return await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 }.count == 1)
            #expect(try await world.number("SELECT count(*) AS n FROM card_chain") == 1)
            #expect(
                try await balance(try await replacement(of: card, in: world), in: world) == 9_000)
        }
    }

    @Test
    func `an earlier password is kept for late sales 60 days, and a wrong present one counts`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 0)
            let issuer = try await world.actor("issuer")
            func change(_ present: String, _ new: String) async throws {
                world.office.time.move(milliseconds: 1_000)
                try await world.cards.changePassword(
                    of: card, from: present, to: new, by: issuer, at: world.now)
            }
            await #expect(throws: CardsRefusal.passwordWrong) {
                try await change("111111", "222222")
            }
            #expect(try await world.number("SELECT wrong_count AS n FROM card") == 1)
            try await change("079497", "222222")
            #expect(try await world.number("SELECT wrong_count AS n FROM card") == 0)
            let earlier: SQL = """
                SELECT count(*) AS n FROM card_verifier JOIN card USING (card_id)
                WHERE valid_from = issued_at AND valid_until = password_since
                """
            #expect(try await world.number(earlier) == 1)
            for _ in 0..<5 {
                await #expect(throws: CardsRefusal.passwordWrong) {
                    try await change("111111", "333333")
                }
            }
            await #expect(throws: CardsRefusal.passwordLocked) {
                try await change("222222", "333333")
            }
            let supervisor = try await world.actor("issuing-supervisor")
            try await world.cards.resetLock(card, reason: "本人", by: supervisor, at: world.now)
            try await change("222222", "333333")
            world.office.time.move(milliseconds: 1_000)
            try await carryOut(.resetPassword, card, in: world)
            await #expect(throws: CardsRefusal.passwordWrong) {
                try await change("333333", "444444")
            }
            #expect(try await world.number("SELECT count(*) AS n FROM card_verifier") == 3)
            world.office.time.move(milliseconds: HoldBack.earlierVerifiersKept + 1)
            _ = try await Jobs(world.store).sweep(now: world.now)
            #expect(try await world.number("SELECT count(*) AS n FROM card_verifier") == 0)
        }
    }

    @Test func `a card expires by itself, tills learn it, and two people reactivate it`()
        async throws
    {
        try await withDesk { world in
            try await world.store.write { session in
                try session.execute(
                    "UPDATE programme SET validity_months = 12 WHERE code = 'GD'")
            }
            let card = try await world.issueCard(number: Self.number, load: 500)
            let jobs = CardJobs(world.store)
            world.office.time.move(milliseconds: 365 * 86_400_000)
            #expect(try await jobs.expireCards(now: world.now) == 0)
            world.office.time.move(milliseconds: 86_400_000)
            #expect(try await jobs.expireCards(now: world.now) == 1)
            let blocked: SQL = """
                SELECT count(*) AS n FROM change
                WHERE topic = 'card' AND (body ->> 'blocked')::boolean
                """
            #expect(try await world.number(blocked) == 1)
            let supervisor = try await world.actor("issuing-supervisor")
            await #expect(throws: CardsRefusal.cardNotFrozen) {
                try await world.cards.unfreeze(
                    card, reason: "误", by: supervisor, at: world.now)
            }
            try await carryOut(.reactivate, card, in: world)
            #expect(try await world.number(blocked) == 0)
            #expect(try await jobs.expireCards(now: world.now) == 0)
        }
    }

    @Test func `a lost card found again keeps its money, a replaced one stays lost`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 60_000)
            try await makeTillDangerous(card, in: world)
            let issuer = try await world.actor("issuer")
            try await world.cards.reportLost(card, reason: "丢失", by: issuer, at: world.now)
            try await carryOut(.reactivate, card, in: world)
            let open: SQL =
                "SELECT count(*) AS n FROM card_hold_back WHERE released_at IS NULL"
            #expect(try await world.number(open) == 0)
            #expect(try await balance(card, in: world) == 60_000)
            try await world.cards.reportLost(card, reason: "又丢失", by: issuer, at: world.now)
            #expect(try await world.number(open) == 1)
            try await carryOut(.replace, card, in: world)
            for kind in CardRequestKind.allCases where kind != .flagTest {
                await #expect(throws: CardsRefusal.cardReplaced) {
                    try await carryOut(kind, card, in: world)
                }
            }
        }
    }

    @Test func `only a card never used becomes a test card`() async throws {
        try await withDesk { world in
            let used = try await world.issueCard(number: Self.number, load: 100)
            let fresh = try await world.issueCard(number: "6160201901100003", load: 0)
            await #expect(throws: CardsRefusal.cardWasUsed) {
                try await carryOut(.flagTest, used, in: world)
            }
            try await carryOut(.flagTest, fresh, in: world)
            let published = try await world.number(
                """
                SELECT count(*) AS n FROM change
                WHERE topic = 'card' AND (body ->> 'test')::boolean
                """)
            #expect(published == 1)
        }
    }

    @Test func `a card is found by its whole number, holder or fingerprint, never by a part`()
        async throws
    {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 0, holder: "欧阳 娜娜")
            _ = try await world.issueCard(number: "6160201901100003", load: 0, holder: nil)
            let issuer = try await world.actor("issuer")
            func found(_ text: String) async throws -> [Int64] {
                try await world.cards.find(text, by: issuer).map(\.cardID)
            }
            let fingerprint = world.store.cards.fingerprint(ofNumber: Self.number).hex
            for text in [
                Self.number, "6160 2019 0110 0002", "６１６０２０１９０１１００００２", "欧阳  娜娜", fingerprint,
                "0002",
            ] { #expect(try await found(text) == [card], "\(text)") }
            for text in ["欧阳", "616020190110000200", "0616020190110002"] {
                #expect(try await found(text) == [], "\(text)")
            }
            await #expect(throws: CardRefusal.numberLength) {
                _ = try await found("616020190110000")
            }
            let stored = try await world.store.read { session in
                try session.query("SELECT card::text AS line FROM card").map {
                    try $0["line"] as String
                }.joined()
            }
            #expect(!stored.contains("欧阳 娜娜"))
            let revealed = try await world.cards.reveal(
                card, reason: "核对", by: issuer, at: world.now)
            #expect(revealed == Cards.Revealed(number: "6160 2019 0110 0002", holder: "欧阳 娜娜"))
            let looks = try await world.number(
                """
                SELECT count(*) AS n FROM audit
                WHERE action = 'card.reveal' AND person_id = \(issuer.personID)
                  AND detail ->> 'reason' = '核对'
                """)
            #expect(looks == 1)
        }
    }

    @Test func `a card without a holder holds less`() async throws {
        try await withDesk { world in
            let bearer = try await world.issueCard(number: Self.number, load: 90_000, holder: nil)
            let issuer = try await world.actor("issuer")
            func ask() async throws {
                try await world.cards.askLoad(
                    world.store.clock.makeID(), card: bearer, amount: Money(fen: 10_001),
                    reason: "充值", by: issuer, at: world.now)
            }
            await #expect(throws: CardsRefusal.balanceMaximum) { try await ask() }
            try await world.cards.setHolder("张三", of: bearer, by: issuer, at: world.now)
            try await ask()
        }
    }
}
