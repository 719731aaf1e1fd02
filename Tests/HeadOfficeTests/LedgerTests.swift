import Domain
import HeadOffice
import PostgresDriver
import Testing

struct LedgerTests {
    private let funding = LedgerAccount(.programmeFunding, of: 1, in: .real)
    private let card = LedgerAccount(.card, of: 7, in: .real)

    private func load(
        _ fen: Int64, id: RecordID, at instant: Instant = TestOffice.morning
    ) -> NewTransfer {
        NewTransfer(
            .load, from: funding, to: card, amount: Money(fen: fen), businessAt: instant,
            sourceID: id, storeID: nil, cardID: nil)
    }

    @Test func `posting moves balances and every book sums to zero`() async throws {
        try await withOffice { office in
            let store = office.store
            let transfers = [
                load(1_000, id: store.clock.makeID()), load(250, id: store.clock.makeID()),
            ]
            try await store.write { try Ledger.post($0, transfers, at: TestOffice.morning) }
            let balances = try await store.read { session in
                try Ledger.lock(session, [card, funding]).mapValues(\.balance)
            }
            #expect(balances == [card: Money(fen: 1_250), funding: Money(fen: -1_250)])
            let proof = try await LedgerProof.make(store)
            #expect(proof.isRight)
            #expect(proof.sums == ["real": 0])
            #expect(proof.transferCount == 2)
        }
    }

    @Test func `a source is posted once only`() async throws {
        try await withOffice { office in
            let transfer = load(1_000, id: office.store.clock.makeID())
            try await office.store.write {
                try Ledger.post($0, [transfer], at: TestOffice.morning)
            }
            await #expect(throws: PostgresError.self) {
                try await office.store.write {
                    try Ledger.post($0, [transfer], at: TestOffice.morning)
                }
            }
            #expect(try await LedgerProof.make(office.store).transferCount == 1)
        }
    }

    @Test func `a card never falls below what is held`() async throws {
        try await withOffice { office in
            let store = office.store
            let loaded = load(1_000, id: store.clock.makeID())
            try await store.write {
                try Ledger.post(
                    $0, [loaded], releasing: [card: Money(fen: -600)], at: TestOffice.morning)
            }
            let spent = NewTransfer(
                .sale, from: card, to: LedgerAccount(.storePayable, of: 1, in: .real),
                amount: Money(fen: 401), businessAt: TestOffice.morning,
                sourceID: store.clock.makeID(), storeID: nil, cardID: nil)
            let error = await #expect(throws: PostgresError.self) {
                try await store.write { try Ledger.post($0, [spent], at: TestOffice.morning) }
            }
            #expect(error?.constraintName == "ck_account_card_covered")
        }
    }

    @Test func `what a closed month missed is booked in the next open one`() async throws {
        try await withOffice { office in
            let store = office.store
            let october = try #require(TradingMonth.parse("2026-10"))
            try await store.write { session in
                try session.execute(
                    """
                    INSERT INTO accounting_month (month, closed_at)
                    VALUES (\(october.firstDay), \(TestOffice.morning))
                    """)
            }
            let late = load(500, id: store.clock.makeID(), at: october.start)
            let early = load(
                500, id: store.clock.makeID(),
                at: october.start.adding(milliseconds: -1))
            try await store.write {
                try Ledger.post($0, [late, early], at: TestOffice.morning)
            }
            let months = try await store.read { session in
                try session.query(
                    "SELECT business_date, accounting_month FROM transfer ORDER BY transfer_id"
                ).map { row in
                    let day: BusinessDate = try row["business_date"]
                    let month: BusinessDate = try row["accounting_month"]
                    return "\(day) in \(month.tradingMonth)"
                }
            }
            #expect(months == ["2026-10-01 in 2026-11", "2026-09-30 in 2026-11"])
        }
    }

    @Test func `a closing waits for postings under way`() async throws {
        try await withOffice { office in
            let transfer = load(1, id: office.store.clock.makeID())
            try await office.store.write { session in
                try Ledger.post(session, [transfer], at: TestOffice.morning)
                let modes = try session.query(
                    """
                    SELECT mode FROM pg_locks
                    WHERE relation = 'accounting_month'::regclass AND mode = 'RowShareLock'
                      AND pid = pg_backend_pid()
                    """)
                #expect(modes.count == 1)
            }
        }
    }

    @Test func `the proof finds a balance that was tampered with`() async throws {
        try await withOffice { office in
            let store = office.store
            let transfer = load(1_000, id: store.clock.makeID())
            try await store.write { try Ledger.post($0, [transfer], at: TestOffice.morning) }
            try await store.read { session in
                try session.execute(
                    "UPDATE account SET balance = balance + 1, held = 5 WHERE kind = 'card'")
            }
            let proof = try await LedgerProof.make(store)
            #expect(!proof.isRight)
            let difference = try #require(proof.differences.first)
            #expect(difference.balance == 1_001 && difference.proved == 1_000)
            #expect(difference.held == 5 && difference.provedHeld == 0)
            #expect(proof.sums["real"] == 1)
        }
    }
}
