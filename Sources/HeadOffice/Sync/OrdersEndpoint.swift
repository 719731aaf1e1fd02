import Domain
import Journal
import PostgresDriver

/// `POST /sync/v1/orders/search` (PROTOCOL §8): orders of the other tills of the till's own store.
struct OrdersEndpoint: Sendable {
    let door: SyncDoor

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        let asked: OrdersSearch
        do throws(WireFault) {
            asked = try OrdersSearch(bytes: request.body)
        } catch {
            return SyncReply(
                refusing: 422, "unreadable_request", "The request is not the protocol's: \(error).")
        }
        guard asked.version == 1 else {
            return SyncReply(
                refusing: 426, "version", "This version of the protocol is not known here.")
        }
        let found = try await door.store.read { session in
            try Self.find(asked, for: request.till, in: session)
        }
        let beacon = Beacon(
            issued: door.store.clock.now(), nonce: request.nonce, till: request.till.code,
            key: door.key)
        return SyncReply(
            OrdersFound(
                beacon: beacon.token, hasMore: found.count > OrdersFound.pageSize,
                orders: Array(found.prefix(OrdersFound.pageSize))))
    }

    /// The store is the till's own, whatever is asked.
    private static func find(
        _ asked: OrdersSearch, for till: KnownTill, in session: PostgresSession
    ) throws -> [FoundOrder] {
        var parts: [SQL] = [
            "sale.store_id = \(till.storeID)", "sale.till_id <> \(till.tillID)",
        ]
        if let sale = asked.sale { parts.append("sale_id = \(sale)") }
        if let after = asked.after {
            parts.append("(business_at, sale_id) < (\(after.businessTime), \(after.id))")
        }
        if let from = asked.from { parts.append("business_at >= \(from)") }
        if let until = asked.until { parts.append("business_at < \(until)") }
        if let fingerprint = asked.fingerprint { parts.append("fingerprint = \(fingerprint)") }
        if let number = asked.number, !number.isEmpty {
            parts.append("position(\(number) IN receipt) > 0")
        }
        let condition = parts.joined(separator: " AND ")
        let taken = try asked.sale.map { try quantitiesTaken(of: $0, in: session) }
        return try session.query(
            """
            SELECT business_at, cashier, sale.code, sale_id, lines, card_mask, mode, receipt,
                   refunded, refund_reserved, sale.state, test, till.code AS till_code, total,
                   (SELECT holder_mask FROM card WHERE card.card_id = sale.card_id) AS holder
            FROM sale JOIN till USING (till_id)
            WHERE \(fragment: condition)
            ORDER BY business_at DESC, sale_id DESC LIMIT \(OrdersFound.pageSize + 1)
            """
        ).map { row in
            let json: PostgresJSON = try row["lines"]
            let lines = try [SaleCompleted.Line](bytes: Array(json.text.utf8))
            let holder: String? = try row["holder"]
            var left: [Int64]?
            if let taken {
                left = lines.enumerated().map { $1.quantity - taken[$0, default: 0] }
            }
            return FoundOrder(
                businessTime: try row["business_at"], cashier: try row["cashier"],
                code: try row["code"], holder: taken == nil ? nil : holder,
                id: try row["sale_id"], left: left, lines: lines, mask: try row["card_mask"],
                mode: SaleCompleted.Mode(rawValue: try row["mode"]) ?? .standIn,
                receipt: try row["receipt"], refunded: try row["refunded"],
                refundPending: try row["refund_reserved"],
                isInQuestion: try row["state"] as String == "exception",
                isTest: try row["test"], till: try row["till_code"], total: try row["total"])
        }
    }

    /// How many of each line went back or are asked back.
    private static func quantitiesTaken(
        of sale: RecordID, in session: PostgresSession
    ) throws -> [Int: Int64] {
        let rows = try session.query(
            """
            SELECT line_index, sum(quantity)::bigint AS quantity FROM refund_line
            WHERE sale_id = \(sale) AND live GROUP BY line_index
            """)
        var taken: [Int: Int64] = [:]
        for row in rows { taken[Int(try row["line_index"] as Int32)] = try row["quantity"] }
        return taken
    }
}
