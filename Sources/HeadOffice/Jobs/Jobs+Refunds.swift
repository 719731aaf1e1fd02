public import Domain
import Journal
import PostgresDriver

extension Jobs {
    /// Judges requests whose sale has come, or is no longer in question, since (R-R7).
    ///
    /// - Shape: how many were judged.
    @discardableResult
    public func judgeWaitingRefunds(now: Instant) async throws -> Int {
        let requests = try await ids(
            """
            SELECT request_id AS id FROM refund_request AS request JOIN sale USING (sale_id)
            WHERE request.state = 'waiting' AND sale.store_id = request.store_id
              AND (sale.state = 'posted' OR sale.code IS NULL
                   OR sale.code NOT IN ('payment_cancelled', 'lines_do_not_add_up', 'hold_differs'))
            ORDER BY request.received_at, request_id LIMIT \(Self.portion)
            """)
        return try await each(requests) { session, requestID in
            try WaitingRefund(session: session, now: now).judge(requestID)
        }
    }

    /// Agrees to the requests of test cards (R-P7).
    ///
    /// - Shape: how many were agreed to.
    @discardableResult
    public func agreeToTestRefunds(now: Instant) async throws -> Int {
        let requests = try await ids(
            """
            SELECT request_id AS id FROM refund_request AS request JOIN sale USING (sale_id)
            WHERE request.state = 'pending' AND sale.test AND request.deadline > \(now)
            ORDER BY request.received_at, request_id LIMIT \(Self.portion)
            """)
        return try await each(requests) { session, requestID in
            try Refunds.agreeToTest(requestID, at: now, in: session)
        }
    }

    /// Gives back what test cards were charged in months that are over and nobody refunded (R-P7).
    ///
    /// - Shape: how many sales were reversed. One whose refund still waits is left to the next run.
    @discardableResult
    public func reverseTestCharges(now: Instant) async throws -> Int {
        let month = TradingMonth(now).firstDay
        let sales = try await ids(
            """
            SELECT sale.sale_id AS id FROM sale LEFT JOIN exception USING (sale_id)
            WHERE sale.test AND sale.business_date < \(month) AND sale.refund_reserved = 0
              AND (sale.paid_by_card > sale.returned_to_card OR exception.disputed > 0)
            ORDER BY sale.sale_id LIMIT \(Self.portion)
            """)
        return try await each(sales) { session, saleID in
            try TestReversal(session: session, now: now).reverse(saleID)
        }
    }

    private func ids(_ query: SQL) async throws -> [RecordID] {
        try await store.read { session in
            try session.query(query).map { try $0["id"] as RecordID }
        }
    }

    /// Each in a transaction of its own; counts those that gave true.
    private func each(
        _ ids: [RecordID], _ body: @escaping @Sendable (PostgresSession, RecordID) throws -> Bool
    ) async throws -> Int {
        var count = 0
        for id in ids where try await store.write({ try body($0, id) }) { count += 1 }
        return count
    }
}

/// Judges a request that waited for its sale, by the rules of one that arrives now.
private struct WaitingRefund {
    let session: PostgresSession
    let now: Instant

    func judge(_ requestID: RecordID) throws -> Bool {
        let place = try session.queryOne(
            """
            SELECT request.sale_id, request.store_id, store.code
            FROM refund_request AS request JOIN store USING (store_id)
            WHERE request_id = \(requestID)
            """)
        guard let place else { return false }
        let saleID: RecordID = try place["sale_id"]
        let sales = try IngestWorld.lockSales(
            session, [saleID], storeID: try place["store_id"])
        let row = try session.queryOne(
            """
            SELECT amount, fingerprint, lines, asked_at FROM refund_request
            WHERE request_id = \(requestID) AND state = 'waiting' FOR NO KEY UPDATE
            """)
        guard let row, let sale = sales[saleID], sale.facts.isPosted else { return false }
        let json: PostgresJSON = try row["lines"]
        let request = RefundRequest(
            id: requestID, sale: saleID,
            lines: try [RefundRequested.Line](bytes: Array(json.text.utf8)).map {
                RefundRequest.Line(index: $0.line, quantity: $0.quantity)
            }, amount: try row["amount"], card: try row["fingerprint"])
        let code = try refusal(of: request, sale: sale, askedAt: try row["asked_at"])
        try store(request, sale: sale, code: code)
        try publish(request, sale: sale, code: code, scope: try place["code"])
        return true
    }

    private func refusal(
        of request: RefundRequest, sale: IngestWorld.Sale, askedAt: Instant
    ) throws -> RefundRefusal? {
        let soldAt = sale.facts.businessTime
        guard TradingMonth(askedAt) == TradingMonth(soldAt) else { return .refundMonthOver }
        do throws(RefundRefusal) {
            try RefundRules.check(
                request, sale: sale.facts, reserved: sale.reserved,
                cardMatches: sale.cardFingerprint == request.card,
                deadline: RefundDeadline(
                    saleTime: soldAt, graceDays: try grace(), evidence: .proved), now: now)
            return nil
        } catch {
            return error
        }
    }

    private func grace() throws(RefundRefusal) -> Int {
        // A setting that cannot be read grants nothing.
        (try? RefundSetting.graceDays(session)) ?? 0
    }

    private func store(
        _ request: RefundRequest, sale: IngestWorld.Sale, code: RefundRefusal?
    ) throws {
        let state = code == nil ? "pending" : code == .refundMonthOver ? "expired" : "refused"
        try session.execute(
            """
            UPDATE refund_request
            SET state = \(state), code = \(code?.code as String?),
                decided_at = CASE WHEN \(code == nil) THEN NULL ELSE \(now) END
            WHERE request_id = \(request.id)
            """)
        guard code == nil else { return }
        let quantities = Dictionary(
            request.lines.map { ($0.index, $0.quantity) }, uniquingKeysWith: +)
        try session.execute(
            """
            INSERT INTO refund_line (request_id, sale_id, line_index, quantity)
            SELECT \(request.id), \(request.sale), line_index, quantity
            FROM unnest(\(quantities.keys.map { Int32($0) }),
                        \(quantities.values.map { Int32(clamping: $0) }))
                 AS row (line_index, quantity)
            """)
        try session.execute(
            """
            UPDATE sale SET refund_reserved = refund_reserved + \(request.amount)
            WHERE sale_id = \(request.sale)
            """)
    }

    private func publish(
        _ request: RefundRequest, sale: IngestWorld.Sale, code: RefundRefusal?, scope: String
    ) throws {
        let verdict = VerdictChange(code: nil, state: .posted)
        var changes = [
            Change(
                scope: scope, topic: .verdict, key: request.id.description,
                body: PostgresJSON(String(decoding: verdict.bytes, as: UTF8.self)))
        ]
        if let code {
            let body = DecisionChange(
                amount: request.amount, by: "", code: code.code, decidedAt: now, opinion: "",
                receipt: sale.receipt, sale: request.sale,
                state: code == .refundMonthOver ? .expired : .refused)
            changes.append(
                Change(
                    scope: scope, topic: .decision, key: request.id.description,
                    body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self))))
        }
        try ChangePublisher.publish(session, changes)
    }
}

/// Gives a test card back what one sale of it still holds.
private struct TestReversal {
    let session: PostgresSession
    let now: Instant

    func reverse(_ saleID: RecordID) throws -> Bool {
        let row = try session.queryOne(
            """
            SELECT sale.store_id, sale.card_id, sale.business_date, sale.receipt,
                   paid_by_card - returned_to_card AS left_over
            FROM sale WHERE sale_id = \(saleID) AND test AND refund_reserved = 0
            FOR NO KEY UPDATE
            """)
        guard let row else { return false }
        let undone = try undoDispute(saleID)
        let left: Money = try row["left_over"]
        guard left > .zero || undone > .zero else { return false }
        try session.execute(
            """
            UPDATE sale SET refunded = refunded + \(Money(fen: left.fen + undone.fen)),
                returned_to_card = returned_to_card + \(left)
            WHERE sale_id = \(saleID)
            """)
        let date: BusinessDate = try row["business_date"]
        if left > .zero, let cardID: Int64 = try row["card_id"] {
            let storeID: Int64 = try row["store_id"]
            try Ledger.post(
                session,
                [
                    NewTransfer(
                        .testReversal, from: LedgerAccount(.storePayable, of: storeID, in: .test),
                        to: LedgerAccount(.card, of: cardID, in: .test), amount: left,
                        businessAt: date.tradingMonth.end.adding(milliseconds: -1),
                        sourceID: saleID, storeID: storeID, cardID: cardID)
                ], at: now)
        }
        try AuditEntry(
            actor: .system, action: "refund.reverse_test", subject: try row["receipt"],
            detail: ["amount": String(left.fen), "undone": String(undone.fen)]
        ).write(session, at: now)
        return true
    }

    /// What the test card did not pay is no longer in dispute.
    private func undoDispute(_ saleID: RecordID) throws -> Money {
        let row = try session.queryOne(
            "SELECT exception_id FROM exception WHERE sale_id = \(saleID) AND disputed > 0")
        guard let exceptionID = try row?.decode("exception_id", as: Int64.self) else {
            return .zero
        }
        let found = try LockedException.lock(exceptionID, in: session)
        guard found.disputed > .zero else { return .zero }
        let store = found.names.storeCode
        try ExceptionEnd(
            found: found, outcome: .refunded, action: "refund", amount: found.disputed,
            reason: "",
            transfers: [
                TransferPlan(
                    kind: .shortfallUndone, book: .test, from: .storeInDispute(store),
                    to: .exceptionsReceivable(store), amount: found.disputed)
            ], actor: .system, at: now
        ).write(session)
        return found.disputed
    }
}
