import Domain
import PostgresDriver
import Testing

@testable import HeadOffice

struct CardTests {
    @Test func `a batch is issued by a second person, once, with numbers that nobody has`()
        async throws
    {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            let batch = try await world.cards.askBatch(
                programme: "JS", quantity: 25, initialLoad: Money(fen: 10_000), by: issuer,
                at: world.now)
            let count = try await world.cards.approveBatch(batch, by: supervisor, at: world.now)
            #expect(count == 25)
            let printed = try await world.cards.printerFile(batch, by: issuer, at: world.now)
            let numbers = printed.map(\.number)
            #expect(Set(numbers).count == 25)
            for number in numbers {
                #expect(NumberScheme.luhn19.accepts(number, prefix: "623200"))
            }
            await #expect(throws: CardsRefusal.alreadyDecided) {
                try await world.cards.approveBatch(batch, by: supervisor, at: world.now)
            }
            let loaded = try await world.number(
                """
                SELECT sum(balance)::bigint AS n FROM account WHERE kind = 'card' AND book = 'real'
                """)
            #expect(loaded == 250_000)
            #expect(try await LedgerProof.make(world.store).isRight)
            let stored = try await world.store.read { session in
                try session.query("SELECT card::text AS line FROM card").map {
                    try $0["line"] as String
                }.joined()
            }
            for number in numbers { #expect(!stored.contains(number.text)) }
        }
    }

    @Test func `dated numbers go on from batch to batch and start anew each day`() async throws {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            func issue(_ quantity: Int) async throws -> [String] {
                let batch = try await world.cards.askBatch(
                    programme: "GD", quantity: quantity, initialLoad: .zero, by: issuer,
                    at: world.now)
                try await world.cards.approveBatch(batch, by: supervisor, at: world.now)
                return try await world.cards.printerFile(batch, by: issuer, at: world.now)
                    .map(\.number.text)
            }
            let day = BusinessDate(world.now).compact
            #expect(try await issue(2) == ["6160\(day)0001", "6160\(day)0002"])
            #expect(try await issue(1) == ["6160\(day)0003"])
            world.office.time.move(milliseconds: 86_400_000)
            let next = BusinessDate(world.now).compact
            #expect(try await issue(1) == ["6160\(next)0001"])
            let tooMany = try await world.cards.askBatch(
                programme: "GD", quantity: 9_999, initialLoad: .zero, by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.numbersExhausted) {
                try await world.cards.approveBatch(tooMany, by: supervisor, at: world.now)
            }
        }
    }

    @Test func `nobody approves an own batch or load, not even with a second login`() async throws {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let twin = try await world.addStaff(
                "issuer-twin", [.issuingSupervisor], person: issuer.personID)
            let both = try await world.addStaff("both", [.issuer, .issuingSupervisor])
            let batch = try await world.cards.askBatch(
                programme: "JS", quantity: 1, initialLoad: .zero, by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.samePerson) {
                try await world.cards.approveBatch(batch, by: twin, at: world.now)
            }
            let own = try await world.cards.askBatch(
                programme: "JS", quantity: 1, initialLoad: .zero, by: both, at: world.now)
            await #expect(throws: CardsRefusal.samePerson) {
                try await world.cards.approveBatch(own, by: both, at: world.now)
            }
            let card = try await world.issueCard(number: "6160201901100002", load: 0)
            let load = world.store.clock.makeID()
            try await world.cards.askLoad(
                load, card: card, amount: Money(fen: 100), reason: "补贴", by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.samePerson) {
                try await world.cards.approveLoad(load, by: twin, at: world.now)
            }
            let cards = try await world.number("SELECT count(*) AS n FROM card")
            #expect(cards == 1)
        }
    }

    @Test func `a load stops at the programme's balance maximum, judged when it is approved`()
        async throws
    {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            let card = try await world.issueCard(number: "6160201901100002", load: 300_000)
            let loads = [world.store.clock.makeID(), world.store.clock.makeID()]
            for load in loads {
                try await world.cards.askLoad(
                    load, card: card, amount: Money(fen: 150_000), reason: "补贴", by: issuer,
                    at: world.now)
            }
            await #expect(throws: CardsRefusal.balanceMaximum) {
                try await world.cards.askLoad(
                    world.store.clock.makeID(), card: card, amount: Money(fen: 200_001),
                    reason: "补贴", by: issuer, at: world.now)
            }
            try await world.cards.approveLoad(loads[0], by: supervisor, at: world.now)
            await #expect(throws: CardsRefusal.balanceMaximum) {
                try await world.cards.approveLoad(loads[1], by: supervisor, at: world.now)
            }
            await #expect(throws: CardsRefusal.alreadyDecided) {
                try await world.cards.approveLoad(loads[0], by: supervisor, at: world.now)
            }
            let balance = try await world.number(
                "SELECT balance AS n FROM account WHERE kind = 'card' AND owner_id = \(card)")
            #expect(balance == 450_000)
        }
    }

    @Test func `a load's id asked again with another amount or card is refused`() async throws {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let card = try await world.issueCard(number: "6160201901100002", load: 0)
            let other = try await world.issueCard(number: "6160201901100003", load: 0)
            let load = world.store.clock.makeID()
            func ask(_ card: Int64, _ fen: Int64) async throws {
                try await world.cards.askLoad(
                    load, card: card, amount: Money(fen: fen), reason: "补贴", by: issuer,
                    at: world.now)
            }
            try await ask(card, 100)
            try await ask(card, 100)
            await #expect(throws: CardsRefusal.loadDiffers) { try await ask(card, 50_000) }
            await #expect(throws: CardsRefusal.loadDiffers) { try await ask(other, 100) }
            let asked = try await world.number("SELECT sum(amount)::bigint AS n FROM card_load")
            #expect(asked == 100)
        }
    }

    @Test func `freezing and a test card reach every till, unfreezing too`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: "6160201901100003", load: 0)
            _ = try await world.issueCard(number: "6160201901100002", load: 1_000, isTest: true)
            func items(_ condition: SQL) async throws -> Int64 {
                try await world.number(
                    """
                    SELECT count(*) AS n FROM change
                    WHERE topic = 'card' AND scope = '*' AND \(fragment: condition)
                    """)
            }
            #expect(try await items("(body ->> 'test')::boolean") == 1)
            let supervisor = try await world.actor("issuing-supervisor")
            let blocked: SQL = "(body ->> 'blocked')::boolean"
            try await world.cards.freeze(card, reason: "可疑", by: supervisor, at: world.now)
            #expect(try await items(blocked) == 1)
            await #expect(throws: CardsRefusal.cardNotActive) {
                try await world.cards.freeze(card, reason: "可疑", by: supervisor, at: world.now)
            }
            try await world.cards.unfreeze(card, reason: "已核实", by: supervisor, at: world.now)
            #expect(try await items(blocked) == 0)
            let all = try await items("true")
            #expect(all == 2)
        }
    }
}
