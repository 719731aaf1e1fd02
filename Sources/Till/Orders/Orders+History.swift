import GRDB

extension Orders {
    /// What happened to an order, oldest first: begun, authorised, recorded, received, posted, refunds,
    /// slips.
    static func history(
        _ row: Row, refunds: [RefundSummary], in database: Database
    ) throws -> [OrderEvent] {
        let id: String = row["id"]
        let cashier: String = row["cashier"]
        let at: Int64 = row["at"]
        var events: [OrderEvent] = []
        let begun = try Int64.fetchOne(
            database, sql: "SELECT begun_at FROM payment WHERE id = ?", arguments: [id])
        if let begun {
            events.append(OrderEvent(kind: "payment.begun", at: begun, by: cashier, detail: ""))
        }
        let mode: String = row["mode"]
        events.append(OrderEvent(kind: "sold.\(mode)", at: at, by: cashier, detail: ""))
        let sequence = try Int64.fetchOne(
            database, sql: "SELECT seq FROM sale WHERE id = ?", arguments: [id])
        events.append(
            OrderEvent(
                kind: "record.stored", at: at, by: "", detail: sequence.map { "#\($0)" } ?? ""))
        events += judged(row)
        for refund in refunds { events += happened(to: refund) }
        events += try Row.fetchAll(
            database,
            sql: """
                SELECT copy, printed_at, printed_by FROM printed_slip
                WHERE subject = ? AND slip = 'sale' ORDER BY copy
                """,
            arguments: [id]
        ).map { slip in
            OrderEvent(
                kind: "slip.printed", at: slip["printed_at"], by: slip["printed_by"],
                detail: String(slip["copy"] as Int))
        }
        // What happened in one millisecond stays in the order it has above.
        return events.enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }
        .map(\.element)
    }

    /// Receiving and posting are told apart (S-3), though head office does both at once.
    private static func judged(_ row: Row) -> [OrderEvent] {
        guard let judged = row["judged_at"] as Int64? else { return [] }
        let state = OrderState(verdict: row["verdict"])
        let received = OrderEvent(kind: "state.received", at: judged, by: "", detail: "")
        if state == .received { return [received] }
        return [
            received,
            OrderEvent(
                kind: "state.\(state.rawValue)", at: judged, by: "",
                detail: row["verdict_code"] ?? ""),
        ]
    }

    private static func happened(to refund: RefundSummary) -> [OrderEvent] {
        let asked = OrderEvent(
            kind: "refund.requested", at: refund.requestedAt, by: refund.requestedBy,
            detail: refund.reason)
        guard let decided = refund.decidedAt else { return [asked] }
        return [
            asked,
            OrderEvent(
                kind: "refund.\(refund.state.rawValue)", at: decided, by: refund.decidedBy,
                detail: refund.opinion),
        ]
    }
}
