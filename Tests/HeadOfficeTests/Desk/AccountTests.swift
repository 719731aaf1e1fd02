import Domain
import PostgresDriver
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
            for _ in 1...5 { try await expectSignIn("wrong", "web.wrongPassword") }
            try await expectSignIn(DeskWorld.password, "web.tooManyAttempts")
            world.office.time.move(milliseconds: 15 * 60_000 - 1)
            try await expectSignIn(DeskWorld.password, "web.tooManyAttempts")
            world.office.time.move(milliseconds: 1)
            try await expectSignIn(DeskWorld.password, "finance")
            for _ in 1...4 { try await expectSignIn("wrong", "web.wrongPassword") }
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
