import Domain
import Hummingbird
import Journal
import WebSupport

/// What the pages for phones work with.
struct PhoneDesk: Sendable {
    let desk: OfficeDesk
    let payments: PhonePayments
    let cards: PhoneCards
    let throttle: PhoneThrottle

    init(_ desk: OfficeDesk) {
        self.desk = desk
        payments = PhonePayments(desk.store)
        cards = PhoneCards(store: desk.store)
        throttle = PhoneThrottle()
    }

    static let cardCookie = "__Host-huiyika-card"
    static let receiptCookie = "__Host-huiyika-receipt"

    /// A cookie that also comes along when a scanner opens the page.
    static func cookie(_ name: String, _ value: String, maxAge: Int) -> Cookie {
        Cookie(
            name: name, value: value, maxAge: maxAge, path: "/", secure: true, httpOnly: true,
            sameSite: .lax)
    }

    /// The token of the card that the phone remembers.
    func cardToken(_ request: Request) -> SessionToken? {
        (request.cookies[Self.cardCookie]?.value).flatMap(SessionToken.init(cookie:))
    }

    func remembered(_ request: Request) async throws -> PhoneCards.Remembered? {
        guard let token = cardToken(request) else { return nil }
        return try await cards.remembered(token)
    }

    /// Counts a try of this phone's address on the subject.
    ///
    /// - Refuses: `PhoneRefusal.tooManyTries`.
    func count(_ subject: String, _ request: Request, _ context: WebContext) async throws {
        let address = PhoneThrottle.address(request, peer: context.peerAddress)
        guard await throttle.allows(subject, address: address, at: WebTime(desk.now)) else {
            throw PhoneRefusal.tooManyTries
        }
    }

    func succeeded(_ subject: String, _ request: Request, _ context: WebContext) async {
        await throttle.succeeded(
            subject, address: PhoneThrottle.address(request, peer: context.peerAddress))
    }

    /// The words for a no, as a holder understands them.
    func words(for code: String, triesLeft: Int?, _ context: WebContext) -> String {
        let words = desk.site.pages.words(context.language)
        let text = words.text("phone.no." + code) ?? words("refusal." + code)
        guard let triesLeft, code == AuthorisationRefusal.wrongPassword.code else { return text }
        return text + words("phone.triesLeft", ["count": String(triesLeft)])
    }

    private struct MessageView {
        let heading: String
        let message: String
        let code: String
    }

    /// Runs a page; what the phone cannot do is said on a page for phones.
    func page(
        _ context: WebContext, _ work: () async throws -> Response
    ) async throws -> Response {
        do {
            return try await work()
        } catch let refusal as PhoneRefusal {
            let words = desk.site.pages.words(context.language)
            return try desk.site.pages.page(
                "phone/message",
                MessageView(
                    heading: words("phone.message.\(refusal.code)"),
                    message: words(refusal.wordKey), code: refusal.code), context: context,
                status: refusal.status)
        }
    }
}

/// Bounds the tries of an address and on a payment.
actor PhoneThrottle {
    private var throttle = Throttle(
        perAccount: .init(attemptCountMax: 12, window: .seconds(600), lock: .seconds(300)),
        perAddress: .init(attemptCountMax: 30, window: .seconds(600), lock: .seconds(300)))

    func allows(_ subject: String, address: String, at now: WebTime) -> Bool {
        throttle.attempt(account: subject, address: address, at: now) == .check
    }

    func succeeded(_ subject: String, address: String) {
        throttle.succeeded(account: subject, address: address)
    }

    /// The phone's address: behind a proxy on this machine, the one that the proxy saw.
    static func address(_ request: Request, peer: String) -> String {
        guard peer == "127.0.0.1" || peer == "::1",
            let name = HTTPFields.Element.Name("X-Forwarded-For"),
            let last = request.headers[name]?.split(separator: ",").last
        else { return peer }
        return String(last.filter { !$0.isWhitespace }.prefix(64))
    }
}
