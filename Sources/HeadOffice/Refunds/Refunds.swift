// Refund requests are decided here. Rows are locked sale first, then request, as taking a request in does; everything the
// decision rests on is read again under those locks and judged by head office's clock.

public import Domain
import Journal
import PostgresDriver

/// Decides refund requests.
public struct Refunds: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// What an approver says.
    public enum Verdict: String, Sendable, CaseIterable {
        case approved
        case refused
    }

    /// Longest opinion, in characters.
    public static let opinionLengthMax = 500

    /// Decides a request: at an approval the money goes to the card as a new transfer (R-R5).
    ///
    /// - Shape: `digest` is the one of the page that was shown; `opinion` 1–500 characters; `clock` is asked once the
    ///   rows are locked, so that a decision that had to wait is judged by the time it is made.
    /// - Refuses, first match wins: `.roleMissing`, `.opinionEmpty`, `.opinionTooLong`, `.unknownRequest`,
    ///   `.alreadyDecided`, `FourEyes.Refusal`, `.digestDiffers`, and for an approval Domain's `RefundRefusal`.
    /// - Repetition: of two approvers one decides, the other gets `.alreadyDecided`.
    /// - Source: R-R1…R-R5, R-R7.
    public func decide(
        _ requestID: RecordID, _ verdict: Verdict, opinion: String, digest: [UInt8],
        by actor: StaffActor, at clock: @autoclosure @escaping @Sendable () -> Instant
    ) async throws {
        try actor.require(.approver)
        let opinion = opinion.trimmedText
        guard !opinion.isEmpty else { throw RefundsRefusal.opinionEmpty }
        guard opinion.count <= Self.opinionLengthMax else { throw RefundsRefusal.opinionTooLong }
        try await store.write { session in
            try Self.lock(requestID, in: session)
            let now = clock()
            let found = try Self.find(requestID, in: session)
            guard found.state == "pending" else { throw RefundsRefusal.alreadyDecided }
            try FourEyes.check(
                decider: .of(actor, in: session),
                requester: .ofStoreLogin(found.askedBy, store: found.storeCode, in: session))
            guard found.digest == digest else { throw RefundsRefusal.digestDiffers }
            try Self.settle(
                verdict, of: found, opinion: opinion, by: .staff(actor), at: now, in: session)
        }
    }

    /// Writes a decision: rows, ledger, feed and audit.
    private static func settle(
        _ verdict: Verdict, of found: RefundCase, opinion: String, by actor: AuditActor,
        at now: Instant, in session: PostgresSession
    ) throws {
        var plan: RefundPosting.Plan?
        if verdict == .approved {
            try found.judgeApproval(at: now)
            plan = try found.plan()
        }
        try store(verdict, of: found, plan, opinion: opinion, by: actor, at: now, in: session)
        if let plan { try post(plan, of: found, by: actor, at: now, in: session) }
        try publish(verdict, of: found, opinion: opinion, by: actor, at: now, in: session)
        try AuditEntry(
            actor: actor, action: verdict == .approved ? "refund.approve" : "refund.refuse",
            subject: found.requestID.description,
            detail: [
                "sale": found.saleID.description, "receipt": found.receipt,
                "amount": String(found.amount.fen), "opinion": opinion,
            ]
        ).write(session, at: now)
    }

    /// Agrees to a test card's request without a person, the one exception to four eyes (R-P7).
    ///
    /// - Shape: false when it has been decided, or the rules refuse it; then a person sees it.
    static func agreeToTest(
        _ requestID: RecordID, at now: Instant, in session: PostgresSession
    ) throws -> Bool {
        try lock(requestID, in: session)
        let found = try find(requestID, in: session)
        guard found.isTest, found.state == "pending" else { return false }
        do {
            try settle(
                .approved, of: found, opinion: testOpinion, by: .system, at: now, in: session)
        } catch is RefundRefusal {
            return false
        }
        return true
    }

    /// What the till shows for it.
    private static let testOpinion = "测试卡，自动同意 Test card, agreed automatically"

    private static func lock(_ requestID: RecordID, in session: PostgresSession) throws {
        let sale = try session.queryOne(
            """
            SELECT sale_id FROM sale
            WHERE sale_id = (SELECT sale_id FROM refund_request WHERE request_id = \(requestID))
            FOR NO KEY UPDATE
            """)
        let request = try session.queryOne(
            "SELECT request_id FROM refund_request WHERE request_id = \(requestID) FOR NO KEY UPDATE"
        )
        guard sale != nil, request != nil else { throw RefundsRefusal.unknownRequest }
        _ = try session.query(
            """
            SELECT exception_id FROM exception
            WHERE sale_id = (SELECT sale_id FROM refund_request WHERE request_id = \(requestID))
            FOR NO KEY UPDATE
            """)
    }

    private static func store(
        _ verdict: Verdict, of found: RefundCase, _ plan: RefundPosting.Plan?, opinion: String,
        by actor: AuditActor, at now: Instant, in session: PostgresSession
    ) throws {
        let decided = try session.execute(
            """
            UPDATE refund_request SET state = \(verdict.rawValue), opinion = \(opinion),
                digest = \(found.digest), decided_by = \(actor.accountID as Int64?),
                decided_at = \(now)
            WHERE request_id = \(found.requestID) AND state = 'pending'
            """)
        guard decided == 1 else { throw RefundsRefusal.alreadyDecided }
        let refunded = verdict == .approved ? found.amount : .zero
        try session.execute(
            """
            UPDATE sale SET refunded = refunded + \(refunded),
                returned_to_card = returned_to_card + \(plan?.toCard ?? .zero),
                refund_reserved = refund_reserved - \(found.amount)
            WHERE sale_id = \(found.saleID)
            """)
        if verdict == .refused {
            try session.execute(
                "UPDATE refund_line SET live = false WHERE request_id = \(found.requestID)")
        }
    }

    /// What the card paid returns to the card, or to suspense when the card is closed; what it had not paid is undone,
    /// and what was in dispute of it no longer is.
    private static func post(
        _ plan: RefundPosting.Plan, of found: RefundCase, by actor: AuditActor, at now: Instant,
        in session: PostgresSession
    ) throws {
        let names = LedgerNames(
            storeID: found.storeID, storeCode: found.storeCode,
            cardID: found.destination?.cardID, card: found.destination?.fingerprint,
            programmeID: found.programmeID, programme: found.programme)
        if found.carrier == .inDispute, plan.undone > .zero {
            guard let exceptionID = found.exceptionID,
                let exception = try LockedException.read(
                    "exception.exception_id = \(exceptionID)", in: session
                ).first
            else { throw RefundRefusal.saleNotPosted }
            try ExceptionEnd(
                found: exception, outcome: .refunded, action: "refund", amount: plan.undone,
                reason: "", transfers: [], actor: actor, at: now
            ).write(session)
        }
        let transfers = plan.transfers.map {
            names.transfer($0, source: found.requestID, at: now)
        }
        let fees = try SaleFees.transfers(
            session,
            beside: [
                SaleFees.Sale(
                    saleID: found.saleID, soldOn: BusinessDate(found.soldAt), transfers: transfers)
            ])
        try Ledger.post(session, transfers + fees, at: now)
    }

    private static func publish(
        _ verdict: Verdict, of found: RefundCase, opinion: String, by actor: AuditActor,
        at now: Instant, in session: PostgresSession
    ) throws {
        let person = try session.queryOne(
            "SELECT name FROM person WHERE person_id = \(actor.personID as Int64?)")
        let body = DecisionChange(
            amount: found.amount, by: try person?.decode("name") ?? "", code: nil,
            decidedAt: now, opinion: opinion, receipt: found.receipt, sale: found.saleID,
            state: verdict == .approved ? .approved : .refused)
        try ChangePublisher.publish(
            session,
            Change(
                scope: found.storeCode, topic: .decision, key: found.requestID.description,
                body: PostgresJSON(String(decoding: body.wire.canonicalBytes, as: UTF8.self))))
    }
}
