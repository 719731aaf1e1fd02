import Foundation
import GRDB
import Glibc
import Synchronization
import Testing

@testable import Till

struct TillStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `the writer commits with full synchronisation and the file is private`() async throws
    {
        let store = try folder.openStore()
        let settings = try await store.write { database in
            try ["synchronous", "foreign_keys", "trusted_schema", "secure_delete", "mmap_size"]
                .map { try Int.fetchOne(database, sql: "PRAGMA \($0)") }
        }
        #expect(settings == [2, 1, 0, 1, 0])
        for name in ["till.sqlite", "till.lock"] {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: folder.url.appending(path: name).path)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func `readers cannot write`() async throws {
        let store = try folder.openStore()
        await #expect(throws: DatabaseError.self) {
            try await store.read { try $0.execute(sql: "DELETE FROM product") }
        }
    }

    @Test func `a second process on the same data folder is refused`() throws {
        let store = try folder.openStore()
        #expect(throws: TillStoreError.self) { try folder.openStore() }
        do {
            _ = try folder.openStore()
        } catch let error as TillStoreError {
            #expect(error.code == .dataFileInUse)
        }
        try store.close()
    }

    @Test func `a refused lock closes nobody else's file`() throws {
        let folder = try DataFolder(path: folder.url.path)
        let held = try DataFolderLock(folder)
        let lost = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 2) { side in
            for _ in 0..<20_000 {
                if side == 0 {
                    _ = try? DataFolderLock(folder)
                } else {
                    let descriptor = Glibc.open("/dev/null", O_RDONLY)
                    if fcntl(descriptor, F_GETFD) < 0 { lost.withLock { $0 += 1 } }
                    close(descriptor)
                }
            }
        }
        #expect(lost.withLock { $0 } == 0)
        held.release()
    }

    @Test func `an edited migration and a newer file are refused`() throws {
        let bundled = try Migrations.bundled()
        try folder.openStore().close()
        var edited = bundled
        edited[0] = .init(name: bundled[0].name, text: bundled[0].text + "\n-- later thought")
        #expect(code { try folder.openStore(migrations: edited) } == .foreignSchema)
        #expect(code { try folder.openStore(migrations: []) } == .foreignSchema)
        let newer = bundled + [.init(name: "m9999_add_nothing", text: "CREATE TABLE t (x) ")]
        try folder.openStore(migrations: newer).close()
        #expect(code { try folder.openStore() } == .foreignSchema)
    }

    @Test func `a failing migration leaves nothing behind`() throws {
        let broken =
            try Migrations.bundled() + [
                .init(name: "m9999_break", text: "CREATE TABLE half (x INTEGER); SELECT nonsense;")
            ]
        #expect(throws: (any Error).self) { try folder.openStore(migrations: broken) }
        try folder.openStore().close()
    }

    @Test func `a damaged file is refused`() async throws {
        let store = try folder.openStore()
        try await store.write { database in
            for index in 0..<400 {
                let product = Product(
                    sku: "S\(index)", barcode: "", name: "感冒颗粒\(index)", spec: "盒", price: 1,
                    isOnSale: true)
                try Catalogue.apply(product, version: 1, in: database)
            }
        }
        try store.close()
        let path = folder.url.appending(path: "till.sqlite")
        var bytes = try Data(contentsOf: path)
        for offset in stride(from: 8_192, to: bytes.count - 64, by: 4_096) {
            bytes.replaceSubrange(offset..<(offset + 64), with: Data(repeating: 0x5A, count: 64))
        }
        try bytes.write(to: path)
        #expect(throws: (any Error).self) { try folder.openStore() }
    }

    @Test func `a disk that fails after COMMIT is asked again, and answers what is true`()
        async throws
    {
        let store = try folder.openStore()
        store.afterCommit.withLock { hook in
            hook = { throw DatabaseError(resultCode: .SQLITE_IOERR) }
        }
        let answer = try await store.write(
            lookUp: { try Int.fetchOne($0, sql: "SELECT wrong_count FROM account_lock") },
            { database in
                try database.execute(
                    sql: "INSERT INTO account_lock (login, wrong_count) VALUES ('a', 3)")
                return 3
            })
        #expect(answer == 3)
        let absent: TillStoreError.Code? = await codeAwaited {
            _ = try await store.write(
                lookUp: { try Int.fetchOne($0, sql: "SELECT 1 FROM product") }, { _ in 1 })
        }
        #expect(absent == .notCommitted)
        let unread: TillStoreError.Code? = await codeAwaited {
            _ = try await store.write(
                lookUp: { _ in throw DatabaseError(resultCode: .SQLITE_IOERR) }, { _ in 1 })
        }
        #expect(unread == .outcomeUnknown)
        store.afterCommit.withLock { $0 = nil }
        #expect(
            try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account_lock") }
                == 1)
    }

    @Test func `a cancelled request does not undo its commit`() async throws {
        let store = try folder.openStore()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.write { database in
                try database.execute(
                    sql: "INSERT INTO account_lock (login, wrong_count) VALUES ('a', 1)")
            }
        }
        _ = await task.result
        #expect(
            try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account_lock") }
                == 1)
    }

    @Test func `too little room refuses before anything is begun`() throws {
        let store = try folder.openStore(diskReserveByteCount: .max)
        #expect(code { try store.requireRoom() } == .diskNearlyFull)
    }

    private func code(_ body: () throws -> some Any) -> TillStoreError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? TillStoreError)?.code
        }
    }

    private func codeAwaited(_ body: () async throws -> Void) async -> TillStoreError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? TillStoreError)?.code
        }
    }
}
