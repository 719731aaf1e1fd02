import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct AuditChainTests {
    private func write(_ world: DeskWorld, _ subject: String) async throws {
        try await world.store.write { session in
            try AuditEntry(
                actor: .system, action: "test.line", subject: subject,
                detail: ["b": "2", "a": "一", "Z": "=3"]
            ).write(session, at: world.now)
        }
    }

    private func meddle(_ world: DeskWorld, _ change: SQL) async throws {
        // Only the database's owner gets past the trigger.
        try await world.store.write { session in
            try session.execute("ALTER TABLE audit DISABLE TRIGGER tr_audit_facts")
            try session.execute(change)
            try session.execute("ALTER TABLE audit ENABLE TRIGGER tr_audit_facts")
        }
    }

    @Test func `a trail that nobody touched is whole, also when many write at once`()
        async throws
    {
        try await withDesk { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask { try await write(world, "n\(number)") }
                }
                try await group.waitForAll()
            }
            let proof = try await AuditChain.verify(world.store)
            #expect(proof.fault == nil && proof.earlierCount == 0)
            #expect(
                try await world.number("SELECT count(*) AS n FROM audit") == proof.lineCount)
            let later = try await AuditChain.verify(world.store, noted: proof.head)
            #expect(later.fault == nil)
            #expect(
                try await AuditChain.verify(world.store, noted: "1:00").fault == .notedHeadMissing)
        }
    }

    @Test(arguments: [
        "UPDATE audit SET subject = 'n9' WHERE subject = 'n3'",
        "UPDATE audit SET actor = 'somebody' WHERE subject = 'n3'",
        "UPDATE audit SET at = at + interval '1 second' WHERE subject = 'n3'",
        "UPDATE audit SET detail = detail || '{\"a\": \"二\"}' WHERE subject = 'n3'",
        "UPDATE audit SET detail = detail - 'b' WHERE subject = 'n3'",
        "UPDATE audit SET person_id = (SELECT min(person_id) FROM person) WHERE subject = 'n3'",
    ])
    func `a line that was changed is named`(change: String) async throws {
        try await withDesk { world in
            for number in 1...5 { try await write(world, "n\(number)") }
            let line = try await world.number(
                "SELECT chain_seq AS n FROM audit WHERE subject = 'n3'")
            let auditID = try await world.number(
                "SELECT audit_id AS n FROM audit WHERE subject = 'n3'")
            try await meddle(world, "\(unsafeSQL: change)")
            #expect(
                try await AuditChain.verify(world.store).fault
                    == .broken(sequence: line, auditID: auditID))
        }
    }

    @Test func `lines that were removed, moved or cut off are found`() async throws {
        try await withDesk { world in
            for number in 1...5 { try await write(world, "n\(number)") }
            let head = try await AuditChain.verify(world.store).head
            let last = try await world.number("SELECT seq AS n FROM audit_head")
            try await meddle(world, "DELETE FROM audit WHERE chain_seq = \(last)")
            #expect(try await AuditChain.verify(world.store).fault == .missing(sequence: last))
            // Whoever mends the head too is found by a head noted before.
            try await world.store.write { session in
                try session.execute(
                    """
                    UPDATE audit_head SET seq = \(last - 1),
                        hash = (SELECT hash FROM audit WHERE chain_seq = \(last - 1))
                    """)
            }
            #expect(try await AuditChain.verify(world.store).fault == nil)
            #expect(
                try await AuditChain.verify(world.store, noted: head).fault == .notedHeadMissing)
            try await meddle(world, "DELETE FROM audit WHERE subject = 'n2'")
            guard case .missing = try await AuditChain.verify(world.store).fault else {
                Issue.record("a removed line was not found")
                return
            }
        }
    }

    @Test func `an export is in the trail, and nobody else may make one`() async throws {
        try await withDesk { world in
            try await write(world, "=HYPERLINK(1)")
            let auditor = try await world.actor("auditor")
            var filter = Audit.Filter()
            filter.action = "test."
            let made = try await world.audit.export(filter, by: auditor, at: world.now)
            #expect(made.rowCount == 1)
            #expect(made.csv.contains("'=HYPERLINK(1)") && made.csv.hasPrefix("\u{FEFF}"))
            #expect(
                try await world.number(
                    "SELECT count(*) AS n FROM audit WHERE action = 'audit.export'") == 1)
            let finance = try await world.actor("finance")
            await #expect(throws: RoleRefusal.roleMissing) {
                try await world.audit.export(filter, by: finance, at: world.now)
            }
        }
    }
}
