import Domain
import Foundation
import GRDB

/// A basket put aside for a customer who comes back (挂单). It lives in the till's file, belongs to the
/// till, not to a cashier, and never travels: it is no sale and has no sale's id.
struct HeldBasket: Sendable, Equatable, Encodable {
    let id: String
    let note: String
    let heldBy: String
    let heldAt: Int64
    /// Pieces in it.
    let itemCount: Int64
    /// What it comes to at today's prices, whole fen; goods no longer on sale are left out.
    let total: Int64
    /// The first goods' names.
    let names: [String]
}

/// A basket taken up again.
struct ResumedBasket: Sendable, Equatable, Encodable {
    let basket: Basket
    /// How many lines fell out because their goods are no longer on sale.
    let dropped: Int
}

enum HeldBaskets {
    static let countMax = 50
    static let noteLengthMax = 60

    /// The newest first.
    static func list(in database: Database) throws -> [HeldBasket] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT id, note, held_by, held_at FROM held_basket
                ORDER BY held_at DESC, id DESC
                """
        ).map { row in
            let id: String = row["id"]
            let lines = try Row.fetchAll(
                database,
                sql: """
                    SELECT p.name, l.quantity,
                        CASE WHEN l.repriced_by IS NULL THEN p.price ELSE l.price END AS price
                    FROM held_basket_line AS l
                    JOIN product AS p ON p.sku = l.sku AND p.status = 'on_sale'
                    WHERE l.held = ? ORDER BY l.line
                    """,
                arguments: [id])
            let amounts = try lines.map { line in
                try Money(fen: line["price"]).multiplied(by: line["quantity"])
            }
            return HeldBasket(
                id: id, note: row["note"], heldBy: row["held_by"], heldAt: row["held_at"],
                itemCount: lines.reduce(0) { $0 + ($1["quantity"] as Int64) },
                total: try Money.sum(amounts).fen,
                names: lines.prefix(3).map { $0["name"] })
        }
    }

    static func requireNoOpenPayment(_ login: String, in database: Database) throws {
        guard try !PaymentRow.open(in: database).contains(where: { $0.login == login }) else {
            throw BasketRefusal.paymentOpen
        }
    }
}

extension TillStore {
    /// The baskets put aside at this till.
    func heldBaskets() async throws -> [HeldBasket] {
        try await read { try HeldBaskets.list(in: $0) }
    }

    /// Puts the account's basket aside and empties it.
    ///
    /// - Refuses, first match wins: `noteLength`, `paymentOpen`, `nothingToHold`, `tooManyHeld`.
    func holdBasket(
        of login: String, note entered: String, id: RecordID, at now: Instant
    ) async throws -> Basket {
        let note = entered.trimmingCharacters(in: .whitespacesAndNewlines)
        guard note.unicodeScalars.count <= HeldBaskets.noteLengthMax else {
            throw BasketRefusal.noteLength
        }
        return try await write { database in
            try HeldBaskets.requireNoOpenPayment(login, in: database)
            guard try !Basket.of(login, in: database).lines.isEmpty else {
                throw BasketRefusal.nothingToHold
            }
            let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM held_basket") ?? 0
            guard count < HeldBaskets.countMax else { throw BasketRefusal.tooManyHeld }
            try database.execute(
                sql: "INSERT INTO held_basket (id, note, held_by, held_at) VALUES (?, ?, ?, ?)",
                arguments: [id.description, note, login, now.milliseconds])
            try database.execute(
                sql: """
                    INSERT INTO held_basket_line
                        (held, line, sku, quantity, price, repriced_by, reprice_reason)
                    SELECT ?, line, sku, quantity, price, repriced_by, reprice_reason
                    FROM basket_line WHERE login = ?
                    """,
                arguments: [id.description, login])
            try Basket.clear(login, in: database)
            return .empty
        }
    }

    /// Takes a held basket up again. Settling it makes a new sale id, as for any basket.
    ///
    /// - Refuses, first match wins: `paymentOpen`, `basketNotEmpty`, `unknownHeld`.
    func resumeBasket(_ held: RecordID, by login: String) async throws -> ResumedBasket {
        try await write { database in
            try HeldBaskets.requireNoOpenPayment(login, in: database)
            guard try Basket.of(login, in: database).lines.isEmpty else {
                throw BasketRefusal.basketNotEmpty
            }
            // What is left of goods withdrawn since would take the lines' places.
            try Basket.clear(login, in: database)
            try database.execute(
                sql: """
                    INSERT INTO basket_line
                        (login, line, sku, quantity, price, repriced_by, reprice_reason)
                    SELECT ?, line, sku, quantity, price, repriced_by, reprice_reason
                    FROM held_basket_line WHERE held = ?
                    """,
                arguments: [login, held.description])
            let lineCount = database.changesCount
            try Self.removeHeld(held, in: database)
            let basket = try Basket.of(login, in: database)
            return ResumedBasket(basket: basket, dropped: lineCount - basket.lines.count)
        }
    }

    /// Throws a held basket away.
    ///
    /// - Refuses: `unknownHeld`.
    func discardBasket(_ held: RecordID) async throws -> [HeldBasket] {
        try await write { database in
            try Self.removeHeld(held, in: database)
            return try HeldBaskets.list(in: database)
        }
    }

    private static func removeHeld(_ held: RecordID, in database: Database) throws {
        try database.execute(
            sql: "DELETE FROM held_basket_line WHERE held = ?", arguments: [held.description])
        try database.execute(
            sql: "DELETE FROM held_basket WHERE id = ?", arguments: [held.description])
        guard database.changesCount == 1 else { throw BasketRefusal.unknownHeld }
    }
}
