import Domain
import GRDB
import Journal

extension TillStore {
    /// Writes record, sale, counter and basket; the caller's transaction holds them together.
    static func insertSale(
        _ row: PaymentRow, card: PaymentCard, acceptance: PaymentFlow.Acceptance,
        at now: Instant, identity: TillIdentity, in database: Database
    ) throws {
        let state = try SyncState.load(in: database)
        let businessTime = state.corrected(now)
        let receipt = try nextReceipt(
            identity: identity, date: BusinessDate(businessTime), in: database)
        let lines = try Orders.lines(of: row.id.description, in: database)
        let taken = Taken(acceptance, card: card, attempt: row.attempt)
        let sale = SaleCompleted(
            card: .init(
                fingerprint: card.fingerprint, mask: taken.mask, programme: taken.programme),
            cashier: row.login, lines: lines.map(recordLine),
            override: try lifted(row, acceptance: acceptance, card: card, at: now, in: database),
            payment: .init(
                attempt: taken.attempt, credential: taken.credential?.hash,
                knew: .init(
                    blockListVersion: state.blockListVersion,
                    contactAge: state.contactAge(at: now).flatMap { $0 < 0 ? nil : $0 }
                        ?? Int64(Int32.max),
                    limitsVersion: state.limitsVersion),
                mode: taken.mode),
            receipt: receipt.description, isTest: card.isTest, total: row.amount)
        let (_, sequence) = try JournalBook(identity).append(
            .saleCompleted(sale), id: row.id, at: now, credential: taken.credential?.bytes,
            in: database)
        try database.execute(
            sql: """
                INSERT INTO sale (id, seq, receipt, at, business_time, cashier, total,
                    fingerprint, mask, programme, test, mode, holder, remaining)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                row.id.description, sequence, receipt.description, now.milliseconds,
                businessTime.milliseconds, row.login, row.amount.fen, card.fingerprint.text,
                taken.mask, taken.programme, card.isTest, taken.mode.rawValue, taken.holder,
                taken.remaining,
            ])
        try database.execute(
            sql: "UPDATE payment SET ended_at = ?, ending = 'sale' WHERE id = ?",
            arguments: [now.milliseconds, row.id.description])
        try clearSold(lines, of: row.login, in: database)
    }

    /// The manager's word that this sale needed. One that was given for a sale which head office then
    /// approved, or which is within the limit by now, is not what the sale was taken on.
    private static func lifted(
        _ row: PaymentRow, acceptance: PaymentFlow.Acceptance, card: PaymentCard,
        at now: Instant, in database: Database
    ) throws -> SaleCompleted.Override? {
        guard case .standIn = acceptance, let override = row.override,
            let limit = try StandIn.limitToLift(
                amount: row.amount, card: card, at: now, in: database)
        else { return nil }
        return .init(by: override.by, limit: limit, reason: override.reason)
    }

    /// Empties the basket when it is still what was sold. The catalogue may have changed since, even
    /// so that the basket could not be settled: neither keeps goods that are paid for in it, nor
    /// stops the sale.
    private static func clearSold(
        _ lines: [OrderLine], of login: String, in database: Database
    ) throws {
        let left = try Row.fetchAll(
            database,
            sql: "SELECT sku, quantity, price, repriced_by FROM basket_line WHERE login = ?",
            arguments: [login])
        let isSold = left.allSatisfy { basket in
            lines.contains { line in
                line.sku == basket["sku"] && line.quantity == basket["quantity"]
                    && line.repricedBy == basket["repriced_by"]
                    && (line.repricedBy == nil || line.price == basket["price"])
            }
        }
        if isSold { try Basket.clear(login, in: database) }
    }

    /// What the acceptance says about card, attempt and balance.
    private struct Taken {
        let mode: SaleCompleted.Mode
        let attempt: Int
        let credential: SealedCredential?
        let mask: String
        let programme: String
        let holder: String?
        let remaining: Int64?

        init(_ acceptance: PaymentFlow.Acceptance, card: PaymentCard, attempt highest: Int) {
            switch acceptance {
            case .authorised(let reply):
                mode = .authorised
                attempt = reply.attempt
                credential = nil
                mask = reply.mask ?? card.mask
                programme = reply.programme ?? card.programme
                holder = reply.holder
                remaining = reply.remaining?.fen
            case .standIn(let attempt, let sealed):
                mode = .standIn
                self.attempt = attempt
                credential = sealed
                mask = card.mask
                programme = card.programme
                holder = nil
                remaining = nil
            }
        }
    }

    private static func recordLine(_ line: OrderLine) -> SaleCompleted.Line {
        .init(
            amount: Money(fen: line.amount), list: Money(fen: line.list), name: line.name,
            price: Money(fen: line.price), quantity: line.quantity, repricedBy: line.repricedBy,
            repriceReason: line.repriceReason, sku: line.sku, spec: line.spec)
    }

    /// The day's next number; it never falls back, whatever the clock does (R-M4).
    private static func nextReceipt(
        identity: TillIdentity, date: BusinessDate, in database: Database
    ) throws -> ReceiptNumber {
        let counter = try Int.fetchOne(
            database,
            sql: """
                INSERT INTO receipt_counter (business_date, last) VALUES (?, 1)
                ON CONFLICT (business_date) DO UPDATE SET last = last + 1 RETURNING last
                """,
            arguments: [date.description])
        guard let counter,
            let receipt = ReceiptNumber(
                till: identity.till, epoch: identity.epoch, date: date, counter: counter)
        else { throw TillStoreError(.damaged, "no order number can be made") }
        return receipt
    }
}
