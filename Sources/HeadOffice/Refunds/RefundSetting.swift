public import Domain
import PostgresDriver

/// What finance grants for refunds after month end (R-R1).
public struct RefundSetting: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Days for requests proved to be made in the month.
    static func graceDays(_ session: PostgresSession) throws -> Int {
        Int(
            try session.queryOne("SELECT grace_days FROM refund_setting")?
                .decode("grace_days", as: Int32.self) ?? 0)
    }

    /// Reads the days.
    ///
    /// - Refuses: `.roleMissing`.
    func graceDays(by actor: StaffActor) async throws -> Int {
        try actor.require(.finance, .approver, .auditor)
        return try await store.read { try Self.graceDays($0) }
    }

    /// Sets the days; requests that wait get their deadline anew.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.graceInvalid`.
    public func setGrace(_ days: Int, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.finance)
        guard (0...RefundDeadline.largestGraceDays).contains(days) else {
            throw RefundsRefusal.graceInvalid
        }
        try await store.write { session in
            let row = try session.queryOne("SELECT grace_days FROM refund_setting FOR UPDATE")
            let before = Int(try row?.decode("grace_days", as: Int32.self) ?? 0)
            try session.execute("UPDATE refund_setting SET grace_days = \(Int32(days))")
            try session.execute(
                """
                UPDATE refund_request
                SET deadline = deadline + \(Int32(days - before)) * interval '24 hours'
                WHERE state IN ('waiting', 'pending')
                """)
            try session.audit(
                actor, "refund.set_grace", "refund",
                ["before": String(before), "days": String(days)], at: now)
        }
    }
}
