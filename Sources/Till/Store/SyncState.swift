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

    static func load(in database: Database) throws -> SyncState {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT cursor, complete_at, limits_version, block_list_version, clock_offset,
                    last_contact_at, beacon, beacon_issued_at, beacon_journalled_at, stopped
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
            stop: (row["stopped"] as String?).flatMap(Stop.init(rawValue:)))
    }

    /// The till's time corrected by the last measured offset (R-T2).
    func corrected(_ now: Instant) -> Instant {
        now.adding(milliseconds: clockOffset ?? 0)
    }

    /// Seconds since what the till knows was complete; nil when it never was. Below zero when the
    /// clock cannot be trusted.
    func contactAge(at now: Instant) -> Int64? {
        completeAt.map { corrected(now).milliseconds(since: $0) / 1_000 }
    }
}
