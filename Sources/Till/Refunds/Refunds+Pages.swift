import Domain
import GRDB
import Hummingbird
import WebSupport

extension TillWeb {
    private struct FormView {
        struct Line {
            let line: Int
            let name: String
            let spec: String
            let price: String
            let fen: Int64
            let left: Int64
        }
        let sale: String
        let receipt: String
        let request: String
        let deadline: String?
        let isUrgent: Bool
        let closed: String?
        let lines: [Line]
        let remaining: String
    }

    private struct ListView {
        struct Item {
            let id: String
            let sale: String
            let saleReceipt: String
            let time: String
            let amount: String
            let reason: String
            /// What comes back.
            let goods: String
            let deadline: String?
            let requestedBy: String
            let state: String
            let level: String
            let opinion: String
            let decidedBy: String?
            let slip: String?
            let isOpen: Bool
        }
        let hasRefunds: Bool
        let refunds: [Item]
    }

    private struct RequestBody: Decodable {
        let id: String?
        let card: String
        let reason: String
        let lines: [RefundLine]?
    }

    private struct RefundsAnswer: Encodable {
        let refunds: [RefundSummary]
    }

    func addRefunds(to router: RouterGroup<WebContext>) {
        router.get("/orders/:id/refund") { _, context in try await formPage(context) }
        router.get("/refunds") { _, context in try await reviewPage(context) }
        router.get("/api/refunds") { _, _ in
            try Response.json(
                RefundsAnswer(refunds: try await store.read { try Refunds.list(in: $0) }))
        }
        router.get("/api/refunds/:id") { _, context in
            try Response.json(try await refund(try id(context)))
        }
        router.post("/api/sales/:id/refunds") { request, context in
            let sale = try id(context)
            let login = try context.requireSession().account
            let body = try await request.json(RequestBody.self)
            let entry = RefundEntry(
                id: try requestID(body.id), sale: sale,
                lines: body.lines, cardNumber: body.card, reason: body.reason, by: login)
            // A repeat is answered from here.
            let isMade = try await store.read {
                try Refunds.find(entry.id.description, in: $0) != nil
            }
            if !isMade { try await requireKnown(sale) }
            let made = try await commit {
                try await store.requestRefund(entry, at: world.now(), identity: identity)
            }
            return try Response.json(made, status: .created)
        }
        router.post("/api/refunds/:id/withdrawal") { _, context in
            let request = try id(context)
            let login = try context.requireSession().account
            try await commit {
                try await store.withdrawRefund(
                    request, by: login, id: world.makeID(), at: world.now(),
                    book: JournalBook(identity))
            }
            return try Response.json(try await refund(request))
        }
    }

    /// A request's own id, which makes a repeat harmless: one that cannot be read is never replaced by
    /// another.
    private func requestID(_ text: String?) throws -> RecordID {
        guard let text else { return world.makeID() }
        guard let id = RecordID(text), id.version == 7 else {
            throw RefundRequestRefusal.malformedID
        }
        return id
    }

    private func refund(_ id: RecordID) async throws -> RefundSummary {
        guard let found = try await store.read({ try Refunds.find(id.description, in: $0) })
        else { throw RefundRequestRefusal.unknownRequest }
        return found
    }

    private func formPage(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let sale = try id(context)
        try await requireKnown(sale)
        let order = try await order(sale)
        let now = world.now()
        let (room, time) = try await store.read { database in
            (
                try RefundRoom.load(order.summary.id, in: database),
                try SyncState.load(in: database).corrected(now)
            )
        }
        guard let room else { throw RequestRefusal.notFound }
        let left = room.left
        let remaining = zip(order.lines, left).reduce(Int64(0)) { $0 + $1.0.price * $1.1 }
        let isOver = room.deadline.isOver(at: time)
        let closed =
            isOver
            ? words("refusal.refund_month_over")
            : remaining == 0 ? words("refusal.nothing_to_refund") : nil
        let daysLeft = room.deadline.daysLeft(at: time)
        let view = FormView(
            sale: order.summary.id, receipt: order.summary.receipt,
            request: world.makeID().description,
            deadline: daysLeft.map {
                words(
                    "till.refunds.deadline",
                    ["day": room.deadline.lastDay.description, "count": String($0)])
            },
            isUrgent: (daysLeft ?? 0) <= 3, closed: closed,
            lines: zip(order.lines, left).map { line, left in
                .init(
                    line: line.line, name: line.name, spec: line.spec,
                    price: Texts.yuan(line.price), fen: line.price, left: left)
            }, remaining: Texts.yuan(remaining))
        return try site.pages.page("refunds/form", view, context: context)
    }

    private func reviewPage(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let (refunds, goods) = try await store.read { database in
            let refunds = try Refunds.list(in: database)
            let goods = try refunds.map { refund in
                let sold = try Orders.knownLines(of: refund.sale, in: database)
                return refund.lines.compactMap { line in
                    sold.first { $0.line == line.line }.map { "\($0.name) ×\(line.quantity)" }
                }.joined(separator: "、")
            }
            return (refunds, goods)
        }
        let view = ListView(
            hasRefunds: !refunds.isEmpty,
            refunds: zip(refunds, goods).map { refund, goods in
                let opinion =
                    refund.opinion.isEmpty
                    ? refund.code.map { words.refusal($0) } ?? "" : refund.opinion
                return .init(
                    id: refund.id, sale: refund.sale, saleReceipt: refund.saleReceipt,
                    time: Texts.time(refund.requestedAt), amount: Texts.yuan(refund.amount),
                    reason: refund.reason, goods: goods,
                    deadline: refund.state.isOpen
                        ? words(
                            "till.refunds.decideBy",
                            [
                                "day": RefundDeadline(
                                    saleTime: Instant(milliseconds: refund.soldAt)
                                ).lastDay.description
                            ]) : nil,
                    requestedBy: refund.requestedBy,
                    state: words("till.refund.\(refund.state.rawValue)"),
                    level: refund.state.level, opinion: opinion,
                    decidedBy: refund.decidedBy.isEmpty
                        ? nil
                        : refund.decidedBy + " "
                            + (refund.decidedAt.map(Texts.time) ?? ""),
                    slip: refund.state == .approved ? "/refunds/\(refund.id)/slip" : nil,
                    isOpen: refund.state.isOpen)
            })
        return try site.pages.page("refunds/list", view, context: context)
    }
}
