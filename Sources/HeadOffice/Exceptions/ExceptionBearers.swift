public import Domain
import PostgresDriver

/// Who bears a cause's shortfall unless people decide otherwise (R-P5).
public struct ExceptionBearers: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// The causes that leave money in dispute on a known card, in the order of the protocol.
    public static let causes: [RecordException] = [
        .linesDoNotAddUp, .cardClosed, .cardFrozen, .cardLost, .programmeNotAccepted,
        .testCardLimit, .credentialMissing, .credentialGone, .credentialUnreadable, .wrongPassword,
        .passwordNotChecked, .insufficientBalance, .holdDiffers,
    ]

    /// Sets a programme's bearers; exceptions opened before keep theirs.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.unknownCause`, `.unknownProgramme`.
    public func set(
        _ bearers: [String: ShortfallBearer], of programme: String, by actor: StaffActor,
        at now: Instant
    ) async throws {
        try actor.require(.finance)
        let known = Set(Self.causes.map(\.code))
        guard known.isSuperset(of: bearers.keys) else { throw ExceptionsRefusal.unknownCause }
        let rows = bearers.sorted { $0.key < $1.key }
        try await store.write { session in
            let row = try session.queryOne(
                "SELECT programme_id FROM programme WHERE code = \(programme) FOR SHARE")
            guard let programmeID = try row?.decode("programme_id", as: Int64.self) else {
                throw ExceptionsRefusal.unknownProgramme
            }
            try session.execute(
                """
                INSERT INTO exception_bearer (programme_id, code, bearer)
                SELECT \(programmeID), code, bearer
                FROM unnest(\(rows.map(\.key)), \(rows.map(\.value.rawValue)))
                     AS row (code, bearer)
                ON CONFLICT (programme_id, code) DO UPDATE SET bearer = excluded.bearer
                """)
            let detail = Dictionary(
                uniqueKeysWithValues: rows.map { ($0.key, $0.value.rawValue) })
            try session.audit(actor, "exception.set_bearers", programme, detail, at: now)
        }
    }

    /// Programmes by code, and the bearer of each cause of the one asked for (else the first).
    struct Shown: Sendable {
        let programmes: [(code: String, name: String)]
        let programme: String
        let bearers: [String: ShortfallBearer]
    }

    /// - Refuses: `.roleMissing`.
    func show(_ programme: String, by actor: StaffActor) async throws -> Shown {
        try actor.require(.finance, .approver, .auditor)
        return try await store.read { session in
            let programmes = try session.query("SELECT code, name FROM programme ORDER BY code")
                .map { row in (code: try row["code"] as String, name: try row["name"] as String) }
            let chosen =
                programmes.first { $0.code == programme }?.code ?? programmes.first?.code ?? ""
            let row = try session.queryOne(
                "SELECT programme_id, shortfall_bearer FROM programme WHERE code = \(chosen)")
            guard let row else {
                return Shown(programmes: programmes, programme: chosen, bearers: [:])
            }
            let base = ShortfallBearer(rawValue: try row["shortfall_bearer"]) ?? .store
            let stored = try Self.read(session, [try row["programme_id"]])
            let own = stored.first?.value ?? [:]
            return Shown(
                programmes: programmes, programme: chosen,
                bearers: Dictionary(
                    uniqueKeysWithValues: Self.causes.map { ($0.code, own[$0.code] ?? base) }))
        }
    }

    /// The bearers set for programmes, by cause.
    static func read(
        _ session: PostgresSession, _ programmeIDs: [Int64]
    ) throws -> [Int64: [String: ShortfallBearer]] {
        guard !programmeIDs.isEmpty else { return [:] }
        var found: [Int64: [String: ShortfallBearer]] = [:]
        for row in try session.query(
            """
            SELECT programme_id, code, bearer FROM exception_bearer
            WHERE programme_id = ANY (\(programmeIDs))
            """)
        {
            found[try row["programme_id"], default: [:]][try row["code"]] =
                ShortfallBearer(rawValue: try row["bearer"])
        }
        return found
    }
}
