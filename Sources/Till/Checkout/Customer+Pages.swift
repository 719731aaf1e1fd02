import Domain
import GRDB
import Hummingbird
import Journal
import WebSupport

/// What the customer's screen shows (Docs/TILL-API.md, "customer").
struct CustomerAnswer: Encodable {
    struct Line: Encodable {
        let name: String
        let spec: String
        let list: Int64
        let price: Int64
        let quantity: Int64
        let amount: Int64
    }

    /// `idle`, `basket`, `card`, `password`, `phone`, `waiting`, `cashier`, `refused` or
    /// `thanks`.
    let phase: String
    let payment: String?
    let lines: [Line]
    let total: Int64
    let card: PaymentAnswer.Card?
    let message: String?
    let receipt: String?
    /// What the card can still spend; absent when it is not known.
    let remaining: Int64?
}

/// Why the customer's screen does not take a password.
enum CustomerRefusal: String, Error, CaseIterable {
    /// The payment is another cashier's, or waits for no password here.
    case notWaiting = "customer_not_waiting"
}

extension TillWeb {
    private struct CustomerView {
        let store: String
        let digits: [String]
    }

    private struct PasswordBody: Decodable {
        let payment: String
        let password: String
    }

    private struct LastSale {
        let receipt: String
        let total: Int64
        let remaining: Int64?
    }

    /// How long the thanks stand after a payment.
    private static let thanksMilliseconds: Int64 = 20_000

    func addCustomerScreen(to router: RouterGroup<WebContext>) {
        router.get("/customer") { _, context in
            let info = try await store.read { try StoreInfo.load(in: $0) }
            let view = CustomerView(
                store: info?.name ?? identity.till, digits: (1...9).map { String($0) })
            return try site.pages.page("customer/page", view, context: context)
        }
        router.get("/api/customer") { _, context in
            let login = try context.requireSession().account
            await customers.note(login, at: world.now())
            return try Response.json(try await customerAnswer(login, context))
        }
        router.post("/api/customer/password") { request, context in
            let login = try context.requireSession().account
            let body = try await request.json(PasswordBody.self)
            guard let payment = RecordID(body.payment),
                let row = try await openPayment(of: login), row.id == payment,
                let number = await customers.number(of: payment)
            else { throw CustomerRefusal.notWaiting }
            try await commit {
                try await checkout.attempt(
                    payment, number: number.text, password: body.password)
            }
            return try Response.json(try await customerAnswer(login, context))
        }
        router.delete("/api/payments/:id/card") { _, context in
            let payment = try id(context)
            await customers.forget(payment)
            return try await answer(payment, context)
        }
    }

    private func openPayment(of login: String) async throws -> PaymentRow? {
        try await store.openPayments().last { $0.login == login }
    }

    private func customerAnswer(
        _ login: String, _ context: WebContext
    ) async throws -> CustomerAnswer {
        if let row = try await openPayment(of: login) {
            return try await customerAnswer(paying: row, context)
        }
        let basket = try await store.basket(of: login)
        guard basket.lines.isEmpty else {
            return CustomerAnswer(
                phase: "basket", payment: nil, lines: basket.lines.map(\.shown),
                total: basket.total, card: nil, message: nil, receipt: nil, remaining: nil)
        }
        let now = world.now()
        let last = try await store.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT s.receipt, s.total, s.remaining
                    FROM payment AS p JOIN sale AS s ON s.id = p.id
                    WHERE p.login = ? AND p.ending = 'sale' AND p.ended_at >= ?
                    ORDER BY p.ended_at DESC LIMIT 1
                    """,
                arguments: [login, now.milliseconds - Self.thanksMilliseconds]
            ).map { row in
                LastSale(
                    receipt: row["receipt"], total: row["total"], remaining: row["remaining"])
            }
        }
        return CustomerAnswer(
            phase: last == nil ? "idle" : "thanks", payment: nil, lines: [],
            total: last?.total ?? 0, card: nil, message: nil, receipt: last?.receipt,
            remaining: last?.remaining)
    }

    private func customerAnswer(
        paying row: PaymentRow, _ context: WebContext
    ) async throws -> CustomerAnswer {
        let words = site.pages.words(context.language)
        let number = await customers.number(of: row.id)
        let facts = try await facts(row.id)
        let answer = facts.answer(words)
        let (lines, face) = try await store.read { [identity] database in
            (
                try Orders.lines(of: row.id.description, in: database),
                try number.map { number in
                    PaymentAnswer.Card(
                        try Cards.programme(of: number, in: database), mask: number.masked,
                        isTest: try Cards.isTest(
                            identity.fingerprintKey.fingerprint(of: number), in: database))
                }
            )
        }
        let phase =
            switch answer.state {
            case "begun": number == nil ? "card" : "password"
            case "refused": answer.mayRetype ? (number == nil ? "card" : "password") : "refused"
            case "asking": "waiting"
            case "phone": "phone"
            default: "cashier"
            }
        return CustomerAnswer(
            phase: phase, payment: row.id.description, lines: lines.map(\.shown),
            total: row.amount.fen, card: face ?? answer.card,
            message: answer.state == "refused" ? answer.message : nil, receipt: nil,
            remaining: nil)
    }
}

extension BasketLine {
    var shown: CustomerAnswer.Line {
        .init(
            name: name, spec: spec, list: list, price: price, quantity: quantity, amount: amount)
    }
}

extension OrderLine {
    var shown: CustomerAnswer.Line {
        .init(
            name: name, spec: spec, list: list, price: price, quantity: quantity, amount: amount)
    }
}
