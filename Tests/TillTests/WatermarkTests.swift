import Domain
import Foundation
import GRDB
import Journal
import Testing
import WebSupport

@testable import Till

struct WatermarkTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func card(_ version: Int64, blocked: Bool?) throws -> ChangeItem {
        let key = try till.fingerprint(EnrolledTill.numbers.first).text
        return ChangeItem(
            topic: .card, key: key, version: version,
            body: blocked.map { .card(.init(isBlocked: $0, isTest: false)) } ?? .removed)
    }

    private func isBlocked(_ store: TillStore? = nil) async throws -> Bool {
        try await (store ?? till.store).read {
            try Bool.fetchOne($0, sql: "SELECT max(blocked) FROM card_flag") ?? false
        }
    }

    private func state(_ store: TillStore) async throws -> SyncState {
        try await store.read { try SyncState.load(in: $0) }
    }

    /// Copies the closed till's database to a place aside, or back.
    private func copyDatabase(from: String, to: String) throws {
        let folder = till.folder.url
        for end in ["", "-wal", "-shm"] {
            let target = folder.appending(path: to + end)
            try? FileManager.default.removeItem(at: target)
            let source = folder.appending(path: from + end)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: target)
        }
    }

    @Test func `an older removal lifts no block, and an older word does not undo a removal`()
        async throws
    {
        try await till.apply([try card(20, blocked: true)])
        try await till.apply([try card(19, blocked: nil)])
        #expect(try await isBlocked())
        try await till.apply([try card(21, blocked: nil)])
        #expect(try await !isBlocked())
        try await till.apply([try card(20, blocked: true)])
        #expect(try await !isBlocked())
        try await till.apply([try card(22, blocked: true)])
        #expect(try await isBlocked())
    }

    @Test func `older removals and words of every other topic change nothing`() async throws {
        func row(_ sql: String) async throws -> Int? {
            try await till.store.read { try Int.fetchOne($0, sql: sql) }
        }
        for (topic, key) in [
            (ChangeItem.Topic.limits, "GD"), (.limits, "*"), (.account, "li"), (.programme, "GD"),
            (.product, "YP0001"),
        ] {
            try await till.apply([
                ChangeItem(topic: topic, key: key, version: 0, body: .removed)
            ])
        }
        #expect(try await row("SELECT count(*) FROM programme_limit") == 1)
        #expect(try await row("SELECT count(*) FROM till_limit") == 1)
        #expect(try await row("SELECT count(*) FROM account WHERE login = 'li'") == 1)
        #expect(try await row("SELECT count(*) FROM programme") == 1)
        #expect(try await row("SELECT count(*) FROM product WHERE sku = 'YP0001'") == 1)
        func store(_ version: Int64, suspended: Bool) -> ChangeItem {
            ChangeItem(
                topic: .store, key: "self", version: version,
                body: .store(
                    .init(
                        address: "天河路 1 号", code: "GD0001", faultTelephone: "401", name: "天河店",
                        province: "44", serviceTelephone: "400", isSuspended: suspended,
                        telephone: "020")))
        }
        try await till.apply([store(5, suspended: true)])
        try await till.apply([store(4, suspended: false)])
        #expect(try await row("SELECT suspended FROM store_info") == 1)
        try await till.apply([store(6, suspended: false)])
        #expect(try await row("SELECT suspended FROM store_info") == 0)
    }

    @Test func `a negative limit is none at all and stops no pull`() async throws {
        try await till.apply([
            ChangeItem(
                topic: .limits, key: "GD", version: 30,
                body: .programmeLimits(
                    .init(perCard: Money(fen: -1), perSale: Money(fen: -500)))),
            ChangeItem(
                topic: .limits, key: "*", version: 31,
                body: .tillLimits(
                    .init(
                        amberAfter: -1, redAfter: 86_400, tillCount: -5,
                        tillTotal: Money(fen: -9)))),
            try card(32, blocked: true),
        ])
        #expect(try await isBlocked())
        let limits = try #require(
            try await till.store.read { try StandIn.limits(programme: "GD", in: $0) })
        #expect(limits.perSale == .zero)
        #expect(limits.perCard == .zero)
        #expect(limits.tillTotal == .zero)
        #expect(limits.tillCount == 0)
        #expect(limits.amberAfter == 0)
    }

    @Test func `a database put back to an old copy is red until the next complete pull`()
        async throws
    {
        try till.store.close()
        try copyDatabase(from: "till.sqlite", to: "old")
        var store = try till.folder.openStore()
        #expect(try await !state(store).isRolledBack)
        let blocked = ChangesReply(
            beacon: "", complete: .init(at: till.clock.now, version: .start),
            items: [try card(40, blocked: true)], next: .start)
        try await store.applyChanges(blocked)
        try store.close()
        try copyDatabase(from: "old", to: "till.sqlite")

        store = try till.folder.openStore()
        #expect(try await !isBlocked(store))
        #expect(try await state(store).isRolledBack)
        #expect(try await state(store).contactAge(at: till.clock.now) == nil)
        let fingerprint = try till.fingerprint(EnrolledTill.numbers.second)
        try await store.storeApproval(fingerprint, at: till.clock.now)
        let paying = PaymentCard(
            fingerprint: fingerprint, mask: "…", programme: "GD", isTest: false)
        let now = till.clock.now
        await #expect(throws: StandInRefusal.contactTooOld(age: nil, redAfter: 86_400)) {
            try await store.read {
                try StandIn.check(amount: Money(fen: 100), card: paying, at: now, in: $0)
            }
        }
        // Still so after another restart, and over once head office has said everything again.
        try store.close()
        store = try till.folder.openStore()
        #expect(try await state(store).isRolledBack)
        try await store.applyChanges(blocked)
        #expect(try await isBlocked(store))
        #expect(try await state(store).contactAge(at: now) == 0)
        try store.close()
        store = try till.folder.openStore()
        #expect(try await !state(store).isRolledBack)
        try store.close()
    }

    @Test func `a file of the highest time that is gone counts as an old copy`() async throws {
        let path = till.store.folder.watermarkPath
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        try till.store.close()
        try FileManager.default.removeItem(atPath: path)
        let store = try till.folder.openStore()
        #expect(try await state(store).isRolledBack)
        try store.close()
    }

    @Test func `the highest time outlives the database that knew it`() async throws {
        try till.store.close()
        try copyDatabase(from: "till.sqlite", to: "old")
        var store = try till.folder.openStore()
        try await store.noteTime(till.clock.now.adding(milliseconds: 7_200_000))
        try store.close()
        try copyDatabase(from: "old", to: "till.sqlite")
        store = try till.folder.openStore()
        let age = try #require(try await state(store).contactAge(at: till.clock.now))
        #expect(age < 0)
        try store.close()
    }

    @Test func `an old copy of the database opens no locked account`() async throws {
        try till.store.close()
        try copyDatabase(from: "till.sqlite", to: "old")
        var store = try till.folder.openStore()
        let staff = StaffSignIn(
            store: store, passwords: PasswordWorker(), world: till.clock.world)
        for _ in 1...5 {
            await #expect(throws: RequestRefusal.self) {
                try await staff.check(login: "li", password: "no")
            }
        }
        try store.close()
        try copyDatabase(from: "old", to: "till.sqlite")
        store = try till.folder.openStore()
        let again = StaffSignIn(
            store: store, passwords: PasswordWorker(), world: till.clock.world)
        await #expect(throws: RequestRefusal.tooManyAttempts(waitSeconds: 900)) {
            try await again.check(login: "li", password: EnrolledTill.password)
        }
        try store.close()
    }

    @Test func `a manager acts for seven days without contact, others sign in for thirty`()
        async throws
    {
        let verifier = try await till.store.read {
            try Accounts.find("li", in: $0)?.verifier ?? ""
        }
        func wang(_ version: Int64, isDisabled: Bool) -> ChangeItem {
            ChangeItem(
                topic: .account, key: "wang", version: version,
                body: .account(
                    .init(
                        isDisabled: isDisabled, login: "wang", name: "王店长",
                        roles: [.cashier, .manager], verifier: verifier)))
        }
        try await till.apply([wang(2, isDisabled: false)])
        let staff = StaffSignIn(
            store: till.store, passwords: PasswordWorker(), world: till.clock.world)
        let password = EnrolledTill.password
        let approval = ManagerApproval(signIn: staff)
        func allow(_ login: String) async throws -> String {
            try await approval.check(
                OverrideEntry(login: login, password: password, reason: "老顾客")
            ).by
        }
        #expect(try await allow("wang") == "wang")
        await #expect(throws: OverrideRefusal.notManager) { try await allow("li") }
        till.clock.advance(seconds: 7 * 86_400)
        #expect(try await allow("wang") == "wang")
        till.clock.advance(seconds: 1)
        await #expect(throws: OverrideRefusal.knowledgeTooOld) { try await allow("wang") }
        till.clock.advance(seconds: 23 * 86_400 - 1)
        #expect(try await staff.check(login: "wang", password: password).account == "wang")
        till.clock.advance(seconds: 1)
        await #expect(throws: AccountRefusal.knowledgeTooOld) {
            try await staff.check(login: "wang", password: password)
        }
        try await till.apply([wang(3, isDisabled: true)])
        await #expect(throws: (any Error).self) { try await allow("wang") }
    }

    @Test func `what a disabled account sold before the till knew stands and is pointed out`()
        async throws
    {
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        till.clock.advance(seconds: 60)
        _ = try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
        let sale = try await checkout.begin(login: "li")
        try await checkout.attempt(sale, number: EnrolledTill.numbers.first, password: "123456")
        try await till.apply([
            ChangeItem(
                topic: .account, key: "li", version: 9,
                body: .account(
                    .init(
                        isDisabled: true, login: "li", name: "李丽", roles: [.cashier],
                        verifier: "none")))
        ])
        let doubts = try await till.store.read { try Accounts.doubts(in: $0) }
        #expect(doubts.map(\.login) == ["li"])
        #expect(doubts.first?.saleCount == 1)
        #expect(doubts.first?.saleTotal == 1_850)
        #expect(
            try await till.store.read { try TillStore.committedSale(sale.description, in: $0) }
                != nil)
    }
}
