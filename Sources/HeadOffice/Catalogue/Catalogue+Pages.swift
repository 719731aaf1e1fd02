import Domain
import Foundation
import Hummingbird
import WebSupport

/// The catalogue and its import: preview first, then apply what was previewed.
struct CataloguePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/catalogue") { request, context in try await list(request, context) }
        group.get("/catalogue/prices") { request, context in
            try await prices(request, context)
        }
        // The file comes as a raw body; the page's script shows the preview that comes back.
        group.post("/catalogue/preview") { request, context -> Response in
            let bytes = Array((try await request.wholeBody(.file)).readableBytesView)
            let read = try await desk.catalogue.preview(bytes, by: try await desk.actor(context))
            return try preview(read, context)
        }
        group.post("/catalogue/apply") { request, context -> Response in
            let bytes = Array((try await request.wholeBody(.file)).readableBytesView)
            let actor = try await desk.actor(context)
            let desk = desk
            let applied = try await desk.commit {
                try await desk.catalogue.apply(bytes, by: actor, at: desk.now)
            }
            return try .json(
                AppliedJSON(
                    changed: applied.changedCount, unchanged: applied.unchangedCount,
                    message: desk.text(context).words(
                        "catalogue.applied",
                        [
                            "changed": String(applied.changedCount),
                            "unchanged": String(applied.unchangedCount),
                        ])))
        }
    }

    private struct AppliedJSON: Encodable {
        let changed: Int
        let unchanged: Int
        let message: String
    }

    private struct PreviewView {
        let summary: String
        let hasBad: Bool
        let bad: [BadCellView]
        let badMore: String
        let hasGood: Bool
        let good: [ProductView]
        let more: String
    }

    private struct ProductView {
        let sku: String
        let barcode: String
        let name: String
        let spec: String
        let price: String
        let state: StateView
        let href: String

        init(_ product: CatalogueProduct, text: PageText) {
            sku = product.sku
            barcode = product.barcode ?? "–"
            name = product.name
            spec = product.spec
            price = text.money(Money(fen: product.price))
            state = text.state(product.isOnSale ? "on_sale" : "stopped")
            href = address("/catalogue/prices", [("sku", product.sku)])
        }
    }

    private struct PricesView {
        let product: ProductView
        let rows: [PriceView]
    }

    private struct PriceView {
        let validFrom: String
        let price: String
        let change: String
        let isLower: Bool
        let state: StateView
        let changedBy: String
    }

    private func prices(_ request: Request, _ context: WebContext) async throws -> Response {
        let found = try await desk.catalogue.prices(
            of: try request.query().text("sku"), by: try await desk.actor(context))
        let text = desk.text(context)
        let earlier = found.prices.dropFirst().map { Optional($0.price) } + [nil]
        let rows = zip(found.prices, earlier).map { price, before in
            let change = before.map { price.price.fen - $0.fen } ?? 0
            return PriceView(
                validFrom: text.time(price.validFrom), price: text.money(price.price),
                change: change == 0
                    ? "" : (change > 0 ? "+" : "") + text.money(Money(fen: change)),
                isLower: change < 0, state: text.state(price.isOnSale ? "on_sale" : "stopped"),
                changedBy: price.changedBy)
        }
        return try desk.page(
            "catalogue/prices",
            PricesView(
                product: ProductView(found.product.product, text: text), rows: rows), context)
    }

    /// A part of the page: the script puts it in place.
    private func preview(_ read: CatalogueImport, _ context: WebContext) throws -> Response {
        let text = desk.text(context)
        let columns = CatalogueImport.columns
        let view = PreviewView(
            summary: text.words(
                "catalogue.summary",
                ["good": String(read.good.count), "bad": String(read.bad.count)]),
            hasBad: !read.bad.isEmpty,
            bad: read.bad.prefix(500).map { row in
                BadCellView(
                    line: String(row.line),
                    column: row.column <= columns.count
                        ? columns[row.column - 1] : String(row.column),
                    value: row.value, reason: text.words("fault." + row.fault.rawValue))
            },
            badMore: read.bad.count > 500
                ? text.words("catalogue.more", ["count": String(read.bad.count - 500)]) : "",
            hasGood: !read.good.isEmpty,
            good: read.good.prefix(20).map { ProductView($0, text: text) },
            more: read.good.count > 20
                ? text.words("catalogue.more", ["count": String(read.good.count - 20)]) : "")
        return try desk.page("catalogue/preview", view, context)
    }

    private struct ListView {
        let text: String
        let canImport: Bool
        let hasRows: Bool
        let rows: [ProductView]
        let empty: EmptyView
        let pager: PagerView?
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let query = try request.query()
        let search = try query.text("text")
        let found = try await desk.catalogue.list(
            text: search, after: try query.text("after"), by: actor)
        let text = desk.text(context)
        let shown = found.prefix(100)
        var pager: PagerView?
        if found.count > 100, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil,
                next: address("/catalogue", [("text", search), ("after", last.product.sku)]))
        }
        let view = ListView(
            text: search, canImport: actor.roles.contains(.storeAdministrator),
            hasRows: !shown.isEmpty, rows: shown.map { ProductView($0.product, text: text) },
            empty: EmptyView(
                heading: text.words("catalogue.none"),
                advice: text.words("catalogue.noneAdvice")), pager: pager)
        return try desk.page("catalogue/list", view, context)
    }
}
