import Domain
import Hummingbird
import Journal
import WebSupport

/// The holder's own page 个人中心: a remembered card, its balance and history, and the scanner.
struct PhoneCentrePages: Sendable {
    let phone: PhoneDesk
    private var desk: OfficeDesk { phone.desk }

    init(phone: PhoneDesk) {
        self.phone = phone
    }

    func addRoutes(to router: Router<WebContext>) {
        router.get("/p") { _, _ in Response.redirect(to: "/p/me") }
        router.get("/p/me") { request, context in
            try await phone.page(context) { try await show(request, context, problem: nil) }
        }
        router.post("/p/me/card") { request, context in
            try await phone.page(context) { try await remember(request, context) }
        }
        router.post("/p/me/forget") { request, _ -> Response in
            if let token = phone.cardToken(request) {
                let cards = phone.cards
                try await desk.commit { try await cards.forget(token) }
            }
            var response = Response.redirect(to: "/p/me")
            response.setCookie(PhoneDesk.cookie(PhoneDesk.cardCookie, "", maxAge: 0))
            return response
        }
    }

    private struct CardView {
        let mask: String
        let programme: String
        let balance: String
        let held: String?
        let isFrozen: Bool
        let hasMovements: Bool
        let movements: [MovementView]
    }

    private struct MovementView {
        let kind: String
        let place: String
        let time: String
        let amount: String
        let isSpent: Bool
    }

    private struct View {
        let card: CardView?
        let problem: String?
    }

    private func show(
        _ request: Request, _ context: WebContext, problem: String?,
        status: HTTPResponse.Status = .ok
    ) async throws -> Response {
        let text = desk.text(context)
        var card: CardView?
        if let known = try await phone.remembered(request) {
            let movements = try await phone.cards.history(known.cardID)
            card = CardView(
                mask: known.mask, programme: known.programme,
                balance: text.money(Money(fen: known.balance.fen - known.held.fen)),
                held: known.held > .zero ? text.money(known.held) : nil,
                isFrozen: known.state == .frozen, hasMovements: !movements.isEmpty,
                movements: movements.map { movement in
                    MovementView(
                        kind: text.words("transfer." + movement.kind),
                        place: movement.storeName ?? "", time: text.time(movement.businessAt),
                        amount: (movement.amount < .zero ? "" : "+") + text.money(movement.amount),
                        isSpent: movement.amount < .zero)
                })
        }
        return try desk.site.pages.page(
            "phone/centre", View(card: card, problem: problem), context: context, status: status)
    }

    private func remember(_ request: Request, _ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let words = desk.site.pages.words(context.language)
        let fingerprint: CardFingerprint
        let password: CardPassword
        do {
            fingerprint = desk.store.secrets.wireFingerprintKey.fingerprint(
                of: try CardNumber(try form.text("number")))
            password = try CardPassword(try form.require("password"))
        } catch let refusal as CardRefusal {
            return try await show(
                request, context, problem: words("refusal." + refusal.code),
                status: .unprocessableContent)
        }
        let subject = "card:\(fingerprint)"
        try await phone.count(subject, request, context)
        let token = SessionToken.random()
        let cards = phone.cards
        let answer = try await desk.commit {
            try await cards.remember(fingerprint, password: password, token: token)
        }
        if case .refused(let code, let triesLeft) = answer {
            return try await show(
                request, context,
                problem: phone.words(for: code, triesLeft: triesLeft, context),
                status: .unprocessableContent)
        }
        await phone.succeeded(subject, request, context)
        var response = Response.redirect(to: "/p/me")
        response.setCookie(
            PhoneDesk.cookie(
                PhoneDesk.cardCookie, token.text, maxAge: Int(PhoneCards.memoryLife / 1_000)))
        return response
    }
}
