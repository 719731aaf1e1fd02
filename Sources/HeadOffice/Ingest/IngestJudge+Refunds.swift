import Domain
import Journal
import PostgresDriver

extension IngestJudge {
    /// Judges a request by the rules that the approval uses too; what breaks one is refused at once,
    /// and the till learns it by the change feed.
    mutating func judgeRefund(
        _ id: RecordID, _ body: RefundRequested, _ incoming: IncomingRecord, _ time: BusinessTime
    ) -> RecordException? {
        let request = RefundRequest(
            id: id, sale: body.sale,
            lines: body.lines.map { RefundRequest.Line(index: $0.line, quantity: $0.quantity) },
            amount: body.amount, card: body.card)
        guard let sale = world.sales[body.sale], sale.facts.isPosted else {
            return awaitSale(request, body, incoming, time)
        }
        let deadline = deadline(of: sale.facts.businessTime, time)
        var state = "pending"
        var code: String?
        do {
            guard TradingMonth(time.instant) == TradingMonth(sale.facts.businessTime) else {
                throw RefundRefusal.refundMonthOver
            }
            try RefundRules.check(
                request, sale: sale.facts, reserved: sale.reserved,
                cardMatches: sale.cardFingerprint == body.card
                    || world.laterCards[sale.cardFingerprint]?.contains(body.card) == true,
                deadline: deadline,
                now: received)
            world.sales[body.sale]?.reserved = try sale.reserved.adding(request)
            reserve(body.sale, body.amount)
        } catch let refusal as RefundRefusal {
            state = refusal == .refundMonthOver ? "expired" : "refused"
            code = refusal.code
        } catch {
            state = "refused"
            code = RefundRefusal.amountExceedsPaid(left: .zero).code
        }
        outcome.refunds.append(
            IngestOutcome.Refund(
                request: request, body: body, time: time, deadline: deadline.end, state: state,
                code: code, knownUntil: knownUntil(time.instant)))
        if let code {
            publishDecision(
                request, code: code, receipt: sale.receipt,
                state: state == "expired" ? .expired : .refused)
        }
        return nil
    }

    /// A request does not state the age of the till's knowledge as a sale does: it is that of the last beacon
    /// before it, unless it came at once.
    private func knownUntil(_ time: Instant) -> Instant {
        received.milliseconds(since: time) <= AccountActs.freshMilliseconds
            ? time : min(time, row.lastBeacon)
    }

    /// The last moment at which the request may still turn out to be approvable: whether it was made
    /// in the month is judged when it is decided, because a proof may come with a later batch (R-R6).
    private func deadline(of soldAt: Instant, _ time: BusinessTime) -> RefundDeadline {
        let isContradicted =
            received >= TradingMonth(soldAt).end && time.flags.contains(.broughtInside)
        return RefundDeadline(
            saleTime: soldAt, graceDays: world.graceDays,
            evidence: isContradicted ? .contradicted : .proved)
    }

    /// A request for a sale that has not come, or is in question for its identity, waits with its
    /// deadline running (R-R7).
    private mutating func awaitSale(
        _ request: RefundRequest, _ body: RefundRequested, _ incoming: IncomingRecord,
        _ time: BusinessTime
    ) -> RecordException? {
        let known = world.sales[request.sale]
        let deadline = deadline(of: known?.facts.businessTime ?? time.instant, time)
        let isOver = deadline.isOver(at: received)
        let code = isOver ? RefundRefusal.refundMonthOver.code : nil
        outcome.refunds.append(
            IngestOutcome.Refund(
                request: request, body: body, time: time, deadline: deadline.end,
                state: isOver ? "expired" : "waiting", code: code,
                knownUntil: knownUntil(time.instant)))
        if let code {
            publishDecision(request, code: code, receipt: known?.receipt ?? "", state: .expired)
        } else {
            outcome.held.insert(incoming.sequence)
        }
        return nil
    }

    /// Takes a request back. One already decided stays as it is; the till has its decision. After an
    /// approval the money has moved, and somebody should know that the store thinks otherwise.
    mutating func judgeWithdrawal(
        _ id: RecordID, _ incoming: IncomingRecord
    ) -> RecordException? {
        if let index = outcome.refunds.firstIndex(where: { $0.request.id == id }) {
            let refund = outcome.refunds[index]
            guard !refund.isDecided else { return nil }
            outcome.refunds[index].state = "withdrawn"
            if refund.state == "pending" {
                giveBack(refund.request.sale, refund.request.amount, lines: refund.request.lines)
            }
            publishDecision(
                refund.request, code: nil,
                receipt: world.sales[refund.request.sale]?.receipt ?? "", state: .withdrawn)
            return nil
        }
        guard let known = world.requests[id] else { return note(.unknownRequest, incoming) }
        if known.state == "approved" { return note(.tooLate, incoming) }
        guard known.state == "pending" || known.state == "waiting" else { return nil }
        world.requests[id]?.state = "withdrawn"
        outcome.withdrawn.append(id)
        if known.state == "pending" {
            giveBack(known.saleID, known.amount, lines: known.lines)
        }
        let request = RefundRequest(
            id: id, sale: known.saleID, lines: known.lines, amount: known.amount,
            card: known.card)
        publishDecision(request, code: nil, receipt: known.receipt, state: .withdrawn)
        return nil
    }

    private mutating func reserve(_ sale: RecordID, _ amount: Money) {
        let before = outcome.reserved[sale] ?? .zero
        outcome.reserved[sale] = Money(fen: before.fen + amount.fen)
    }

    private mutating func giveBack(
        _ sale: RecordID, _ amount: Money, lines: [RefundRequest.Line]
    ) {
        reserve(sale, Money(fen: -amount.fen))
        guard let reserved = world.sales[sale]?.reserved else { return }
        var quantities = reserved.quantities
        for line in lines { quantities[line.index, default: 0] -= line.quantity }
        world.sales[sale]?.reserved = RefundRules.Reserved(
            quantities: quantities, amount: Money(fen: reserved.amount.fen - amount.fen))
    }

    private mutating func publishDecision(
        _ request: RefundRequest, code: String?, receipt: String, state: DecisionChange.State
    ) {
        let body = DecisionChange(
            amount: request.amount, by: "", code: code, decidedAt: received, opinion: "",
            receipt: receipt, sale: request.sale, state: state)
        outcome.changes.append(
            Change(
                scope: till.storeCode, topic: .decision, key: request.id.description,
                body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self))))
    }
}
