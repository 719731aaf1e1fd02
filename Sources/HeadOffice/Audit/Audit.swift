// The audit list: who did what, newest first. Lines are written by AuditEntry in the transaction of what they tell of.

import Domain
import PostgresDriver

/// Reads the audit trail.
struct Audit: Sendable {
    let store: OfficeStore

    /// On head office's database.
    init(store: OfficeStore) {
        self.store = store
    }

    /// One line.
    struct Line: Sendable {
        let auditID: Int64
        let at: Instant
        let actor: String
        let personName: String?
        let action: String
        let subject: String
        /// `name=value`, by name.
        let detail: String
    }

    /// What to look for; empty texts and nil look for everything.
    struct Filter: Sendable, Equatable {
        var actor = ""
        var action = ""
        var subject = ""
        /// First business day.
        var from: BusinessDate?
        /// Last business day, inclusive.
        var to: BusinessDate?

        /// Everything.
        init() {}
    }

    /// Lines a page.
    static let pageSize = 50

    /// A page of lines, newest first, older than `before`; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: Filter, before: Int64? = nil, by actor: StaffActor
    ) async throws -> [Line] {
        try actor.require(.auditor, .operator)
        let action = filter.action.likeEscaped + "%"
        let subject = "%" + filter.subject.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                SELECT audit_id, at, actor, person.name AS person_name, action, subject,
                       coalesce((SELECT string_agg(key || '=' || value, ' · ' ORDER BY key)
                                 FROM jsonb_each_text(detail)), '') AS detail
                FROM audit LEFT JOIN person USING (person_id)
                WHERE (\(before as Int64?) IS NULL OR audit_id < \(before as Int64?))
                  AND (\(filter.actor) = '' OR actor = \(filter.actor))
                  AND action LIKE \(action) AND subject ILIKE \(subject)
                  AND (\(filter.from?.start as Instant?) IS NULL OR at >= \(filter.from?.start as Instant?))
                  AND (\(filter.to?.end as Instant?) IS NULL OR at < \(filter.to?.end as Instant?))
                ORDER BY audit_id DESC LIMIT \(Self.pageSize + 1)
                """
            ).map { row in
                Line(
                    auditID: try row["audit_id"], at: try row["at"], actor: try row["actor"],
                    personName: try row["person_name"], action: try row["action"],
                    subject: try row["subject"], detail: try row["detail"])
            }
        }
    }
}

extension PostgresSession {
    /// Writes an audit line for what a person did at head office.
    func audit(
        _ actor: StaffActor, _ action: String, _ subject: String, _ detail: [String: String] = [:],
        at now: Instant
    ) throws {
        let isSystem = actor == .setUp
        try AuditEntry(
            actor: isSystem ? .system : .staff(actor), action: action, subject: subject,
            detail: detail
        ).write(self, at: now)
    }
}
