import Domain
import Foundation
import PostgresDriver

/// Keeps how vouchers are written.
struct VoucherTemplates: Sendable {
    let store: OfficeStore

    /// The template in use.
    static func current(_ session: PostgresSession) throws -> VoucherTemplate {
        let row = try session.queryOne(
            """
            SELECT template::text AS template FROM voucher_template
            ORDER BY template_id DESC LIMIT 1
            """)
        guard let text: String = try row?.decode("template") else { return .standard }
        return try JSONDecoder().decode(VoucherTemplate.self, from: Data(text.utf8))
    }

    /// The template in use.
    ///
    /// - Refuses: `.roleMissing`.
    func current(by actor: StaffActor) async throws -> VoucherTemplate {
        try actor.require(.finance, .auditor)
        return try await store.read { session in try Self.current(session) }
    }

    /// Uses another template from now on.
    ///
    /// - Refuses, first match wins: `.roleMissing`, what `VoucherTemplate.check` refuses.
    /// - A second call with the same template changes nothing.
    func change(
        to template: VoucherTemplate, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.finance)
        try template.check()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(template), as: UTF8.self)
        try await store.write { session in
            guard try Self.current(session) != template else { return }
            try session.execute(
                """
                INSERT INTO voucher_template (template, changed_by, changed_at)
                VALUES (\(PostgresJSON(text)), \(actor.accountID), \(now))
                """)
            try session.audit(
                actor, "voucher_template.change", "", ["columns": template.columnText], at: now)
        }
    }
}
