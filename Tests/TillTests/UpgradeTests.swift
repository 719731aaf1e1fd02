import Domain
import Foundation
import GRDB
import Journal
import Logging
import Testing

@testable import Till

/// A new version of the program meets the file of an older one that holds unsent sales (O-28).
struct UpgradeTests {
    private let till: EnrolledTill

    init() async throws {
        till = try await EnrolledTill()
        let card = try till.fingerprint(EnrolledTill.numbers.first)
        try await till.store.storeApproval(card, at: till.clock.now)
        try await sellOffline(5, at: till.store)
    }

    private func sellOffline(_ count: Int, at store: TillStore) async throws {
        let checkout = Checkout(
            store: store, identity: till.identity, world: till.clock.world,
            authoriser: Authoriser(ask: { _ in nil }), logger: Logger(label: "test"),
            answerBudget: .seconds(20))
        for _ in 0..<count {
            _ = try await store.addToBasket(of: "li", code: "YP0003", quantity: 1)
            let payment = try await checkout.begin(login: "li")
            try await checkout.attempt(
                payment, number: EnrolledTill.numbers.first, password: "123456")
            try await checkout.takeOffline(payment)
        }
    }

    /// What must be there whatever became of the file: five sales, wanted by head office, in an unbroken chain.
    private func expectSales(
        _ count: Int, in store: TillStore, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let unsent = try await store.read { try Unsent.load(in: $0) }
        #expect(unsent.saleCount == count, sourceLocation: sourceLocation)
        let (book, key) = (
            JournalBook(till.identity), till.identity.signingKey.verifyingKey
        )
        let chain = try await store.read { try book.verify(publicKey: key, in: $0) }
        #expect(chain.brokenAt == nil, sourceLocation: sourceLocation)
        let receipts = try await store.read {
            try String.fetchSet($0, sql: "SELECT receipt FROM sale")
        }
        #expect(receipts.count == count, sourceLocation: sourceLocation)
    }

    /// The file as so many schema versions ago would have it, with what this one holds.
    private func olderFile(by count: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let file = try DatabaseQueue(path: folder.url.appending(path: "till.sqlite").path)
        let older = Array(try Migrations.bundled().dropLast(count))
        try Migrations.run(older, on: file)
        try file.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            try database.execute(
                sql: "ATTACH ? AS newer",
                arguments: [till.folder.url.appending(path: "till.sqlite").path])
            let tables = try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM main.sqlite_schema
                    WHERE type = 'table' AND name NOT IN ('schema_migration', 'sqlite_sequence')
                        AND name NOT LIKE 'product_search%'
                    """)
            for table in tables {
                let columns = try database.columns(in: table).map(\.name).filter(
                    Set(try database.columns(in: table, in: "newer").map(\.name)).contains
                ).map { "\"\($0)\"" }.joined(separator: ", ")
                try database.execute(
                    sql: """
                        DELETE FROM main."\(table)";
                        INSERT INTO main."\(table)" (\(columns)) SELECT \(columns) FROM newer."\(table)"
                        """)
            }
        }
        try file.close()
        // The watermark lies beside the database of the versions that keep one.
        if older.contains(where: { $0.name == "m0401_keep_watermark" }) {
            try FileManager.default.copyItem(
                at: till.folder.url.appending(path: "till.watermark"),
                to: folder.url.appending(path: "till.watermark"))
        }
        return folder
    }

    @Test(arguments: 1...3)
    func `an update from each of the last three versions keeps five unsent sales and sells on`(
        versions: Int
    ) async throws {
        try till.store.close()
        let folder = try olderFile(by: versions)
        let applied = try DatabaseQueue(path: folder.url.appending(path: "till.sqlite").path)
        let bundled = try Migrations.bundled()
        let count = "SELECT count(*) FROM schema_migration"
        #expect(
            try await applied.read { try Int.fetchOne($0, sql: count) } == bundled.count - versions)
        try applied.close()
        let store = try folder.openStore()
        #expect(try await store.read { try Int.fetchOne($0, sql: count) } == bundled.count)
        try await expectSales(5, in: store)
        try await sellOffline(1, at: store)
        try await expectSales(6, in: store)
        try store.close()
    }

    @Test(arguments: 1...3)
    func `one version back, or more, is refused, and the sales are safe for the newer one`(
        versions: Int
    ) async throws {
        try till.store.close()
        let older = Array(try Migrations.bundled().dropLast(versions))
        let before = try Data(contentsOf: till.folder.url.appending(path: "till.sqlite"))
        let refusal = #expect(throws: TillStoreError.self) {
            try till.folder.openStore(migrations: older)
        }
        #expect(refusal?.code == .foreignSchema)
        #expect(try Data(contentsOf: till.folder.url.appending(path: "till.sqlite")) == before)
        let store = try till.folder.openStore()
        try await expectSales(5, in: store)
        try store.close()
    }

    @Test(arguments: 0...3)
    func `an update that fails half-way leaves the sales and the schema of before`(
        versions: Int
    ) async throws {
        try till.store.close()
        let folder = versions == 0 ? till.folder : try olderFile(by: versions)
        let bundled = try Migrations.bundled()
        let broken = Migrations.Migration(
            name: "m9999_fail_half_way",
            text: """
                ALTER TABLE sale ADD COLUMN half_way INTEGER;
                UPDATE sale SET half_way = 1;
                INSERT INTO no_such_table VALUES (1);
                """)
        let known = Array(bundled.dropLast(versions))
        #expect(throws: DatabaseError.self) {
            try folder.openStore(migrations: known + [broken])
        }
        let store = try folder.openStore()
        try await expectSales(5, in: store)
        let columns = try await store.read { try $0.columns(in: "sale").map(\.name) }
        #expect(!columns.contains("half_way"))
        try store.close()
    }
}
