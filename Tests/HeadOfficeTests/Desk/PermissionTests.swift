import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

/// Who may do what, asked of the pages as a browser would.
struct PermissionTests {
    struct Action: Sendable {
        let path: String
        let form: String
        let allowed: Set<StaffRole>
    }

    static let actions: [Action] = [
        Action(
            path: "/stores",
            form:
                "code=XX0001&name=n&province=44&address=a&telephone=t&settlementAccount=&feePercent=0.60",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/limits",
            form: "tillTotal=1.00&tillCount=1&amberHours=1&redHours=2",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/details",
            form:
                "name=n&address=a&telephone=t&settlementAccount=&serviceTelephone=&faultTelephone=",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/telephones", form: "serviceTelephone=400-1&faultTelephone=",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/suspend", form: "suspended=false",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/accounts",
            form: "login=li&name=n&password=till-demo-11&roles=cashier",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/accounts/disable", form: "login=zz&disabled=true",
            allowed: [.storeAdministrator]),
        Action(
            path: "/stores/GD0001/accounts/password", form: "login=zz&password=till-demo-11",
            allowed: [.storeAdministrator]),
        Action(
            path: "/tills/codes", form: "store=GD0001&till=", allowed: [.storeAdministrator]),
        Action(
            path: "/tills/enrolments/1", form: "verdict=approved",
            allowed: [.storeAdministrator]),
        Action(path: "/tills/ZZ0001-01/revoke", form: "x=", allowed: [.storeAdministrator]),
        Action(
            path: "/quarantine",
            form: "till=ZZ0001-01&epoch=1&sequence=1&verdict=released&reason=x",
            allowed: [.finance]),
        Action(
            path: "/quarantine",
            form: "till=ZZ0001-01&epoch=1&sequence=1&verdict=refused&reason=x",
            allowed: [.finance]),
        Action(
            path: "/staff",
            form: "person=&name=n&login=newone&password=office-demo-3&roles=auditor",
            allowed: [.operator]),
        Action(path: "/staff/disable", form: "login=zz&disabled=true", allowed: [.operator]),
        Action(path: "/staff/zz/roles", form: "roles=auditor", allowed: [.operator]),
        Action(path: "/staff/zz/password", form: "x=", allowed: [.operator]),
        Action(path: "/staff/zz/unlock", form: "x=", allowed: [.operator]),
        Action(path: "/staff/zz/second-factor", form: "x=", allowed: [.operator]),
        Action(path: "/staff/zz/sessions", form: "session=1", allowed: [.operator]),
        Action(
            path: "/refunds/01890a5d-ac96-774b-bcce-b302099a8057",
            form: "digest=00&verdict=approved&opinion=ok", allowed: [.approver]),
    ]

    @Test func `each act is for its roles and for no other, and none works without the secret`()
        async throws
    {
        try await withDesk { world in
            let web = try world.web()
            let application = Application(router: web.makeRouter())
            try await application.test(.router) { client in
                for role in StaffRole.allCases {
                    var browser = OfficeWebTests.Browser(client: client)
                    try await browser.signIn(role.rawValue.replacing("_", with: "-"))
                    for action in Self.actions {
                        let forged = try await browser.post(
                            action.path, action.form, token: "forged")
                        #expect(
                            String(buffer: forged.body).contains("form_expired"),
                            "\(role) \(action.path)")
                        let answer = try await browser.post(action.path, action.form)
                        let isRefused = String(buffer: answer.body).contains("role_missing")
                        #expect(
                            isRefused == !action.allowed.contains(role),
                            "\(role) \(action.path): \(answer.status)")
                        #expect(!isRefused || answer.status == .forbidden)
                        #expect(answer.status.code < 500, "\(role) \(action.path)")
                    }
                }
            }
        }
    }

    @Test func `telephones fall back from the store to the network to the setting`() async throws {
        try await withDesk { world in
            let administrator = try await world.actor("store-administrator")
            func shown() async throws -> String {
                try await world.store.read { session in
                    try session.queryOne(
                        """
                        SELECT body ->> 'serviceTelephone' AS service FROM change
                        WHERE topic = 'store' AND scope = 'GD0001'
                        """)?.decode("service", as: String.self) ?? ""
                }
            }
            #expect(try await shown() == "400-000-0001")
            try await world.stores.setTelephones(
                OfficeTelephones(service: "400-800-1", fault: ""), by: administrator,
                at: world.now)
            #expect(try await shown() == "400-800-1")
            func details(_ service: String) -> Stores.Details {
                Stores.Details(
                    name: "广州店", address: "广州", telephone: "020", settlementAccount: "",
                    telephones: OfficeTelephones(service: service, fault: ""))
            }
            try await world.stores.setDetails(
                details("020-1"), ofStore: "GD0001", by: administrator, at: world.now)
            #expect(try await shown() == "020-1")
            await #expect(throws: StoresRefusal.telephoneInvalid) {
                try await world.stores.setDetails(
                    details("<b>"), ofStore: "GD0001", by: administrator, at: world.now)
            }
        }
    }

    @Test func `an address has a bounded number of large bodies under way`() {
        let quota = BodyQuota(perAddress: 2, total: 3)
        #expect(quota.enter("a") && quota.enter("a") && !quota.enter("a"))
        #expect(quota.enter("b") && !quota.enter("c"))
        quota.leave("a")
        #expect(quota.enter("c") && !quota.enter("a"))
    }

    @Test func `the overview counts stores by their least fresh till and what may still come`()
        async throws
    {
        try await withDesk { world in
            let now = world.now
            try await world.store.write { session in
                try session.execute(
                    """
                    INSERT INTO till_key (till_id, epoch, public_key, created_at)
                    SELECT till_id, 1, \([UInt8](repeating: 1, count: 32)), \(now) FROM till
                    """)
            }
            func contact(_ hours: Int64, unsent: Int64) async throws -> Overview.ProvinceFreshness {
                let at = now.adding(milliseconds: -hours * 3_600_000)
                try await world.store.write { session in
                    try session.execute(
                        """
                        UPDATE till SET last_contact_at = \(at), unsent_value = \(unsent),
                            unsent_count = 1
                        """)
                }
                return try #require(
                    try await Overview(store: world.store).show(at: now).provinces.first)
            }
            let fresh = try await contact(1, unsent: 700)
            #expect(fresh.freshness == .green && fresh.atRisk == Money(fen: 700))
            let quiet = try await contact(5, unsent: 700)
            #expect(quiet.freshness == .amber && quiet.atRisk == Money(fen: 2_000_000))
            let silent = try await contact(30, unsent: 3_000_000)
            #expect(silent.freshness == .red && silent.atRisk == Money(fen: 3_000_000))
            // A claim that no till can have breaks nothing.
            let absurd = try await contact(1, unsent: .max)
            #expect(absurd.atRisk < Money(fen: .max))
        }
    }
}
