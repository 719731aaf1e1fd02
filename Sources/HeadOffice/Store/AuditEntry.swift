public import Domain
import Foundation
public import PostgresDriver

/// Who an audit line names.
public enum AuditActor: Sendable, Equatable {
    /// A person at head office.
    case staff(StaffActor)
    /// A till, by its code.
    case till(String)
    /// Head office itself, such as a job.
    case system

    /// The operator at the shell.
    static let shell = AuditActor.staff(
        StaffActor(accountID: 0, personID: 0, login: "shell", roles: [.operator]))

    var name: String {
        switch self {
        case .staff(let actor): actor.login
        case .till(let code): code
        case .system: "system"
        }
    }

    var accountID: Int64? {
        if case .staff(let actor) = self, actor.accountID > 0 { actor.accountID } else { nil }
    }

    var personID: Int64? {
        // The operator at the shell has no login and is nobody's row.
        if case .staff(let actor) = self, actor.personID > 0 { actor.personID } else { nil }
    }
}

/// One line of who did what. Append-only.
public struct AuditEntry: Sendable {
    /// Who acted.
    public let actor: AuditActor
    /// Verb and object, dotted, stable: `till.approve`.
    public let action: String
    /// What was acted on, as people name it: a till's code, a request's id.
    public let subject: String
    /// What else a reader needs. Never a password or a full card number.
    public let detail: [String: String]

    /// A line, not yet written.
    public init(
        actor: AuditActor, action: String, subject: String, detail: [String: String] = [:]
    ) {
        self.actor = actor
        self.action = action
        self.subject = subject
        self.detail = detail
    }

    /// Writes the line in the transaction of what it tells of.
    public func write(_ session: PostgresSession, at: Instant) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let json = PostgresJSON(String(decoding: try encoder.encode(detail), as: UTF8.self))
        let digest = AuditChain.digest(
            at: at, actor: actor.name, personID: actor.personID, action: action,
            subject: subject, detail: detail)
        try session.execute(
            """
            WITH head AS (
                UPDATE audit_head SET seq = seq + 1, hash = sha256(hash || \(digest))
                RETURNING seq, hash)
            INSERT INTO audit (at, actor, person_id, action, subject, detail, chain_seq, hash)
            SELECT \(at), \(actor.name), \(actor.personID as Int64?), \(action), \(subject), \(json),
                   seq, hash
            FROM head
            """)
    }
}
