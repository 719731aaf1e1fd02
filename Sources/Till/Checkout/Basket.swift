import Domain
import Foundation
import GRDB

/// One line of a basket, priced from the catalogue as it is now.
struct BasketLine: Sendable, Equatable, Encodable {
    let line: Int
    let sku: String
    let name: String
    let spec: String
    /// The catalogue's price, whole fen.
    let list: Int64
    /// The price collected, whole fen.
    let price: Int64
    let quantity: Int64
    let amount: Int64
    /// Who set a price other than the list price.
    let repricedBy: String?
    /// Why.
    let repriceReason: String?
}

/// What a cashier has rung up and not yet settled. It lives at the till, not in the browser.
struct Basket: Sendable, Equatable, Encodable {
    let lines: [BasketLine]
    let total: Int64

    static let empty = Basket(lines: [], total: 0)
}

/// Why a basket is not changed; nothing of it has changed then.
enum BasketRefusal: String, Error, CaseIterable {
    /// No product on sale has the code.
    case unknownProduct = "unknown_product"
    /// The basket has no such line.
    case unknownLine = "unknown_basket_line"
    /// A quantity outside 1 to 9,999.
    case quantityOutOfRange = "quantity_out_of_range"
    /// A price below zero or above ¥1,000,000.00.
    case priceOutOfRange = "price_out_of_range"
    /// Another price than the list's without a reason, or with one of more than 100 characters.
    case repriceReasonLength = "reprice_reason_length"
    /// More than 200 lines.
    case tooManyLines = "too_many_lines"
    /// A total above ¥10,000,000.00.
    case totalTooLarge = "total_too_large"
    /// A payment for this basket is open: it is finished or cancelled first.
    case paymentOpen = "basket_payment_open"
    /// There is nothing in the basket to put aside.
    case nothingToHold = "nothing_to_hold"
    /// The basket has goods in it: they are settled, put aside or taken out first.
    case basketNotEmpty = "basket_not_empty"
    /// There is no such held basket: it was taken up or discarded.
    case unknownHeld = "unknown_held_basket"
    /// As many held baskets as the till keeps.
    case tooManyHeld = "too_many_held"
    /// A note of more than 60 characters.
    case noteLength = "held_note_length"
}

extension Basket {
    static let lineCountMax = 200
    static let quantityMax: Int64 = 9_999
    static let repriceReasonLengthMax = 100

    /// The account's basket. A product that is no longer on sale falls out of it.
    static func of(_ login: String, in database: Database) throws -> Basket {
        let lines = try Row.fetchAll(
            database,
            sql: """
                SELECT b.line, b.sku, p.name, p.spec, p.price AS list, b.quantity, b.repriced_by,
                    b.reprice_reason,
                    CASE WHEN b.repriced_by IS NULL THEN p.price ELSE b.price END AS price
                FROM basket_line AS b JOIN product AS p ON p.sku = b.sku AND p.status = 'on_sale'
                WHERE b.login = ? ORDER BY b.line
                """,
            arguments: [login]
        ).map { row in
            let price: Int64 = row["price"]
            let quantity: Int64 = row["quantity"]
            return BasketLine(
                line: row["line"], sku: row["sku"], name: row["name"], spec: row["spec"],
                list: row["list"], price: price, quantity: quantity,
                amount: try Money(fen: price).multiplied(by: quantity).fen,
                repricedBy: row["repriced_by"], repriceReason: row["reprice_reason"])
        }
        let total = try Money.sum(lines.map { Money(fen: $0.amount) })
        guard total <= Money.largestEntered else { throw BasketRefusal.totalTooLarge }
        return Basket(lines: lines, total: total.fen)
    }

    static func clear(_ login: String, in database: Database) throws {
        try database.execute(sql: "DELETE FROM basket_line WHERE login = ?", arguments: [login])
    }
}

extension TillStore {
    /// The account's basket.
    func basket(of login: String) async throws -> Basket {
        try await read { try Basket.of(login, in: $0) }
    }

    /// Adds a product by SKU or barcode; one that is there already gets the quantity on top.
    ///
    /// - Refuses, first match wins: `quantityOutOfRange`, `unknownProduct`, `tooManyLines`,
    ///   `totalTooLarge`.
    func addToBasket(of login: String, code: String, quantity: Int64) async throws -> Basket {
        try await write { database in
            guard (1...Basket.quantityMax).contains(quantity) else {
                throw BasketRefusal.quantityOutOfRange
            }
            guard let product = try Catalogue.product(scanned: code, in: database) else {
                throw BasketRefusal.unknownProduct
            }
            let before = try Basket.of(login, in: database).lines
            if let same = before.first(where: { $0.sku == product.sku }) {
                let sum = same.quantity + quantity
                guard sum <= Basket.quantityMax else { throw BasketRefusal.quantityOutOfRange }
                try database.execute(
                    sql: "UPDATE basket_line SET quantity = ? WHERE login = ? AND line = ?",
                    arguments: [sum, login, same.line])
            } else {
                guard before.count < Basket.lineCountMax else {
                    throw BasketRefusal.tooManyLines
                }
                // A line of a product withdrawn since would still hold the SKU's place.
                try database.execute(
                    sql: "DELETE FROM basket_line WHERE login = ? AND sku = ?",
                    arguments: [login, product.sku])
                try database.execute(
                    sql: """
                        INSERT INTO basket_line (login, line, sku, quantity, price, repriced_by)
                        SELECT ?, coalesce(max(line), 0) + 1, ?, ?, ?, NULL
                        FROM basket_line WHERE login = ?
                        """,
                    arguments: [login, product.sku, quantity, product.price, login])
            }
            return try Basket.of(login, in: database)
        }
    }

    /// Changes a line's quantity, its price, or both; the list price stays beside the new one, with
    /// who changed it and why.
    ///
    /// - Refuses, first match wins: `quantityOutOfRange`, `priceOutOfRange`, `unknownLine`,
    ///   `repriceReasonLength`, `totalTooLarge`.
    func changeBasketLine(
        of login: String, line: Int, quantity: Int64?, price: Int64?, reason: String? = nil
    ) async throws -> Basket {
        try await write { database in
            if let quantity, !(1...Basket.quantityMax).contains(quantity) {
                throw BasketRefusal.quantityOutOfRange
            }
            if let price, !SaleRules.prices.contains(Money(fen: price)) {
                throw BasketRefusal.priceOutOfRange
            }
            let lines = try Basket.of(login, in: database).lines
            guard let found = lines.first(where: { $0.line == line }) else {
                throw BasketRefusal.unknownLine
            }
            let newPrice = price ?? found.price
            let isListed = newPrice == found.list
            let by = isListed ? nil : price == nil ? found.repricedBy : login
            let why =
                try isListed
                ? nil : price == nil ? found.repriceReason : Self.repriceReason(reason)
            try database.execute(
                sql: """
                    UPDATE basket_line SET quantity = ?, price = ?, repriced_by = ?,
                        reprice_reason = ?
                    WHERE login = ? AND line = ?
                    """,
                arguments: [quantity ?? found.quantity, newPrice, by, why, login, line])
            return try Basket.of(login, in: database)
        }
    }

    private static func repriceReason(_ entered: String?) throws -> String {
        let reason = (entered ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...Basket.repriceReasonLengthMax).contains(reason.unicodeScalars.count) else {
            throw BasketRefusal.repriceReasonLength
        }
        return reason
    }

    /// Takes a line out; one that is not there is out already.
    func removeBasketLine(of login: String, line: Int) async throws -> Basket {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM basket_line WHERE login = ? AND line = ?",
                arguments: [login, line])
            return try Basket.of(login, in: database)
        }
    }

    /// Takes every line out.
    func clearBasket(of login: String) async throws -> Basket {
        try await write { database in
            try Basket.clear(login, in: database)
            return .empty
        }
    }
}
