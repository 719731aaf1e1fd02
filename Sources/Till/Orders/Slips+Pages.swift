import Domain
import GRDB
import Hummingbird
import Receipts
import WebSupport

extension TillWeb {
    private struct SlipView {
        struct Slip {
            let slipHTML: String
        }
        let heading: String
        let reprint: String?
        let printPath: String
        let slips: [Slip]
    }

    private struct PrintedAnswer: Encodable {
        /// 0 for the original pair.
        let reprint: Int
    }

    private struct SlipTextAnswer: Encodable {
        let merchant: String
        let customer: String
    }

    func addSlips(to router: RouterGroup<WebContext>) {
        router.get("/orders/:id/slip") { _, context in
            let id = try id(context)
            return try await slipPage(
                .sale(id), try await saleFacts(id, context), "/api/sales/\(id)/slips", context)
        }
        router.get("/refunds/:id/slip") { _, context in
            let id = try id(context)
            return try await slipPage(
                .refund(id), try await refundFacts(id, context), "/api/refunds/\(id)/slips",
                context)
        }
        router.get("/api/sales/:id/slip") { _, context in
            let id = try id(context)
            return try await slipText(.sale(id), try await saleFacts(id, context), context)
        }
        router.get("/api/refunds/:id/slip") { _, context in
            let id = try id(context)
            return try await slipText(.refund(id), try await refundFacts(id, context), context)
        }
        router.post("/api/sales/:id/slips") { _, context in
            let id = try id(context)
            _ = try await order(id)
            return try await recordPrinting(.sale(id), context)
        }
        router.post("/api/refunds/:id/slips") { _, context in
            let id = try id(context)
            _ = try await refundFacts(id, context)
            return try await recordPrinting(.refund(id), context)
        }
    }

    private func recordPrinting(
        _ subject: SlipSubject, _ context: WebContext
    ) async throws -> Response {
        let login = try context.requireSession().account
        let ids = [world.makeID(), world.makeID()]
        let reprint = try await commit {
            try await store.recordPrinting(
                subject, by: login, ids: ids, at: world.now(), book: JournalBook(identity))
        }
        return try Response.json(PrintedAnswer(reprint: reprint ?? 0))
    }

    /// The copies as the next printing would give them.
    private func documents(
        _ subject: SlipSubject, _ facts: SlipFacts, _ context: WebContext
    ) async throws -> (copies: [SlipDocument], reprint: Int?) {
        let printed = try await store.read { try Slips.copyCount(subject, in: $0) }
        let reprint = printed == 0 ? nil : printed - 1
        let language = SlipLanguage(rawValue: context.language.rawValue) ?? .zhHans
        let copies = try SlipDocument.Copy.allCases.map { copy in
            try SlipDocument(facts, copy: copy, language: language, reprint: reprint)
        }
        return (copies, reprint)
    }

    private func slipPage(
        _ subject: SlipSubject, _ facts: SlipFacts, _ printPath: String, _ context: WebContext
    ) async throws -> Response {
        let words = site.pages.words(context.language)
        let (copies, reprint) = try await documents(subject, facts, context)
        let view = SlipView(
            heading: words("till.slip.\(subject.kind)") + " " + facts.number,
            reprint: reprint.map { words("till.slip.reprint", ["count": String($0)]) },
            printPath: printPath,
            slips: copies.map { .init(slipHTML: SlipHTML(paper: .wide).render($0)) })
        return try site.pages.page("orders/slip", view, context: context)
    }

    private func slipText(
        _ subject: SlipSubject, _ facts: SlipFacts, _ context: WebContext
    ) async throws -> Response {
        let texts = try await documents(subject, facts, context).copies.map {
            SlipText(columns: 48).render($0)
        }
        return try Response.json(
            SlipTextAnswer(merchant: texts.first ?? "", customer: texts.last ?? ""))
    }

    func storeFacts(_ context: WebContext) async throws -> SlipFacts.Store {
        let words = site.pages.words(context.language)
        let info = try await store.read { try StoreInfo.load(in: $0) }
        let telephones = [
            (words("till.telephone.store"), info?.telephone),
            (words("till.telephone.service"), info?.serviceTelephone),
            (words("till.telephone.fault"), info?.faultTelephone),
        ].compactMap { label, number in
            number.flatMap { $0.isEmpty ? nil : "\(label) \($0)" }
        }
        return .init(
            name: info?.name ?? identity.till, address: info?.address ?? "",
            telephones: telephones)
    }

    private func saleFacts(_ id: RecordID, _ context: WebContext) async throws -> SlipFacts {
        let order = try await order(id)
        let summary = order.summary
        return SlipFacts(
            event: summary.mode == "authorised" ? .authorisedSale : .standInSale,
            store: try await storeFacts(context), till: identity.till, number: summary.receipt,
            time: Instant(milliseconds: summary.businessTime), cashier: summary.cashier,
            lines: order.lines.map(\.saleLine), total: Money(fen: summary.total),
            card: .init(
                mask: summary.mask, holder: order.holder,
                balance: order.remaining.map { Money(fen: $0) }),
            isTest: summary.test)
    }

    /// What people call a refund: the random end of the request's id.
    static func refundNumber(_ id: RecordID) -> String { id.description.suffix(12).uppercased() }

    private func refundFacts(_ id: RecordID, _ context: WebContext) async throws -> SlipFacts {
        guard let refund = try await store.read({ try Refunds.find(id.description, in: $0) }),
            refund.state == .approved, let sale = RecordID(refund.sale)
        else { throw RequestRefusal.notFound }
        let order = try await order(sale)
        return SlipFacts(
            event: .approvedRefund(
                saleNumber: refund.saleReceipt, opinion: refund.opinion,
                decidedBy: refund.decidedBy),
            store: try await storeFacts(context), till: identity.till,
            number: Self.refundNumber(id),
            time: Instant(milliseconds: refund.decidedAt ?? refund.requestedAt),
            cashier: refund.requestedBy,
            lines: refund.lines.compactMap { line in
                order.lines.first { $0.line == line.line }?.saleLine(quantity: line.quantity)
            }, total: Money(fen: refund.amount),
            card: .init(mask: order.summary.mask, holder: order.holder, balance: nil),
            isTest: order.summary.test)
    }
}

extension OrderLine {
    func saleLine(quantity: Int64) -> SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: Money(fen: list), price: Money(fen: price),
            quantity: quantity, repricedBy: repricedBy, repriceReason: repriceReason)
    }
}
