import Domain
import GRDB

/// What the till remembers of its dealings with head office.
struct SyncState: Sendable, Equatable {
    /// Why the till may not sell until a person acts.
    enum Stop: String, Sendable {
        /// Head office holds another journal of this till (S-5).
        case fork
        /// The till's key was revoked.
        case tillRevoked = "till_revoked"
        /// Head office speaks a newer protocol.
        case version
    }

    let cursor: String
    /// What the till knows is complete as of this time of head office (R-P14).
    let completeAt: Instant?
    let limitsVersion: Int64
    let blockListVersion: Int64
    /// Milliseconds head office was ahead by when last measured.
    let clockOffset: Int64?
    let lastContactAt: Instant?
    let beacon: String?
    let beaconIssuedAt: Instant?
    let beaconJournalledAt: Instant?
    let stop: Stop?
    /// The highest corrected time this till has seen; head office's word puts it right.
    let highestTime: Instant?
    /// The database is older than what was seen (R-P14): nothing counts as fresh until the next pull
    /// that is complete.
    let isRolledBack: Bool

    static func load(in database: Database) throws -> SyncState {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT cursor, complete_at, limits_version, block_list_version, clock_offset,
                    last_contact_at, beacon, beacon_issued_at, beacon_journalled_at, stopped,
                    highest_time, rolled_back
                FROM sync_state
                """)
        guard let row else { throw TillStoreError(.damaged, "the sync state is missing") }
        func instant(_ column: String) -> Instant? {
            (row[column] as Int64?).map { Instant(milliseconds: $0) }
        }
        return SyncState(
            cursor: row["cursor"], completeAt: instant("complete_at"),
            limitsVersion: row["limits_version"], blockListVersion: row["block_list_version"],
            clockOffset: row["clock_offset"], lastContactAt: instant("last_contact_at"),
            beacon: row["beacon"], beaconIssuedAt: instant("beacon_issued_at"),
            beaconJournalledAt: instant("beacon_journalled_at"),
            stop: (row["stopped"] as String?).flatMap(Stop.init(rawValue:)),
            highestTime: instant("highest_time"), isRolledBack: row["rolled_back"])
    }

    /// The till's time corrected by the last measured offset (R-T2).
    func corrected(_ now: Instant) -> Instant {
        now.adding(milliseconds: clockOffset ?? 0)
    }

    /// How far the till's clock may lag: what head office takes without correcting it.
    static let clockLagMax: Int64 = 300_000

    /// Seconds since what the till knows was complete; nil when it never was. Below zero when the
    /// clock cannot be trusted, as one that was set back (R-P14): then nothing is fresh.
    func contactAge(at now: Instant) -> Int64? {
        guard let completeAt, !isRolledBack else { return nil }
        let time = corrected(now)
        let highest = max(highestTime ?? completeAt, completeAt)
        let lag = highest.milliseconds(since: time)
        guard lag <= Self.clockLagMax else { return -lag / 1_000 }
        return max(time, highest).milliseconds(since: completeAt) / 1_000
    }

    /// Remembers a corrected time, so that a clock set back later is noticed also after a restart.
    static func note(_ time: Instant, in database: Database) throws {
        try database.execute(
            sql: "UPDATE sync_state SET highest_time = max(coalesce(highest_time, 0), ?)",
            arguments: [time.milliseconds])
    }
}

extension TillStore {
    /// How far the remembered time may fall behind while nothing is journalled.
    static let timeNoteInterval: Int64 = 60_000

    /// Remembers the time of a till that rests.
    func noteTime(_ now: Instant) async throws {
        let state = try await read { try SyncState.load(in: $0) }
        let time = state.corrected(now)
        let highest = state.highestTime ?? Instant(milliseconds: 0)
        try watermark.note(time)
        guard time.milliseconds(since: highest) >= Self.timeNoteInterval else { return }
        try await write { try SyncState.note(time, in: $0) }
    }
}
