import Domain
import PostgresDriver
import Testing

@testable import HeadOffice

struct LoadFileTests {
    private static let head = "卡号,金额,事由\n"
    private static let first = "6160201901100002"
    private static let second = "6160201901100003"

    private func bytes(_ rows: String) -> [UInt8] { Array((Self.head + rows).utf8) }

    @Test(arguments: [
        ("6160201901100002,\"1,000.00\",补贴", "2:2 amount_separator"),
        ("6160201901100002,-5,补贴", "2:2 amount_not_positive"),
        ("6160201901100002,0,补贴", "2:2 amount_not_positive"),
        ("6160201901100002,1.005,补贴", "2:2 amount_decimals"),
        ("6160201901100002,1e3,补贴", "2:2 amount_not_a_number"),
        ("6160201901100002,,补贴", "2:2 amount_empty"),
        ("6160201901100002,1.00,", "2:3 reason_empty"),
        ("6.16E+15,1.00,补贴", "2:1 card_number_invalid"),
        ("616020190110000,1.00,补贴", "2:1 card_number_invalid"),
        ("6160201901100002,1.00", "2:3 too_few_columns"),
        ("6160201901100002,1.00,补贴,多", "2:4 too_many_columns"),
    ])
    func `a bad row is named by line, column and reason, without the card's number`(
        row: String, fault: String
    ) throws {
        let read = try LoadFileImport(bytes: bytes(row))
        #expect(read.bad.map { "\($0.line):\($0.column) \($0.fault.rawValue)" } == [fault])
        #expect(!read.bad.contains { $0.value.contains("61602019") })
    }

    @Test func `a file is loaded as a whole by a second person, and its content only once`()
        async throws
    {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            let files = LoadFiles(store: world.store)
            let cards = [
                try await world.issueCard(number: Self.first, load: 0),
                try await world.issueCard(number: Self.second, load: 0),
            ]
            let content = bytes("\(Self.first),100.00,补贴\n\(Self.second),250.50,=SUM(A1)\n")
            let id = world.store.clock.makeID()
            for _ in 0..<2 {
                try await files.ask(
                    id, name: "十一月.csv", bytes: content, by: issuer, at: world.now)
            }
            await #expect(throws: CardsRefusal.loadFileRepeated) {
                try await files.ask(
                    world.store.clock.makeID(), name: "b.csv", bytes: content, by: issuer,
                    at: world.now)
            }
            let twin = try await world.addStaff(
                "issuer-twin", [.issuingSupervisor], person: issuer.personID)
            await #expect(throws: CardsRefusal.samePerson) {
                try await files.approve(id, by: twin, at: world.now)
            }
            try await files.approve(id, by: supervisor, at: world.now)
            await #expect(throws: CardsRefusal.alreadyDecided) {
                try await files.approve(id, by: supervisor, at: world.now)
            }
            let balances = try await world.number(
                """
                SELECT sum(balance)::bigint AS n FROM account
                WHERE kind = 'card' AND owner_id = ANY(\(cards))
                """)
            #expect(balances == 35_050)
            #expect(try await LedgerProof.make(world.store).isRight)
        }
    }

    @Test
    func `a row that no longer fits when it is approved keeps the whole file from being loaded`()
        async throws
    {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let supervisor = try await world.actor("issuing-supervisor")
            let files = LoadFiles(store: world.store)
            let card = try await world.issueCard(number: Self.first, load: 0)
            let other = try await world.issueCard(number: Self.second, load: 0, holder: nil)
            let content = bytes("\(Self.first),100.00,补贴\n\(Self.second),1000.00,补贴\n")
            let id = world.store.clock.makeID()
            try await files.ask(id, name: "a.csv", bytes: content, by: issuer, at: world.now)
            try await world.cards.freeze(card, reason: "可疑", by: issuer, at: world.now)
            await #expect(throws: CardsRefusal.loadFileNotRight) {
                try await files.approve(id, by: supervisor, at: world.now)
            }
            let shown = try await files.show(id, by: supervisor)
            #expect(shown.rows.map(\.fault) == [.cardNotActive, nil])
            try await world.cards.unfreeze(card, reason: "正常", by: supervisor, at: world.now)
            // A bearer card holds ¥1,000 at most: with one fen on it the row is one too much.
            let load = world.store.clock.makeID()
            try await world.cards.askLoad(
                load, card: other, amount: Money(fen: 1), reason: "补", by: issuer, at: world.now)
            try await world.cards.approveLoad(load, by: supervisor, at: world.now)
            await #expect(throws: CardsRefusal.loadFileNotRight) {
                try await files.approve(id, by: supervisor, at: world.now)
            }
            try await files.refuse(id, by: supervisor, at: world.now)
            try await files.ask(
                world.store.clock.makeID(), name: "a.csv",
                bytes: bytes("\(Self.first),100.00,补贴\n"), by: issuer, at: world.now)
            let loaded = try await world.number(
                "SELECT sum(balance)::bigint AS n FROM account WHERE kind = 'card'")
            #expect(loaded == 1)
        }
    }

    @Test func `unknown, closed, test and doubled cards are named in the preview`() async throws {
        try await withDesk { world in
            let issuer = try await world.actor("issuer")
            let files = LoadFiles(store: world.store)
            let frozen = try await world.issueCard(number: Self.first, load: 0)
            try await world.cards.freeze(frozen, reason: "可疑", by: issuer, at: world.now)
            _ = try await world.issueCard(number: Self.second, load: 0, isTest: true)
            let read = try await files.preview(
                bytes(
                    """
                    \(Self.first),1.00,补贴
                    \(Self.second),1.00,补贴
                    \(Self.second),1.00,补贴
                    6160201901100009,1.00,补贴
                    """), by: issuer)
            #expect(
                read.bad.map { "\($0.line) \($0.fault.rawValue)" } == [
                    "2 card_not_active", "3 card_test", "4 card_repeated", "5 card_unknown",
                ])
        }
    }
}
