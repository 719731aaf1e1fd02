import Domain
import GRDB
import Hummingbird
import WebSupport

extension TillWeb {
    private struct SellView {
        struct OpenPayment {
            let text: String
            let href: String
        }
        let openPayments: [OpenPayment]
    }

    private struct ProductsAnswer: Encodable {
        struct Item: Encodable {
            let sku: String
            let barcode: String
            let name: String
            let spec: String
            let price: Int64
        }
        let products: [Item]
    }

    private struct AddedLine: Decodable {
        let code: String
        let quantity: Int64?
    }

    private struct ChangedLine: Decodable {
        let quantity: Int64?
        let price: Int64?
        let reason: String?
    }

    func addSelling(to router: RouterGroup<WebContext>) {
        router.get("/") { _, context in try await sellPage(context) }
        router.get("/api/products") { request, _ in
            let typed = try request.query().optional("q") ?? ""
            let found = try await store.read { try Catalogue.search(typed, in: $0) }
            return try Response.json(
                ProductsAnswer(
                    products: found.map {
                        .init(
                            sku: $0.sku, barcode: $0.barcode, name: $0.name, spec: $0.spec,
                            price: $0.price)
                    }))
        }
        router.get("/api/basket") { _, context in
            let login = try context.requireSession().account
            return try Response.json(try await store.basket(of: login))
        }
        router.post("/api/basket/lines") { request, context in
            let login = try context.requireSession().account
            let added = try await request.json(AddedLine.self)
            return try Response.json(
                try await commit {
                    try await store.addToBasket(
                        of: login, code: added.code, quantity: added.quantity ?? 1)
                })
        }
        router.put("/api/basket/lines/:line") { request, context in
            let login = try context.requireSession().account
            let line = try line(context)
            let changed = try await request.json(ChangedLine.self)
            return try Response.json(
                try await commit {
                    try await store.changeBasketLine(
                        of: login, line: line, quantity: changed.quantity, price: changed.price,
                        reason: changed.reason)
                })
        }
        router.delete("/api/basket/lines/:line") { _, context in
            let login = try context.requireSession().account
            let line = try line(context)
            return try Response.json(
                try await commit { try await store.removeBasketLine(of: login, line: line) })
        }
        router.delete("/api/basket") { _, context in
            let login = try context.requireSession().account
            return try Response.json(
                try await commit { try await store.clearBasket(of: login) })
        }
    }

    private func line(_ context: WebContext) throws -> Int {
        guard let line = context.parameters.get("line", as: Int.self) else {
            throw BasketRefusal.unknownLine
        }
        return line
    }

    private func sellPage(_ context: WebContext) async throws -> Response {
        let login = try context.requireSession().account
        let words = site.pages.words(context.language)
        let open = try await store.openPayments().filter { $0.login == login }
        let view = SellView(
            openPayments: open.map { row in
                .init(
                    text: words(
                        "till.sell.openPaymentText",
                        [
                            "amount": Texts.yuan(row.amount.fen),
                            "time": Texts.time(row.begunAt.milliseconds),
                        ]),
                    href: "/pay/\(row.id)")
            })
        return try site.pages.page("sell/page", view, context: context)
    }
}
