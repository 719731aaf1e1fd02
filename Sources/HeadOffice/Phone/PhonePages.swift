import Domain
import Hummingbird
import Journal
import WebSupport

/// Paying by phone: what is asked for, card and password, the receipt with its code.
struct PhonePages: Sendable {
    let phone: PhoneDesk
    private var desk: OfficeDesk { phone.desk }

    init(phone: PhoneDesk) {
        self.phone = phone
    }

    func addRoutes(to router: Router<WebContext>) {
        router.get("/p/q/{token}") { request, context in
            try await phone.page(context) { try await show(request, context) }
        }
        router.get("/p/q/{token}/pay") { request, context in
            try await phone.page(context) {
                try await entry(request, context, problem: nil, number: "")
            }
        }
        router.post("/p/q/{token}/pay") { request, context in
            try await phone.page(context) { try await pay(request, context) }
        }
        router.get("/p/r/{receipt}") { _, context in
            try await phone.page(context) { try await receipt(context) }
        }
        router.get("/p/r/{receipt}/state") { _, context -> Response in
            let receipt = try await phone.payments.receipt(
                context.parameters.get("receipt") ?? "")
            return try .json(["state": receipt.state.rawValue])
        }
    }

    private struct ItemView {
        let name: String
        let quantity: String
        let amount: String
    }

    private struct DemandView {
        let storeName: String
        let storeAddress: String
        let amount: String
        let hasItems: Bool
        let items: [ItemView]
        let payPath: String
    }

    private func items(_ items: [PhoneItem], _ text: PageText) -> [ItemView] {
        items.map {
            ItemView(name: $0.name, quantity: "×\($0.quantity)", amount: text.money($0.amount))
        }
    }

    private func token(_ context: WebContext) -> String { context.parameters.get("token") ?? "" }

    /// The demand while it may be paid, with where it stands.
    ///
    /// - Refuses: as `PhonePayments.demand`, then `alreadyPaid`, `paymentEnded`, `requestExpired`.
    private func open(
        _ context: WebContext
    ) async throws -> (demand: PhoneDemand, items: [PhoneItem]) {
        let demand = try await phone.payments.demand(token(context))
        let standing = try await phone.payments.standing(demand.request.payment)
        let state = standing?.state ?? PaymentState.none
        if let refusal = PhonePayments.refusal(of: state, demand, at: desk.now) { throw refusal }
        return (demand, demand.request.items ?? standing?.items ?? [])
    }

    private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        if let own = try await ownReceipt(request, context) { return own }
        let (demand, items) = try await open(context)
        try await phone.payments.noteHead(demand)
        let text = desk.text(context)
        return try desk.page(
            "phone/request",
            DemandView(
                storeName: demand.storeName, storeAddress: demand.storeAddress,
                amount: text.money(demand.request.amount), hasItems: !items.isEmpty,
                items: self.items(items, text), payPath: "/p/q/\(token(context))/pay"), context)
    }

    /// The phone that paid scans again: it gets its receipt, not "somebody has paid".
    private func ownReceipt(
        _ request: Request, _ context: WebContext
    ) async throws -> Response? {
        guard let receipt = request.cookies[PhoneDesk.receiptCookie]?.value,
            let read = PhoneRequest(token: token(context)),
            try await phone.payments.isReceipt(receipt, of: read.payment)
        else { return nil }
        return .redirect(to: "/p/r/\(receipt)")
    }

    // MARK: Card and password

    private struct EntryView {
        let storeName: String
        let amount: String
        let problem: String?
        let remembered: String?
        let number: String
        let form: String
        let backPath: String
        let payPath: String
    }

    private func entry(
        _ request: Request, _ context: WebContext, problem: String?, number: String,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        if let own = try await ownReceipt(request, context) { return own }
        let (demand, _) = try await open(context)
        let text = desk.text(context)
        let path = "/p/q/\(token(context))"
        let view = EntryView(
            storeName: demand.storeName, amount: text.money(demand.request.amount),
            problem: problem, remembered: try await phone.remembered(request)?.mask,
            number: number, form: desk.store.clock.makeID().description, backPath: path,
            payPath: path + "/pay")
        return try desk.site.pages.page("phone/entry", view, context: context, status: status)
    }

    private func pay(_ request: Request, _ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let number = try form.text("number")
        guard let formID = RecordID(try form.require("form")) else {
            throw RequestRefusal.malformedBody
        }
        let demand = try await phone.payments.demand(token(context))
        let subject = "payment:\(demand.request.payment)"
        let card: CardFingerprint
        let password: CardPassword
        do {
            try await phone.count(subject, request, context)
            if number.isEmpty, let known = try await phone.remembered(request) {
                card = known.fingerprint
            } else {
                card = desk.store.secrets.wireFingerprintKey.fingerprint(
                    of: try CardNumber(number))
            }
            password = try CardPassword(try form.require("password"))
        } catch let refusal as CardRefusal {
            let words = desk.site.pages.words(context.language)
            return try await entry(
                request, context, problem: words("refusal." + refusal.code), number: number,
                status: .unprocessableContent)
        }
        let payments = phone.payments
        let answer = try await desk.commit {
            try await payments.confirm(
                demand, .init(card: card, password: password, form: formID))
        }
        switch answer {
        case .held(let receipt):
            await phone.succeeded(subject, request, context)
            return try await paid(receipt, card: card, password: password, request, context)
        case .refused(let code, let triesLeft):
            if let refusal = PhoneRefusal(rawValue: code) { throw refusal }
            return try await entry(
                request, context,
                problem: phone.words(for: code, triesLeft: triesLeft, context), number: number,
                status: .unprocessableContent)
        }
    }

    private func paid(
        _ receipt: String, card: CardFingerprint, password: CardPassword, _ request: Request,
        _ context: WebContext
    ) async throws -> Response {
        var response = Response.redirect(to: "/p/r/\(receipt)")
        response.setCookie(
            PhoneDesk.cookie(PhoneDesk.receiptCookie, receipt, maxAge: 86_400))
        if try context.requireForm().text("remember") == "yes" {
            let token = SessionToken.random()
            let cards = phone.cards
            let answer = try await desk.commit {
                try await cards.remember(card, password: password, token: token)
            }
            if case .held = answer {
                response.setCookie(
                    PhoneDesk.cookie(
                        PhoneDesk.cardCookie, token.text,
                        maxAge: Int(PhoneCards.memoryLife / 1_000)))
            }
        }
        return response
    }

    // MARK: Receipt

    private struct ReceiptView {
        let code: String
        let amount: String
        let storeName: String
        let storeTelephone: String
        let mask: String
        let remaining: String
        let confirmed: String
        let state: String
        let isHeld: Bool
        let isPaid: Bool
        let isReturned: Bool
        let statePath: String
        let hasItems: Bool
        let items: [ItemView]
    }

    private func receipt(_ context: WebContext) async throws -> Response {
        let token = context.parameters.get("receipt") ?? ""
        let receipt = try await phone.payments.receipt(token)
        let text = desk.text(context)
        return try desk.page(
            "phone/receipt",
            ReceiptView(
                code: receipt.code.grouped, amount: text.money(receipt.amount),
                storeName: receipt.storeName, storeTelephone: receipt.storeTelephone,
                mask: receipt.mask,
                remaining: receipt.remaining.map(text.money) ?? text.words("common.none"),
                confirmed: text.time(receipt.confirmed), state: receipt.state.rawValue,
                isHeld: receipt.state == .held, isPaid: receipt.state == .captured,
                isReturned: receipt.state == .cancelled || receipt.state == .lapsed,
                statePath: "/p/r/\(token)/state", hasItems: !receipt.items.isEmpty,
                items: items(receipt.items, text)), context)
    }
}
