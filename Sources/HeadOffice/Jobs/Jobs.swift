// What time alone brings about. Each job is one method that takes the time; running it twice, or in two
// processes at once, does nothing twice.

public import Domain
import Journal
import Logging
import PostgresDriver
public import ServiceLifecycle
import WebSupport

/// Head office's work by the clock.
public struct Jobs: Service {
    let store: OfficeStore

    /// How many rows one transaction handles.
    static let portion: Int64 = 500
    /// How long nonces are kept: more than twice the tolerance of the clock.
    private static let nonceLife: Int64 = 20 * 60_000
    /// How long sealed bytes wait to be judged (R-W4).
    static let pendingLife: Int64 = 7 * 86_400_000
    /// How long quarantine keeps sealed bytes: as long as earlier passwords are kept (R-W4).
    static let quarantinedLife = CardVerifier.life
    /// How long stated heads are kept: they prove what was made before a month's end (R-R6).
    private static let headLife: Int64 = 70 * 86_400_000
    /// No session is good for longer, used or not.
    private static let sessionLife =
        OfficeSessions.limits.absolute.components.seconds * 1_000

    /// Over head office's database.
    public init(_ store: OfficeStore) {
        self.store = store
    }

    /// Runs every job once a minute until the service stops.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await runOnce(now: store.clock.now())
                try await Task.sleep(for: .seconds(60))
            }
        }
    }

    /// Runs every job; one that fails does not stop the others.
    public func runOnce(now: Instant) async {
        let jobs: [(name: String, job: @Sendable () async throws -> Int)] = [
            ("lapse_holds", { try await lapseHolds(now: now) }),
            ("flag_phone_holds", { try await PhoneHolds(store: store).flagOverdue(at: now) }),
            ("expire_refund_requests", { try await expireRefundRequests(now: now) }),
            ("expire_waiting_requests", { try await expireWaitingRequests(now: now) }),
            ("judge_waiting_refunds", { try await judgeWaitingRefunds(now: now) }),
            ("agree_to_test_refunds", { try await agreeToTestRefunds(now: now) }),
            ("reverse_test_charges", { try await reverseTestCharges(now: now) }),
            ("judge_late_passwords", { try await judgeLatePasswords(now: now) }),
            ("decide_overdue_exceptions", { try await decideOverdueExceptions(now: now) }),
            ("expire_cards", { try await CardJobs(store).expireCards(now: now) }),
            ("settle_blocked_cards", { try await CardJobs(store).settleBlockedCards(now: now) }),
            ("prove_ledger", { try await LedgerProofs(store).makeNightly(at: now) }),
            ("sweep", { try await sweep(now: now) }),
        ]
        for (name, job) in jobs {
            do {
                let count = try await job()
                if count > 0 {
                    store.logger.info(
                        "A job has run", metadata: ["job": "\(name)", "rows": "\(count)"])
                }
            } catch {
                store.logger.error(
                    "A job failed", metadata: ["job": "\(name)", "error": "\(error)"])
            }
        }
    }

    /// Ends holds that no record ended (R-P10).
    ///
    /// - Shape: how many ended.
    @discardableResult
    public func lapseHolds(now: Instant) async throws -> Int {
        try await inPortions { session in
            let due = try session.query(
                """
                SELECT payment.payment_id, payment.card_id, payment.amount, card.test
                FROM payment JOIN card USING (card_id)
                WHERE payment.state = 'held' AND payment.lapses_at <= \(now)
                ORDER BY payment.payment_id LIMIT \(Self.portion)
                FOR NO KEY UPDATE OF payment SKIP LOCKED
                """)
            guard !due.isEmpty else { return 0 }
            var released: [LedgerAccount: Money] = [:]
            for row in due {
                let account = LedgerAccount(
                    .card, of: try row["card_id"],
                    in: try row.decode("test", as: Bool.self) ? .test : .real)
                let amount: Money = try row["amount"]
                released[account] = Money(fen: (released[account]?.fen ?? 0) + amount.fen)
            }
            try session.execute(
                """
                UPDATE payment SET state = 'lapsed', lapses_at = NULL, updated_at = \(now)
                WHERE payment_id = ANY (\(try due.map { try $0["payment_id"] as RecordID }))
                """)
            try Ledger.post(session, [], releasing: released, at: now)
            return due.count
        }
    }

    /// Ends refund requests that can no longer be approved, with the reason (R-R1).
    ///
    /// - Shape: how many ended.
    @discardableResult
    public func expireRefundRequests(now: Instant) async throws -> Int {
        try await inPortions { session in
            // Sales first, then requests: the order of approvals.
            let sales = try session.query(
                """
                SELECT sale_id FROM sale
                WHERE sale_id IN (SELECT sale_id FROM refund_request
                                  WHERE state = 'pending' AND deadline <= \(now)
                                  ORDER BY deadline LIMIT \(Self.portion))
                ORDER BY sale_id
                FOR NO KEY UPDATE SKIP LOCKED
                """
            ).map { try $0["sale_id"] as RecordID }
            guard !sales.isEmpty else { return 0 }
            let code = RefundRefusal.refundMonthOver.code
            let expired = try session.query(
                """
                UPDATE refund_request AS request
                SET state = 'expired', code = \(code), decided_at = \(now)
                FROM sale JOIN store USING (store_id)
                WHERE request.state = 'pending' AND request.deadline <= \(now)
                  AND request.sale_id = ANY (\(sales)) AND sale.sale_id = request.sale_id
                RETURNING request.request_id, request.sale_id, request.amount, sale.receipt,
                          store.code AS store_code
                """)
            try Self.giveBack(session, expired)
            try ChangePublisher.publish(
                session, try expired.map { try Self.decision($0, code: code, at: now) })
            return expired.count
        }
    }

    /// Ends requests whose sale did not come in time; they reserve nothing.
    ///
    /// - Shape: how many ended.
    @discardableResult
    public func expireWaitingRequests(now: Instant) async throws -> Int {
        try await inPortions { session in
            let code = RefundRefusal.refundMonthOver.code
            let expired = try session.query(
                """
                UPDATE refund_request AS request
                SET state = 'expired', code = \(code), decided_at = \(now)
                FROM store
                WHERE request.request_id IN (
                        SELECT request_id FROM refund_request
                        WHERE state = 'waiting' AND deadline <= \(now)
                        ORDER BY request_id LIMIT \(Self.portion)
                        FOR NO KEY UPDATE SKIP LOCKED)
                  AND store.store_id = request.store_id
                RETURNING request.request_id, request.sale_id, request.amount, '' AS receipt,
                          store.code AS store_code
                """)
            try ChangePublisher.publish(
                session, try expired.map { try Self.decision($0, code: code, at: now) })
            return expired.count
        }
    }

    private static func giveBack(_ session: PostgresSession, _ expired: PostgresRows) throws {
        guard !expired.isEmpty else { return }
        let requests = try expired.map { try $0["request_id"] as RecordID }
        try session.execute(
            "UPDATE refund_line SET live = false WHERE request_id = ANY (\(requests))")
        try session.execute(
            """
            UPDATE sale SET refund_reserved = sale.refund_reserved - row.amount
            FROM (SELECT sale_id, sum(amount)::bigint AS amount FROM refund_request
                  WHERE request_id = ANY (\(requests)) GROUP BY sale_id) AS row
            WHERE sale.sale_id = row.sale_id
            """)
    }

    private static func decision(
        _ row: PostgresRow, code: String, at now: Instant
    ) throws -> Change {
        let id: RecordID = try row["request_id"]
        let body = DecisionChange(
            amount: try row["amount"], by: "", code: code, decidedAt: now, opinion: "",
            receipt: try row["receipt"], sale: try row["sale_id"], state: .expired)
        return Change(
            scope: try row["store_code"], topic: .decision, key: id.description,
            body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self)))
    }

    /// Deletes what has served its time: nonces, sealed bytes that nobody could judge, earlier card
    /// passwords, and sessions that have ended by themselves.
    ///
    /// - Shape: how many rows are gone.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        try await store.write { session in
            let nonces = try session.execute(
                """
                DELETE FROM request_nonce
                WHERE seen_at < \(now.adding(milliseconds: -Self.nonceLife))
                """)
            let credentials = try session.execute(
                """
                DELETE FROM pending_credential
                WHERE stored_at < \(now.adding(milliseconds: -Self.pendingLife))
                """)
            let quarantined = try session.execute(
                """
                UPDATE quarantined_record SET sealed = NULL
                WHERE sealed IS NOT NULL
                  AND stored_at < \(now.adding(milliseconds: -Self.quarantinedLife))
                """)
            let heads = try session.execute(
                """
                DELETE FROM till_head WHERE stated_at < \(now.adding(milliseconds: -Self.headLife))
                """)
            let verifiers = try session.execute(
                """
                DELETE FROM card_verifier
                WHERE valid_until < \(now.adding(milliseconds: -CardVerifier.life))
                """)
            let sessions = try session.execute(
                """
                DELETE FROM session
                WHERE created_at < \(now.adding(milliseconds: -Self.sessionLife))
                """)
            return heads + nonces + credentials + quarantined + verifiers + sessions
        }
    }

    private func inPortions(
        _ body: @escaping @Sendable (PostgresSession) throws -> Int
    ) async throws -> Int {
        var total = 0
        while true {
            let count = try await store.write(body)
            total += count
            if count == 0 || Task.isCancelled { return total }
        }
    }
}
