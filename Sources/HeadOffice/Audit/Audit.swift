// The audit list: who did what, newest first. Lines are written by AuditEntry in the transaction of what they tell of.

import Domain
import PostgresDriver
import WebSupport

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
        /// Its place in the chain; nil for lines from before there was one.
        let chainSequence: Int64?
        let hash: String?
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
    /// Lines of an export at most; more are narrowed by the filter.
    static let exportSize = 100_000

    /// A page of lines, newest first, older than `before`; one more than a page tells that there is more.
    ///
    /// - Refuses: `.roleMissing`.
    func list(
        _ filter: Filter, before: Int64? = nil, by actor: StaffActor
    ) async throws -> [Line] {
        try actor.require(.auditor, .operator)
        return try await list(filter, before: before, limit: Self.pageSize + 1)
    }

    /// The lines of a filter as CSV, newest first, and the trace of it.
    ///
    /// - Shape: the file, how many lines, and where the chain stood.
    /// - Refuses: `.roleMissing`.
    func export(
        _ filter: Filter, by actor: StaffActor, at now: Instant
    ) async throws -> (csv: String, rowCount: Int, head: String) {
        try actor.require(.auditor, .operator)
        let writer = CSVWriter()
        var csv = writer.header([
            "audit_id", "chain_seq", "hash", "at_utc", "actor", "person", "action", "subject",
            "detail",
        ])
        var (count, before) = (0, nil as Int64?)
        while count < Self.exportSize {
            let lines = try await list(filter, before: before, limit: 2_000)
            for line in lines {
                csv += writer.row([
                    .number(String(line.auditID)),
                    .number(line.chainSequence.map(String.init) ?? ""),
                    .identifier(line.hash ?? ""), .text(line.at.utcText), .text(line.actor),
                    .text(line.personName ?? ""), .text(line.action), .text(line.subject),
                    .text(line.detail),
                ])
            }
            count += lines.count
            before = lines.last?.auditID
            if lines.count < 2_000 { break }
        }
        let rowCount = count
        let head = try await store.write { session -> String in
            let row = try session.queryOne(
                "SELECT seq, encode(hash, 'hex') AS hash FROM audit_head")
            let head = try row.map { "\(try $0["seq"] as Int64):\(try $0["hash"] as String)" } ?? ""
            try session.audit(
                actor, "audit.export", "audit",
                [
                    "rows": String(rowCount), "who": filter.actor, "action": filter.action,
                    "subject": filter.subject, "from": filter.from?.description ?? "",
                    "to": filter.to?.description ?? "", "head": head,
                ].filter { !$0.value.isEmpty }, at: now)
            return head
        }
        return (csv, rowCount, head)
    }

    private func list(_ filter: Filter, before: Int64?, limit: Int) async throws -> [Line] {
        let action = filter.action.likeEscaped + "%"
        let subject = "%" + filter.subject.likeEscaped + "%"
        return try await store.read { session in
            try session.query(
                """
                SELECT audit_id, chain_seq, encode(hash, 'hex') AS hash, at, actor, person.name AS person_name, action, subject,
                       coalesce((SELECT string_agg(key || '=' || value, ' · ' ORDER BY key)
                                 FROM jsonb_each_text(detail)), '') AS detail
                FROM audit LEFT JOIN person USING (person_id)
                WHERE (\(before as Int64?) IS NULL OR audit_id < \(before as Int64?))
                  AND (\(filter.actor) = '' OR actor = \(filter.actor))
                  AND action LIKE \(action) AND subject ILIKE \(subject)
                  AND (\(filter.from?.start as Instant?) IS NULL OR at >= \(filter.from?.start as Instant?))
                  AND (\(filter.to?.end as Instant?) IS NULL OR at < \(filter.to?.end as Instant?))
                ORDER BY audit_id DESC LIMIT \(limit)
                """
            ).map { row in
                Line(
                    auditID: try row["audit_id"], chainSequence: try row["chain_seq"],
                    hash: try row["hash"], at: try row["at"], actor: try row["actor"],
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
