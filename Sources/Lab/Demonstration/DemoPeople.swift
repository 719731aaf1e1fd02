import Domain
import Foundation
import PostgresDriver

/// A card of the demonstration, as the issuer's file named it once.
public struct DemoCard: Sendable {
    /// The number, as embossed.
    public let number: String
    /// The password, as in the mailer.
    public let password: String
    /// The programme's code.
    public let programme: String
}

/// A sale as the cashier's page shows it.
struct DemoSale {
    let id: String
    let receipt: String
    let amount: Int64
    let mode: String
    let remaining: Int64?
}

/// Somebody at a till: rings up, takes cards, asks for refunds through the page's own endpoints.
struct Cashier: JSONCaller {
    let client: WebClient

    /// Puts products into the basket and begins the payment.
    func ringUp(_ products: [(code: String, quantity: Int)], price: Int64? = nil) async throws
        -> (payment: String, amount: Int64)
    {
        _ = try await call("DELETE", "/api/basket")
        for product in products {
            let basket = try await call(
                "POST", "/api/basket/lines",
                ["code": product.code, "quantity": product.quantity])
            if let price {
                let lines = basket["lines"] as? [[String: Any]] ?? []
                guard let line = lines.last?["line"] else {
                    throw LabError("a basket without lines")
                }
                _ = try await call(
                    "PUT", "/api/basket/lines/\(line)",
                    ["price": price, "reason": "演示价"])
            }
        }
        let payment = try await call("POST", "/api/payments")
        guard let id = payment["id"] as? String, let amount = integer(payment["amount"]) else {
            throw LabError("a payment without id: \(payment)")
        }
        return (id, amount)
    }

    /// The customer types number and password; waits until the payment leaves `asking`.
    func pay(_ payment: String, with card: DemoCard) async throws -> [String: Any] {
        _ = try await call("POST", "/api/payments/\(payment)/card", ["number": card.number])
        var state = try await call(
            "POST", "/api/payments/\(payment)/attempts",
            ["number": card.number, "password": card.password])
        while state["state"] as? String == "asking" {
            try await Task.sleep(for: .milliseconds(100))
            state = try await call("GET", "/api/payments/\(payment)")
        }
        return state
    }

    /// Rings up and pays online.
    func sell(
        _ products: [(code: String, quantity: Int)], price: Int64? = nil, to card: DemoCard
    ) async throws -> DemoSale {
        let begun = try await ringUp(products, price: price)
        return try sale(try await pay(begun.payment, with: card))
    }

    /// Rings up and takes the card offline after head office did not answer.
    func sellOffline(
        _ products: [(code: String, quantity: Int)], price: Int64? = nil, to card: DemoCard
    ) async throws -> DemoSale {
        let begun = try await ringUp(products, price: price)
        let answer = try await pay(begun.payment, with: card)
        guard answer["state"] as? String == "no_answer" else {
            throw LabError("the line is cut, but the payment says \(answer)")
        }
        return try sale(try await call("POST", "/api/payments/\(begun.payment)/stand-in"))
    }

    func sale(_ payment: [String: Any]) throws -> DemoSale {
        guard payment["state"] as? String == "completed", let id = payment["id"] as? String,
            let receipt = payment["receipt"] as? String, let amount = integer(payment["amount"])
        else { throw LabError("not sold: \(payment)") }
        return DemoSale(
            id: id, receipt: receipt, amount: amount, mode: payment["mode"] as? String ?? "",
            remaining: integer(payment["remaining"]))
    }

    /// What the till says of itself.
    func status() async throws -> [String: Any] { try await call("GET", "/api/status") }

    func ask(
        _ method: String, _ path: String, _ body: [String: any Sendable]
    ) async throws -> WebClient.Answer {
        method == "GET"
            ? try await client.get(path) : try await client.send(method, path, json: body)
    }
}

/// A whole number of a JSON answer.
func integer(_ value: Any?) -> Int64? {
    (value as? NSNumber)?.int64Value
}

/// Fen as people read them.
func yuan(_ fen: Int64) -> String { "¥" + Money(fen: fen).grouped }

/// Looks into head office's database from outside, to check what the pages say.
final class LedgerWitness: Sendable {
    private let pool: PostgresPool
    private let released = DispatchSemaphore(value: 0)

    init(officeFolder: URL) throws {
        let logger = DemoNetwork.silentLogger
        let cluster = try PrivateCluster(
            folder: officeFolder.appending(path: "postgres").path, logger: logger)
        pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: cluster.connectionString(), maximumConnections: 1),
            logger: logger)
    }

    func number(_ query: SQL) async throws -> Int64 {
        try await pool.withSession { session in
            guard let row = try session.queryOne(query) else { throw LabError("no row") }
            return try row.decode("n", as: Int64.self)
        }
    }

    /// How many sales of these receipts head office has, and how many transfers they made.
    func sales(_ receipts: [String]) async throws -> (sales: Int64, transfers: Int64) {
        let sales = try await number(
            "SELECT count(*) AS n FROM sale WHERE receipt = ANY (\(receipts))")
        let transfers = try await number(
            """
            SELECT count(*) AS n FROM transfer JOIN sale ON source_id = sale_id
            WHERE receipt = ANY (\(receipts)) AND transfer.kind = 'sale'
            """)
        return (sales, transfers)
    }

    /// Runs a statement in a transaction that stays open until `release`, or until the server is gone.
    func hold(_ statement: SQL, _ whenHeld: @escaping @Sendable () -> Void) async throws {
        try await pool.transaction(attempts: 1) { [released] session in
            try session.execute(statement)
            whenHeld()
            released.wait()
        }
    }

    /// Ends the transaction of `hold`.
    func release() { released.signal() }

    func close() async { await pool.shutdown() }
}
