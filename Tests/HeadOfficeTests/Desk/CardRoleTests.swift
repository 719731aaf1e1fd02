import Domain
import PostgresDriver
import Testing

@testable import HeadOffice

/// Every role against every act on cards, programmes and the catalogue.
struct CardRoleTests {
    private struct Act {
        let name: String
        let allowed: Set<StaffRole>
        let run: @Sendable (DeskWorld, StaffActor) async throws -> Void

        init(
            _ name: String, _ allowed: Set<StaffRole>,
            _ run: @escaping @Sendable (DeskWorld, StaffActor) async throws -> Void
        ) {
            self.name = name
            self.allowed = allowed
            self.run = run
        }
    }

    private static let issuing: Set<StaffRole> = [.issuer, .issuingSupervisor]
    private static let readers: Set<StaffRole> = [
        .issuer, .issuingSupervisor, .approver, .finance, .auditor,
    ]
    private static let nobody: Int64 = 9_999_999

    private static let acts: [Act] = cardActs + requestActs + fileActs + otherActs

    private static let cardActs: [Act] = [
        Act("find", readers) { _ = try await $0.cards.find("0002", by: $1) },
        Act("list", readers) { _ = try await $0.cards.list(Cards.Filter(), by: $1) },
        Act("show", readers) { _ = try await $0.cards.show(nobody, by: $1) },
        Act("freeze", issuing) {
            try await $0.cards.freeze(nobody, reason: "x", by: $1, at: $0.now)
        },
        Act("unfreeze", [.issuingSupervisor]) {
            try await $0.cards.unfreeze(nobody, reason: "x", by: $1, at: $0.now)
        },
        Act("report lost", issuing) {
            try await $0.cards.reportLost(nobody, reason: "x", by: $1, at: $0.now)
        },
        Act("reset lock", [.issuingSupervisor]) {
            try await $0.cards.resetLock(nobody, reason: "x", by: $1, at: $0.now)
        },
        Act("set holder", issuing) {
            try await $0.cards.setHolder("张三", of: nobody, by: $1, at: $0.now)
        },
        Act("reveal", issuing) {
            _ = try await $0.cards.reveal(nobody, reason: "x", by: $1, at: $0.now)
        },
        Act("change password", issuing) {
            try await $0.cards.changePassword(
                of: nobody, from: "111111", to: "222222", by: $1, at: $0.now)
        },
        Act("ask load", issuing) {
            try await $0.cards.askLoad(
                $0.store.clock.makeID(), card: nobody, amount: Money(fen: 1), reason: "x", by: $1,
                at: $0.now)
        },
        Act("approve load", [.issuingSupervisor]) {
            try await $0.cards.approveLoad($0.store.clock.makeID(), by: $1, at: $0.now)
        },
        Act("refuse load", [.issuingSupervisor]) {
            try await $0.cards.refuseLoad($0.store.clock.makeID(), by: $1, at: $0.now)
        },
    ]

    private static let requestActs: [Act] =
        CardRequestKind.allCases.map { kind in
            Act("ask \(kind.rawValue)", issuing) {
                try await $0.cards.ask(
                    kind, $0.store.clock.makeID(), card: nobody, reason: "x", by: $1, at: $0.now)
            }
        } + [
            Act("approve request", [.issuingSupervisor]) {
                try await $0.cards.approveRequest($0.store.clock.makeID(), by: $1, at: $0.now)
            },
            Act("refuse request", [.issuingSupervisor]) {
                try await $0.cards.refuseRequest($0.store.clock.makeID(), by: $1, at: $0.now)
            },
            Act("waiting requests", readers) {
                _ = try await $0.cards.requests(AskedFilter(), limit: 1, by: $1)
            },
            Act("ask batch", [.issuer]) {
                try await $0.cards.askBatch(
                    programme: "NONE", quantity: 1, initialLoad: .zero, by: $1, at: $0.now)
            },
            Act("approve batch", [.issuingSupervisor]) {
                try await $0.cards.approveBatch(nobody, by: $1, at: $0.now)
            },
            Act("refuse batch", [.issuingSupervisor]) {
                try await $0.cards.refuseBatch(nobody, by: $1, at: $0.now)
            },
            Act("printer file", issuing) {
                _ = try await $0.cards.printerFile(nobody, by: $1, at: $0.now)
            },
        ]

    private static let fileActs: [Act] = [
        Act("register recipient", [.issuingSupervisor]) {
            try await $0.mailers.register(name: "x", publicKey: "", by: $1, at: $0.now)
        },
        Act("fetch mailers", issuing) {
            _ = try await $0.mailers.fetch(nobody, by: $1, at: $0.now)
        },
        Act("list mailers", readers) { _ = try await $0.mailers.list(by: $1) },
        Act("preview load file", issuing) {
            _ = try await LoadFiles(store: $0.store).preview([], by: $1)
        },
        Act("ask load file", issuing) {
            try await LoadFiles(store: $0.store).ask(
                $0.store.clock.makeID(), name: "x", bytes: [], by: $1, at: $0.now)
        },
        Act("approve load file", [.issuingSupervisor]) {
            try await LoadFiles(store: $0.store).approve(
                $0.store.clock.makeID(), by: $1, at: $0.now)
        },
        Act("refuse load file", [.issuingSupervisor]) {
            try await LoadFiles(store: $0.store).refuse(
                $0.store.clock.makeID(), by: $1, at: $0.now)
        },
        Act("list load files", readers) {
            _ = try await LoadFiles(store: $0.store).list(by: $1)
        },
    ]

    private static let otherActs: [Act] = [
        Act("preview catalogue", [.storeAdministrator]) {
            _ = try await $0.catalogue.preview([], by: $1)
        },
        Act("apply catalogue", [.storeAdministrator]) {
            try await $0.catalogue.apply([], by: $1, at: $0.now)
        },
        Act("list catalogue", [.storeAdministrator, .auditor]) {
            _ = try await $0.catalogue.list(by: $1)
        },
        Act("prices", [.storeAdministrator, .auditor]) {
            _ = try await $0.catalogue.prices(of: "none", by: $1)
        },
        Act(
            "list programmes",
            [.issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance]
        ) { _ = try await $0.programmes.list(by: $1) },
        Act("set acceptance", [.issuingSupervisor, .storeAdministrator]) {
            try await $0.programmes.setAcceptance(["99"], of: "GD", by: $1, at: $0.now)
        },
    ]

    @Test func `each role may do its acts and no other`() async throws {
        try await withDesk { world in
            for role in StaffRole.allCases {
                let actor = try await world.actor(role.rawValue.replacing("_", with: "-"))
                for act in Self.acts {
                    var isRefused = false
                    do {
                        try await act.run(world, actor)
                    } catch is RoleRefusal {
                        isRefused = true
                    } catch {}
                    #expect(
                        isRefused == !act.allowed.contains(role), "\(role.rawValue): \(act.name)")
                }
            }
            let cards = try await world.number("SELECT count(*) AS n FROM card")
            #expect(cards == 0)
        }
    }
}
