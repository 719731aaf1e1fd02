import Dispatch
import Domain
import PostgresDriver
import TestSupport
import Testing
import WebSupport

@testable import HeadOffice

struct AccountTests {
    @Test func `five wrong passwords lock a login for a quarter of an hour, the right one too`()
        async throws
    {
        try await withDesk { world in
            func expectSignIn(_ password: String, _ wanted: String) async throws {
                let outcome: String
                do {
                    outcome = try await world.accounts.signIn(
                        login: "finance", password: password, address: "127.0.0.1", at: world.now
                    ).account
                } catch let refusal as RequestRefusal { outcome = refusal.code }
                #expect(outcome == wanted)
            }
            for _ in 1...5 { try await expectSignIn("wrong", "sign_in_refused") }
            try await expectSignIn(DeskWorld.password, "too_many_attempts")
            world.office.time.move(milliseconds: 15 * 60_000 - 1)
            try await expectSignIn(DeskWorld.password, "too_many_attempts")
            world.office.time.move(milliseconds: 1)
            try await expectSignIn(DeskWorld.password, "finance")
            for _ in 1...4 { try await expectSignIn("wrong", "sign_in_refused") }
            try await expectSignIn(DeskWorld.password, "finance")
        }
    }

    @Test func `an unknown and a closed login answer like a wrong password`() async throws {
        try await withDesk { world in
            let keeper = try await world.actor("operator")
            try await world.accounts.setDisabled(
                true, login: "finance", by: keeper, at: world.now)
            for login in ["nobody", "finance"] {
                await #expect(throws: RequestRefusal.wrongPassword) {
                    try await world.accounts.signIn(
                        login: login, password: DeskWorld.password, address: "", at: world.now)
                }
            }
            await #expect(throws: AccountsRefusal.ownAccount) {
                try await world.accounts.setDisabled(
                    true, login: "operator", by: keeper, at: world.now)
            }
        }
    }

    @Test func `sessions that are over leave the database, others stay`() async throws {
        try await withDesk { world in
            for (key, hours) in [(UInt8(1), 12), (UInt8(2), 11)] {
                let began = world.now.adding(milliseconds: Int64(-hours * 3_600_000 - 1))
                try await world.store.write { session in
                    try session.execute(
                        """
                        INSERT INTO session (token_hash, staff_account_id, csrf_secret, language,
                                             created_at, last_seen_at)
                        SELECT \([UInt8](repeating: key, count: 32)), staff_account_id, '\\x00',
                               '', \(began), \(began)
                        FROM staff_account WHERE login = 'approver'
                        """)
                }
            }
            #expect(try await Jobs(world.store).sweep(now: world.now) == 1)
            #expect(try await Jobs(world.store).sweep(now: world.now) == 0)
            #expect(try await world.number("SELECT count(*) AS n FROM session") == 1)
        }
    }

    @Test func `two logins closed at the same moment both reach the tills as closed`()
        async throws
    {
        try await withDesk { world in
            let administrator = try await world.actor("store-administrator")
            for login in ["cashier1", "cashier2"] {
                try await world.stores.addAccount(
                    .init(login: login, name: "李", roles: [.cashier], password: "till-demo-11"),
                    toStore: "GD0001", by: administrator, at: world.now)
            }
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            let finish = DispatchSemaphore(value: 0)
            async let first: Void = world.store.write { session in
                let storeID = try Stores.storeID("GD0001", in: session)
                try session.execute(
                    "UPDATE store_account SET disabled = true WHERE login = 'cashier1'")
                try ChangeItems.publishAccounts(ofStore: storeID, in: session)
                signal.yield()
                finish.wait()
            }
            for await _ in begun { break }
            let second = Task {
                try await world.stores.setDisabled(
                    true, login: "cashier2", ofStore: "GD0001", by: administrator, at: world.now)
            }
            defer { finish.signal() }
            try await eventually("the second change waits for the first") {
                try await world.number(
                    """
                    SELECT count(*) AS n FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'
                    """) == 1
            }
            finish.signal()
            try await first
            try await second.value
            let closed = try await world.number(
                """
                SELECT count(*) AS n FROM change
                WHERE topic = 'account' AND (body ->> 'disabled')::boolean
                """)
            #expect(closed == 2)
        }
    }

    @Test func `a store login reaches its own store's tills and no other`() async throws {
        try await withDesk { world in
            try await world.stores.create(
                Stores.NewStore(
                    code: "JS0001", name: "南京店", province: "32", address: "南京", telephone: "025"),
                by: .setUp, at: world.now)
            let administrator = try await world.actor("store-administrator")
            try await world.stores.addAccount(
                Stores.NewAccount(
                    login: "cashier1", name: "甲", roles: [.cashier], password: "cashier-demo-1"),
                toStore: "GD0001", by: administrator, at: world.now)
            func accounts(_ store: String) async throws -> Int64 {
                try await world.number(
                    "SELECT count(*) AS n FROM change WHERE topic = 'account' AND scope = \(store)")
            }
            #expect(try await accounts("GD0001") == 1)
            #expect(try await accounts("JS0001") == 0)
            let accepted = try await world.number(
                """
                SELECT count(*) AS n FROM change
                WHERE topic = 'programme' AND (body ->> 'accepted')::boolean
                """)
            // The store in 44 takes GD, the store in 32 takes both.
            #expect(accepted == 3)
            let auditor = try await world.actor("auditor")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await world.stores.setSuspended(
                    true, store: "GD0001", by: auditor, at: world.now)
            }
        }
    }
}
