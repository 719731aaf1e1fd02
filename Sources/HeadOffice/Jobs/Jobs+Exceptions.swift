public import Domain
import PostgresDriver

extension Jobs {
    /// How long an exception waits for a person: 30 days (R-L6).
    static let undecidedLife: Int64 = 30 * 86_400_000

    /// What the history says of it.
    static let undecidedReason = "undecided for 30 days"

    /// Gives what nobody decided for 30 days to its default bearer, each in a transaction of its own.
    ///
    /// - Shape: how many ended. One decided at the same moment stays as it was decided.
    @discardableResult
    public func decideOverdueExceptions(now: Instant) async throws -> Int {
        let store = store
        let due = try await store.read { session in
            try session.query(
                """
                SELECT exception_id FROM exception
                WHERE disputed > 0 AND opened_at <= \(now.adding(milliseconds: -Self.undecidedLife))
                ORDER BY opened_at, exception_id LIMIT \(Self.portion)
                """
            ).map { try $0["exception_id"] as Int64 }
        }
        var count = 0
        for exceptionID in due {
            let isEnded = try await store.write { session in
                let found = try LockedException.lock(exceptionID, in: session)
                guard found.disputed > .zero else { return false }
                let move: ExceptionPosting.Move =
                    found.bearer == .programme ? .chargeProgramme : .chargeStore
                try Exceptions.end(
                    found, move, reason: Self.undecidedReason, by: .system, at: now,
                    in: session)
                return true
            }
            if isEnded { count += 1 }
        }
        return count
    }
}
