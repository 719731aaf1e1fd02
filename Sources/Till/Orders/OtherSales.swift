import Domain
import Foundation
import GRDB
import Journal

/// Sales of the store's other tills, as head office told them when a refund or a paper was asked for.
enum OtherSales {
    static func find(_ id: String, in database: Database) throws -> FoundOrder? {
        try Data.fetchOne(
            database, sql: "SELECT told FROM other_sale WHERE id = ?", arguments: [id]
        ).map { try FoundOrder(bytes: Array($0)) }
    }
}

extension TillStore {
    /// Keeps what head office told of a sale of another till; told again, the newest word stands.
    func keep(_ found: FoundOrder, at now: Instant) async throws {
        try await write { database in
            try database.execute(
                sql: """
                    INSERT INTO other_sale (id, receipt, business_time, told, told_at)
                    VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET told = excluded.told, told_at = excluded.told_at
                    """,
                arguments: [
                    found.id.description, found.receipt, found.businessTime.milliseconds,
                    Data(found.bytes), now.milliseconds,
                ])
        }
    }
}

extension Orders {
    /// An order of this till, or one of another that is kept here.
    static func known(_ id: String, in database: Database) throws -> Order? {
        if let own = try find(id, in: database) { return own }
        let refunds = try Refunds.of(sale: id, in: database)
        return try OtherSales.find(id, in: database).map { Order($0, refunds: refunds) }
    }

    /// The lines of such an order.
    static func knownLines(of id: String, in database: Database) throws -> [OrderLine] {
        let own = try lines(of: id, in: database)
        return own.isEmpty ? try OtherSales.find(id, in: database)?.orderLines ?? [] : own
    }

    /// Whether this till sold it.
    static func isOwn(_ id: RecordID, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM sale WHERE id = ?)",
            arguments: [id.description]) ?? false
    }
}

extension RefundRoom {
    /// What is left of another till's sale: as head office told, less what was asked here and is not there
    /// yet.
    init(_ found: FoundOrder, unsent: RefundRules.Reserved) {
        var quantities = unsent.quantities
        for (index, (line, left)) in zip(found.lines, found.left ?? []).enumerated() {
            quantities[index, default: 0] += line.quantity - left
        }
        let told = found.refunded.fen + found.refundPending.fen
        self.init(
            sale: .init(
                isPosted: true, businessTime: found.businessTime,
                lines: found.orderLines.map(\.saleLine), paidByCard: found.total,
                notPaidByCard: .zero),
            reserved: .init(
                quantities: quantities, amount: Money(fen: told + unsent.amount.fen)),
            deadline: RefundDeadline(saleTime: found.businessTime),
            // Which card paid is not told: head office compares (R-R2).
            isCardKnown: { _ in true })
    }
}
