import Domain
import Foundation
import GRDB
import Journal
import Logging
import Testing

@testable import Till

/// Copies of a till's data: nothing that was committed is missing, and nothing secret is in them.
struct DurabilityTests {
    private let till: EnrolledTill

    init() async throws {
        till = try await EnrolledTill()
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
    }

    private func sellOffline(_ count: Int) async throws {
        let checkout = till.makeCheckout { _ in nil }
        for _ in 0..<count {
            _ = try await till.store.addToBasket(of: "li", code: "YP0003", quantity: 1)
            let payment = try await checkout.begin(login: "li")
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
            try await checkout.takeOffline(payment)
        }
    }

    private func backup(of folder: TemporaryFolder) throws -> TillBackup {
        let configuration = try TillConfiguration(
            environment: ["HUIYIKA_TILL_DATA": folder.url.path], file: nil)
        return TillBackup(configuration: configuration, logger: Logger(label: "test"))
    }

    @Test func `a backup taken while selling holds every sale that was committed (O-28)`()
        async throws
    {
        try await sellOffline(5)
        let file = till.folder.url.appending(path: "copy.sqlite").path
        // The till holds its folder and goes on selling.
        let words = try await backup(of: till.folder).backUp(to: file)
        #expect(words.contains("unsent sales: 5, ¥4.95"))
        #expect(words.contains("check: ok"))
        try await sellOffline(1)
        let bytes = try Data(contentsOf: URL(filePath: file))
        let secrets = try #require(try TillSecrets.load(from: till.store.folder))
        #expect(bytes.range(of: secrets.signingKey) == nil)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        await #expect(throws: TillStartError.self) {
            try await backup(of: till.folder).backUp(to: file)
        }

        let elsewhere = try TemporaryFolder()
        #expect(
            try await backup(of: elsewhere).restore(from: file).contains("unsent records: 5"))
        let restored = try elsewhere.openStore()
        let unsent = try await restored.read { try Unsent.load(in: $0) }
        #expect(unsent.saleCount == 5)
        // Without its key the copy is nobody: it can neither sell nor send.
        await #expect(throws: TillStoreError.self) {
            try await restored.read { try TillIdentity.load(nil, in: $0) }
        }
        try restored.close()
        await #expect(throws: TillStartError.self) {
            try await backup(of: elsewhere).restore(from: file)
        }
    }

    private static let confirmationKey = (0..<32).map { UInt8(0x5E) ^ $0 }

    @Test func `keys of confirmation codes are in no backup`() async throws {
        try await till.store.write { database in
            try database.execute(
                sql: """
                    INSERT INTO confirmation_key (number, key, address, received_at)
                    VALUES (1, ?, 'https://phone.test', 1)
                    """,
                arguments: [Data(Self.confirmationKey)])
        }
        let file = till.folder.url.appending(path: "copy.sqlite").path
        _ = try await backup(of: till.folder).backUp(to: file)
        let copy = try DatabaseQueue(path: file)
        let left = try await copy.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM confirmation_key")
        }
        #expect(left == 0)
        #expect(
            try Data(contentsOf: URL(filePath: file)).range(
                of: Data(Self.confirmationKey)) == nil)
    }

    @Test func `a file of unsent records holds them all, signed, and a readable list`()
        async throws
    {
        try await sellOffline(3)
        let file = till.folder.url.appending(path: "unsent.json").path
        #expect(try await backup(of: till.folder).exportUnsent(to: file) == 3)
        let bytes = try Data(contentsOf: URL(filePath: file))
        var export = try UnsentExport(bytes: Array(bytes))
        #expect(export.till == "GD0001-01")
        let key = till.identity.signingKey.verifyingKey
        #expect(export.frames.allSatisfy { $0.isValid(key) })
        let frame = try BatchFrame(decoding: export.frames[0].bytes)
        #expect(frame.entries.count == 3)
        #expect(frame.entries.allSatisfy { $0.credential != nil })
        export.frames[0].bytes[20] ^= 1
        #expect(!export.frames[0].isValid(key))
        let text = try String(contentsOfFile: file + ".txt", encoding: .utf8)
        #expect(text.contains("3 笔 sales, ¥2.97"))
        #expect(text.contains("GD0001-01-20261125-0003"))
        #expect(!text.contains(EnrolledTill.numbers.first))
        // Nothing was marked as sent.
        #expect(try await till.store.read { try Unsent.load(in: $0) }.recordCount == 3)
    }

    @Test func `a renewed till keeps every record at its place under the new chain`() async throws {
        try await sellOffline(2)
        try await till.store.applyVerdicts(
            [
                RecordVerdict(
                    businessTime: till.clock.now, code: nil, id: nil, sequence: 1, state: .posted)
            ], at: till.clock.now)
        try await till.store.stopSelling(.fork)
        let key = try #require(
            SigningKey(rawRepresentation: till.clock.world.bytes(32)))
        let grant = EnrolmentGrant(
            beacon: "", epoch: 2, fingerprintKey: till.identity.fingerprintKey,
            sealingKey: till.openingKey.sealingKey, signingKey: till.officeKey.verifying,
            store: .init(
                address: "", code: "GD0001", name: "", province: "44", telephone: ""),
            till: "GD0001-01")
        let now = till.clock.now
        try await till.store.write {
            try Renewal.apply(
                grant, office: "https://office.test", publicKey: key.verifyingKey, at: now,
                in: $0)
        }
        let secrets = TillSecrets(
            signingKey: Data(key.rawRepresentation),
            fingerprintKey: Data(till.identity.fingerprintKey.rawRepresentation))
        let identity = try #require(
            try await till.store.read { try TillIdentity.load(secrets, in: $0) })
        #expect(identity.epoch == 2)
        let check = try await till.store.read {
            try JournalBook(identity).verify(publicKey: key.verifyingKey, in: $0)
        }
        #expect(check.brokenAt == nil)
        #expect(check.recordCount == 2)
        // Everything is sent again, and the verdict that was known stands.
        #expect(try await till.store.syncStart().acknowledged == 0)
        #expect(try await till.store.read { try Unsent.load(in: $0) }.recordCount == 1)
        try await till.store.applyVerdicts(
            [
                RecordVerdict(
                    businessTime: now, code: nil, id: nil, sequence: 1, state: .duplicate),
                RecordVerdict(
                    businessTime: now, code: nil, id: nil, sequence: 2, state: .posted),
            ], at: now)
        #expect(try await till.store.syncStart().acknowledged == 2)
        let verdicts = try await till.store.read {
            try String.fetchAll($0, sql: "SELECT verdict FROM journal_record ORDER BY seq")
        }
        #expect(verdicts == ["posted", "posted"])
        let state = try await till.store.read { try SyncState.load(in: $0) }
        #expect(state.stop == nil)
        #expect(state.isRolledBack)
    }

    @Test func `a till with unsent records refuses to be reset (S-6)`() async throws {
        try await sellOffline(1)
        try till.store.close()
        let configuration = try TillConfiguration(
            environment: ["HUIYIKA_TILL_DATA": till.folder.url.path], file: nil)
        let maintenance = TillMaintenance(
            configuration: configuration, logger: Logger(label: "test"))
        await #expect(throws: TillStartError.self) { try await maintenance.reset() }
        let store = try till.folder.openStore()
        #expect(try await store.read { try Unsent.load(in: $0) }.saleCount == 1)
        try store.close()
    }
}

/// The till's disk in trouble (O-27).
struct DiskTroubleTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    @Test
    func `a second program that holds the write lock gives a clear refusal, no half sale (O-27 e)`()
        async throws
    {
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
        var holding = Configuration()
        holding.allowsUnsafeTransactions = true
        let outsider = try DatabaseQueue(
            path: till.store.folder.databasePath, configuration: holding)
        try await outsider.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        let refusal = await #expect(throws: TillStoreError.self) {
            try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1)
        }
        #expect(refusal?.code == .unavailable)
        // Reading goes on meanwhile.
        #expect(try await till.store.basket(of: "li").lines.isEmpty)
        try await outsider.writeWithoutTransaction { try $0.rollback() }
        try outsider.close()
        #expect(
            try await till.store.addToBasket(of: "li", code: "YP0001", quantity: 1).lines.count == 1
        )
    }

    @Test func `a till that starts while another program holds its file says so, and starts later`()
        async throws
    {
        try till.store.close()
        var holding = Configuration()
        holding.allowsUnsafeTransactions = true
        let outsider = try DatabaseQueue(
            path: till.store.folder.databasePath, configuration: holding)
        try await outsider.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        let refusal = #expect(throws: TillStoreError.self) { try till.folder.openStore() }
        #expect(refusal?.code == .unavailable)
        try await outsider.writeWithoutTransaction { try $0.rollback() }
        try outsider.close()
        try till.folder.openStore().close()
    }

    @Test func `verdicts that could not be stored leave the records to be sent again (O-27 a)`()
        async throws
    {
        try await till.store.recordStart(
            id: till.clock.world.makeID(), at: till.clock.now, identity: till.identity)
        try await till.store.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER full BEFORE UPDATE OF verdict ON journal_record
                    BEGIN SELECT RAISE(ABORT, 'no room'); END
                    """)
        }
        let verdict = RecordVerdict(
            businessTime: till.clock.now, code: nil, id: nil, sequence: 1, state: .posted)
        await #expect(throws: DatabaseError.self) {
            try await till.store.applyVerdicts([verdict], at: till.clock.now)
        }
        #expect(try await till.store.syncStart().acknowledged == 0)
        #expect(try await till.store.read { try Unsent.load(in: $0) }.recordCount == 1)
        try await till.store.write { try $0.execute(sql: "DROP TRIGGER full") }
        try await till.store.applyVerdicts([verdict], at: till.clock.now)
        #expect(try await till.store.syncStart().acknowledged == 1)
    }
}
