import Domain
import Journal

extension Catalogue.Listed: APIObject {
    static let shape = Shape<Catalogue.Listed>(
        "Product",
        [
            Member("sku", \.product.sku), Member("barcode", \.product.barcode),
            Member("name", \.product.name), Member("spec", \.product.spec),
            Member("price", \.product.price), Member("onSale", \.product.isOnSale),
            Member("updatedAt", \.updatedAt),
        ])
}

extension Catalogue.Price: APIObject {
    static let shape = Shape<Catalogue.Price>(
        "ProductPrice",
        [
            Member("validFrom", \.validFrom), Member("price", \.price),
            Member("onSale", \.isOnSale), Member("changedBy", \.changedBy),
        ])
}

extension Catalogue.Applied: APIObject {
    static let shape = Shape<Catalogue.Applied>(
        "CatalogueApplied",
        [Member("changed", \.changedCount), Member("unchanged", \.unchangedCount)])
}

extension CatalogueBadRow: APIObject {
    static let shape = Shape<CatalogueBadRow>(
        "CatalogueBadRow",
        [
            Member("line", \.line), Member("column", \.column), Member("fault", \.fault.rawValue),
            Member("value", \.value),
        ])
}

extension CatalogueImport: APIObject {
    static let shape = Shape<CatalogueImport>(
        "CataloguePreview", [Member("good", \.good.count), Member("bad", \.bad)])
}

/// A product with what it cost.
private struct ProductPrices: APIObject {
    let product: Catalogue.Listed
    let prices: [Catalogue.Price]

    static let shape = Shape<ProductPrices>(
        "ProductPrices", [Member("product", \.product), Member("prices", \.prices)])
}

extension Catalogue {
    private static let sku = Field.code("sku", example: "ZZ999999")
    private static let after = sku.named("after").or("")
    private static let readers = Endpoint.Access.of(.storeAdministrator, .auditor)

    static let endpoints: [Endpoint] = [
        .get(
            "/products", "Products by SKU; `text` is a SKU, a barcode or part of the name.",
            readers, [Fields.text, after]
        ) { call in
            let found = try await call.desk.catalogue.list(
                text: call[Fields.text], after: call[after], by: call.actor)
            return Page(found, of: 100, key: \.product.sku)
        },
        .get(
            "/products/{sku}/prices", "A product and its newest 200 prices.", readers, [sku]
        ) { call in
            let (product, prices) = try await call.desk.catalogue.prices(
                of: call[sku], by: call.actor)
            return ProductPrices(product: product, prices: prices)
        },
        .make(
            "/catalogue/preview", "Reads a CSV and names every bad row; changes nothing.",
            .of(.storeAdministrator), file: "text/csv"
        ) { call in
            try await call.desk.catalogue.preview(call.file, by: call.actor)
        },
        .make(
            "/catalogue/apply", "Takes in the good rows of a CSV.", .of(.storeAdministrator),
            file: "text/csv"
        ) { call in
            try await call.desk.catalogue.apply(call.file, by: call.actor, at: call.now)
        },
    ]
}
