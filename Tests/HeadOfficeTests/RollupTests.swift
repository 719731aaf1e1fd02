import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

/// The sums that reports read are the transfers' at every commit.
struct RollupTests {
    private static let number = "6160201901100002"
    private static let november = TradingMonth(TestOffice.morning)

    private func withSales(_ body: (DeskWorld, Int64) async throws -> Void) async throws {
        try await withDesk { world in
            _ = try await world.store.write { session in
                try session.execute("UPDATE store SET fee_per_million = 6150")
            }
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            let test = try await world.issueCard(
                number: "6160201901100010", load: 1_000, isTest: true)
            for day in 0..<3 {
                let at = world.now.adding(milliseconds: -Int64(day) * 86_400_000)
                let sold = try await world.sell(
                    [.init(price: 1_000, quantity: 2)], card: card, number: Self.number,
                    paid: day == 1 ? 1_500 : 2_000, at: at, mode: day == 2 ? "stand_in" : "phone")
                guard day == 0 else { continue }
                let request = try await world.request(
                    sold, [0: 1], amount: 1_000, number: Self.number)
                try await world.refunds.decide(
                    request, .approved, opinion: "同意", digest: try await world.digest(request),
                    by: try await world.actor("approver"), at: world.now)
            }
            _ = try await world.sell(
                [.init(price: 50, quantity: 1)], card: test, number: "6160201901100010",
                isTest: true)
            try await body(world, card)
        }
    }

    private func rows(_ world: DeskWorld, _ table: String) async throws -> [String] {
        try await world.store.read { session in
            try session.query(
                "SELECT row::text AS text FROM \(unsafeSQL: table) AS row ORDER BY 1"
            ).map { try $0["text"] }
        }
    }

    @Test func `a day's row holds sales, disputes, refunds and stand-in, and no test card`()
        async throws
    {
        try await withSales { world, _ in
            let days = try await rows(world, "sales_rollup")
            #expect(
                days.map { $0.split(separator: ",").dropFirst(2).joined(separator: ",") } == [
                    "2026-11-23,1,2000,0,0,1,2000)", "2026-11-24,1,2000,500,0,0,0)",
                    "2026-11-25,1,2000,0,1000,0,0)",
                ])
            let findings = try await LedgerProof.make(world.store).findings
            #expect(findings.isEmpty, "\(findings)")
            let differences = try await FullScan.differences(world.store)
            #expect(differences.isEmpty, "\(differences)")
            #expect(
                try await world.number(
                    """
                    SELECT sum(amount)::bigint AS n FROM movement_rollup
                    WHERE kind = 'load' AND book = 'real'
                    """) == 400_000)
        }
    }

    @Test func `the migration fills the roll-ups from transfers that were there before`()
        async throws
    {
        try await withSales { world, _ in
            let kept = [
                "sales_rollup", "moved_card_rollup", "account",
                """
                (SELECT accounting_month, book, store_id, programme_id, kind, payer, payee,
                        sale_count, amount, first_loads FROM movement_rollup)
                """,
            ]
            var before: [[String]] = []
            for table in kept { before.append(try await rows(world, table)) }
            let steps = try Migrations.bundled().steps.filter { $0.name.contains("_roll_up_") }
            #expect(steps.count == 2)
            try await world.store.write { session in
                try session.execute(
                    """
                    DROP TABLE sales_rollup, movement_rollup, moved_card_rollup, ledger_proof
                    """)
                try session.execute("ALTER TABLE account DROP first_month")
                for step in steps { try session.executeScript(unsafeSQL: step.text) }
            }
            for (table, rows) in zip(kept, before) {
                #expect(try await self.rows(world, table) == rows)
            }
        }
    }

    @Test func `a card counts in the earliest month in which its money moved`() async throws {
        try await withDesk { world in
            world.office.time.set(Self.november.end.adding(milliseconds: 3_600_000))
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            _ = try await world.issueCard(number: "6160201901100010", load: 100)
            func counted() async throws -> [String] {
                try await rows(world, "(SELECT * FROM moved_card_rollup WHERE card_count <> 0)")
            }
            #expect(try await counted() == ["(2026-12-01,real,1,2)"])
            _ = try await world.sell(
                [.init(price: 700, quantity: 1)], card: card, number: Self.number,
                at: Self.november.lastDay.start)
            #expect(
                try await counted() == ["(2026-11-01,real,1,1)", "(2026-12-01,real,1,1)"])
            let findings = try await LedgerProof.make(world.store).findings
            #expect(findings.isEmpty, "\(findings)")
            let differences = try await FullScan.differences(world.store)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test func `a proof compares what the newest closed month ended with`() async throws {
        try await withSales { world, _ in
            world.office.time.set(Self.november.end)
            try await MonthCloses(store: world.store).close(
                Self.november, by: try await world.actor("finance"), at: world.now)
            #expect(try await LedgerProof.make(world.store).findings.isEmpty)
            try await world.store.write { session in
                try session.execute("SET LOCAL session_replication_role = replica")
                try session.execute(
                    """
                    UPDATE closing_row SET cells[8] = '0.01'
                    WHERE report = 'trial-balance' AND cells[1] = 'real' AND cells[2] = 'card'
                    """)
            }
            let findings = try await LedgerProof.make(world.store).findings
            #expect(
                findings == [
                    "closing_row, month 2026-11-01, real, card of GD: (1,1), transfers say (1,395500)"
                ])
        }
    }

    @Test(arguments: [
        (
            "UPDATE sales_rollup SET gross = gross + 1 WHERE business_date = '2026-11-24'",
            "sales_rollup, month 2026-11-01, store 1, day 2026-11-24:"
        ),
        (
            "DELETE FROM sales_rollup WHERE business_date = '2026-11-23'",
            "sales_rollup, month 2026-11-01, store 1, day 2026-11-23: no row"
        ),
        (
            "UPDATE movement_rollup SET amount = amount - 1 WHERE kind = 'refund'",
            "movement_rollup, month 2026-11-01, real, store 1, programme 1, refund from store_payable"
        ),
        (
            "UPDATE movement_rollup SET amount = amount + 1 WHERE book = 'test' AND kind = 'sale'",
            "movement_rollup, month 2026-11-01, test, store 1, programme 1, sale from card"
        ),
        (
            "UPDATE moved_card_rollup SET card_count = 2 WHERE book = 'real'",
            "moved_card_rollup, month 2026-11-01, real, programme 1: 2, transfers say 1"
        ),
        (
            "UPDATE account SET first_month = '2026-10-01' WHERE kind = 'card' AND book = 'test'",
            "account "
        ),
        ("UPDATE account SET balance = balance + 1 WHERE kind = 'fees'", "book real sums to 1"),
    ])
    func `a proof names the first row that differs, and a rebuilding mends it`(
        damage: String, finding: String
    ) async throws {
        try await withSales { world, _ in
            let proofs = LedgerProofs(world.store)
            let before = try await proofs.make(at: world.now)
            #expect(before.findings.isEmpty)
            _ = try await world.store.write { try $0.execute(SQL(unsafeSQL: damage)) }
            let wrong = try await proofs.make(at: world.now)
            let first = try #require(wrong.findings.first)
            #expect(first.hasPrefix(finding), "\(first)")
            let kept = try await world.store.read { try LedgerProofs.latest(in: $0) }
            #expect(kept?.firstDifference == first && kept?.isRight == false)
            let finance = try await world.actor("finance")
            let audit = try await world.number(
                """
                SELECT count(*) AS n FROM audit
                WHERE action = 'ledger.prove' AND subject = 'wrong' AND detail ->> 'first' = \(first)
                """)
            #expect(audit == 1)
            #expect(try await world.finance.proof(by: finance)?.differenceCount ?? 0 > 0)
            _ = try await Rollups.rebuild(world.store, at: world.now)
            let after = try await proofs.make(at: world.now)
            #expect(after.findings.isEmpty, "\(after.findings)")
        }
    }

    @Test func `a proof finds a sale's fee that the transfers do not bear out`() async throws {
        try await withSales { world, _ in
            _ = try await world.store.write { session in
                try session.execute("UPDATE sale_fee SET fee = fee + 1 WHERE went_back > 0")
            }
            let changed = try await LedgerProof.make(world.store)
            #expect(changed.rowDifferences.map(\.table) == ["sale_fee"])
            #expect(changed.rowDifferences.first?.kept == "(2000,1000,13,6)")
            #expect(changed.rowDifferences.first?.proved == "(2000,1000,12,6)")
            _ = try await world.store.write { session in
                try session.execute("DELETE FROM sale_fee")
            }
            let gone = try await LedgerProof.make(world.store)
            #expect(gone.rowDifferences.map(\.kept) == ["no row", "no row", "no row"])
        }
    }

    @Test func `the night's proof is made once a business day, after 3 o'clock`() async throws {
        try await withSales { world, _ in
            let jobs = LedgerProofs(world.store)
            let day = BusinessDate(world.now).adding(days: 1)
            let early = try await jobs.makeNightly(at: day.start.adding(milliseconds: 10_799_999))
            let night = day.start.adding(milliseconds: 10_800_000)
            let first = try await jobs.makeNightly(at: night)
            let again = try await jobs.makeNightly(at: night.adding(milliseconds: 60_000))
            #expect(early == 0 && first == 1 && again == 0)
            let next = try await jobs.makeNightly(at: night.adding(milliseconds: 86_400_000))
            #expect(next == 1)
            #expect(
                try await world.number(
                    "SELECT count(*) AS n FROM ledger_proof WHERE is_right AND night IS NOT NULL")
                    == 2)
        }
    }

    @Test func `a settled snapshot agrees with its position while postings go on`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<15 {
                            _ = try await world.sell(
                                [.init(price: 100, quantity: 1)], card: card, number: Self.number)
                        }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<15 { try await expectAgreement(world) }
                    }
                }
                try await group.waitForAll()
            }
            try await expectAgreement(world)
            #expect(
                try await world.number("SELECT sum(gross)::bigint AS n FROM sales_rollup") == 4_500)
        }
    }

    private func expectAgreement(_ world: DeskWorld) async throws {
        let found = try await ReportSource.settled(world.store) { session, position in
            let row = try session.queryOne(
                """
                SELECT (SELECT coalesce(sum(gross), 0) FROM sales_rollup)::bigint AS kept,
                       coalesce(sum(amount), 0)::bigint AS moved,
                       (SELECT max(transfer_id) FROM transfer) AS position
                FROM transfer WHERE transfer_id <= \(position) AND kind = 'sale'
                """)
            return (
                kept: try row?.decode("kept", as: Int64.self),
                moved: try row?.decode("moved", as: Int64.self),
                isPosition: try row?.decode("position", as: Int64.self) == position
            )
        }
        #expect(found.kept == found.moved)
        #expect(found.isPosition)
    }

    @Test func `a reader of a settled snapshot holds no posting up`() async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 400_000)
            let modes = try await ReportSource.settled(world.store) { session, _ in
                try session.query(
                    """
                    SELECT mode FROM pg_locks
                    WHERE relation = 'accounting_month'::regclass AND pid = pg_backend_pid()
                    """
                ).map { try $0["mode"] as String }
            }
            #expect(!modes.contains("ExclusiveLock"), "\(modes)")
            _ = try await world.sell(
                [.init(price: 100, quantity: 1)], card: card, number: Self.number)
            #expect(
                try await world.number("SELECT sum(gross)::bigint AS n FROM sales_rollup") == 100)
        }
    }

    /// O-26: nothing is partitioned by a date, so no date can lack its partition; every odd one is booked and reported.
    @Test(
        arguments: [
            // The last millisecond and the first of a month in the stores' zone, and in UTC.
            ("2026-11-30", 86_399_999, "2026-11"), ("2026-12-01", 0, "2026-12"),
            ("2026-12-01", 8 * 3_600_000 - 1, "2026-12"), ("2026-12-01", 8 * 3_600_000, "2026-12"),
            ("2028-02-29", 43_200_000, "2028-02"), ("2026-12-31", 86_399_999, "2026-12"),
            ("2027-01-01", 0, "2027-01"),
            // 13 months ahead, 25 months back, a clock that began anew.
            ("2027-12-25", 0, "2027-12"), ("2024-10-25", 0, "2024-10"),
            ("1970-01-01", 0, "1970-01"),
        ])
    func `O-26: a sale of an odd date is kept, booked in its month and read by the reports`(
        date: String, milliseconds: Int64, month: String
    ) async throws {
        try await withDesk { world in
            let card = try await world.issueCard(number: Self.number, load: 10_000)
            let day = try #require(BusinessDate.parse(date))
            _ = try await world.sell(
                [.init(price: 700, quantity: 1)], card: card, number: Self.number,
                at: day.start.adding(milliseconds: milliseconds))
            let files = try await MonthCloseTests.files(
                world, try #require(TradingMonth.parse(month)))
            func text(_ name: String) -> String {
                String(decoding: files[name] ?? Data(), as: UTF8.self)
            }
            #expect(text("monthly-sales").contains(",\(date),1,7.00,0.00,0.00,7.00,0,"))
            #expect(text("ledger-detail").contains(",sale,card,"))
            #expect(
                text("trial-balance").contains("real,store_payable,GD0001,1,0.00,7.00,0.00,7.00"))
            let differences = try await FullScan.differences(world.store)
            #expect(differences.isEmpty, "\(differences)")
        }
    }
}
