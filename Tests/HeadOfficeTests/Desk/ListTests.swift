import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

/// Long lists go on after the last row shown, whatever is added or decided meanwhile.
struct ListTests {
    /// Asks for so many loads of one card, one a second.
    private func ask(_ count: Int, in world: DeskWorld) async throws -> [RecordID] {
        let card = try await world.issueCard(number: "6160202611010002", load: 0)
        let issuer = try await world.actor("issuer")
        var ids: [RecordID] = []
        for number in 1...count {
            world.office.time.move(milliseconds: 1_000)
            let id = world.store.clock.makeID()
            try await world.cards.askLoad(
                id, card: card, amount: Money(fen: Int64(number)), reason: "第\(number)笔",
                by: issuer, at: world.now)
            ids.append(id)
        }
        return ids
    }

    @Test
    func `pages of loads follow each other without gap or repeat, those that wait longest first`()
        async throws
    {
        try await withDesk { world in
            let ids = try await ask(7, in: world)
            let reader = try await world.actor("auditor")
            var filter = AskedFilter()
            var seen: [RecordID] = []
            while true {
                let page = try await world.cards.loads(filter, limit: 3, by: reader)
                seen += page.map(\.loadID)
                guard let last = page.last else { break }
                filter.after = .init(at: last.askedAt, id: last.askedID)
                if seen.count == 3 {
                    // What a second person decides in between moves nobody else's place.
                    try await world.cards.approveLoad(
                        ids[0], by: try await world.actor("issuing-supervisor"), at: world.now)
                }
            }
            #expect(seen == ids)
        }
    }

    @Test func `decided ones stand apart, the newest first`() async throws {
        try await withDesk { world in
            let ids = try await ask(4, in: world)
            let supervisor = try await world.actor("issuing-supervisor")
            try await world.cards.approveLoad(ids[1], by: supervisor, at: world.now)
            try await world.cards.refuseLoad(ids[2], by: supervisor, at: world.now)
            func shown(_ standing: AskedFilter.Standing) async throws -> [RecordID] {
                try await world.cards.loads(
                    AskedFilter(standing: standing), limit: 50, by: supervisor
                ).map(\.loadID)
            }
            #expect(try await shown(.asked) == [ids[0], ids[3]])
            #expect(try await shown(.decided) == [ids[2], ids[1]])
            // The card's own first load of zero was never asked for.
            #expect(try await shown(.all) == ids.reversed())
        }
    }

    @Test func `staff and tills go on after the last code, and find by name`() async throws {
        try await withDesk { world in
            let reader = try await world.actor("auditor")
            let all = try await world.accounts.list(by: reader).map(\.login)
            let first = try await world.accounts.list(limit: 3, by: reader).map(\.login)
            let rest = try await world.accounts.list(after: first[2], by: reader).map(\.login)
            #expect(first + rest == all && all == all.sorted())
            #expect(
                try await world.accounts.list(text: "AUDIT", by: reader).map(\.login) == ["auditor"]
            )
            #expect(try await world.accounts.list(text: "%", by: reader).isEmpty)
            let tills = Tills(world.store)
            #expect(try await tills.codes(text: "中山", after: "").map(\.code) == [])
            try await world.store.write { session in
                try session.execute(
                    """
                    INSERT INTO till_key (till_id, epoch, public_key, created_at)
                    SELECT till_id, 1, sha256('key'), now() FROM till
                    """)
            }
            #expect(try await tills.codes(text: "中山", after: "").map(\.code) == ["GD0001-01"])
            #expect(try await tills.codes(text: "", after: "GD0001-01").isEmpty)
        }
    }

    @Test func `an export has every row of the filter, and is audited`() async throws {
        try await withDesk { world in
            _ = try await ask(3, in: world)
            try await withBrowser(world) { browser in
                let answer = try await browser.get("/loads?state=asked&format=csv")
                #expect(answer.headers[.contentType] == "text/csv; charset=utf-8")
                let lines = String(buffer: answer.body).split(separator: "\r\n")
                #expect(lines.count == 4 && lines[3].contains("第3笔"))
            }
            #expect(
                try await world.number(
                    "SELECT count(*) AS n FROM audit WHERE action = 'list.export' AND subject = 'loads'"
                )
                    == 1)
        }
    }

    private func withBrowser(
        _ world: DeskWorld,
        _ body: @escaping @Sendable (OfficeWebTests.Browser) async throws -> Void
    ) async throws {
        let web = try world.web()
        try await Application(router: web.makeRouter()).test(.router) { client in
            var browser = OfficeWebTests.Browser(client: client)
            try await browser.signIn("issuing-supervisor")
            try await body(browser)
        }
    }
}
