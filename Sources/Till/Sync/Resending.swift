import Domain
import GRDB
import Journal

/// Sends records again that head office has acknowledged, to see that it answers as it did first.
/// Nothing changes at the till, and by the protocol nothing at head office.
struct Resending: Sendable {
    /// The most records a batch may hold.
    static let countMax = BatchBounds.draining.recordCountMax

    let store: TillStore
    let identity: TillIdentity
    /// Sends the frame; nil when no verified answer came.
    let send: @Sendable (BatchFrame) async -> OfficeLine.Answer?

    init(
        store: TillStore, identity: TillIdentity,
        send: @escaping @Sendable (BatchFrame) async -> OfficeLine.Answer?
    ) {
        self.store = store
        self.identity = identity
        self.send = send
    }

    /// Sends over the line.
    init(store: TillStore, identity: TillIdentity, line: OfficeLine, clockOffset: Int64?) {
        self.init(store: store, identity: identity) { frame in
            await line.exchange(
                "POST", "/sync/v1/batches", body: frame.encoded(),
                contentType: "application/octet-stream", clockOffset: clockOffset,
                timeout: TillSync.batchTimeout)
        }
    }

    /// Sends the last records below which all are acknowledged, as one batch.
    ///
    /// - Returns: one line a record: its place, id and kind, the verdict head office answered now,
    ///   and the one stored here when that is another.
    /// - Refuses, first match wins: `setting` (a count out of range), `nothingToResend`,
    ///   `officeSilent`, `officeRefused`.
    func run(last count: Int, batch: RecordID) async throws -> [String] {
        guard (1...Self.countMax).contains(count) else {
            throw TillStartError.setting(
                key: "--last", reason: "must be 1 to \(Self.countMax)")
        }
        let acknowledged = try await store.syncStart().acknowledged
        let first = max(1, acknowledged - Int64(count) + 1)
        var bounds = BatchBounds.draining
        bounds.recordCountMax = Int(acknowledged - first + 1)
        guard acknowledged > 0,
            let frame = try await store.makeBatch(
                from: first, bounds: bounds, batch: batch, identity: identity)
        else { throw TillStartError.nothingToResend }
        guard let answer = await send(frame) else { throw TillStartError.officeSilent }
        guard answer.status == 200, let reply = try? BatchReply(bytes: answer.body),
            reply.answers(frame)
        else {
            let code = (try? WireError(bytes: answer.body))?.code
            throw TillStartError.officeRefused(code: code ?? "http_\(answer.status)")
        }
        let verdicts = reply.verdicts
        return try await store.read { database in
            try verdicts.map { try Self.line($0, in: database) }
        }
    }

    private static func line(_ verdict: RecordVerdict, in database: Database) throws -> String {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT id, kind, verdict, verdict_code FROM journal_record WHERE seq = ?",
            arguments: [verdict.sequence])
        guard let row else { throw TillStoreError(.damaged, "a record just sent is not there") }
        let now = Self.words(verdict.state.rawValue, verdict.code)
        let here = Self.words(row["verdict"], row["verdict_code"])
        let place = "\(verdict.sequence) \(row["id"] as String) \(row["kind"] as String): \(now)"
        return now == here ? place : place + " (stored here: \(here))"
    }

    private static func words(_ state: String, _ code: String?) -> String {
        code.map { "\(state) \($0)" } ?? state
    }
}
