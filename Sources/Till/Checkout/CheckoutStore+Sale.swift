import Domain
import GRDB
import Journal

extension TillStore {
    /// Writes record, sale, counter and basket; the caller's transaction holds them together.
    static func insertSale(
        _ row: PaymentRow, taken: TakenPayment, at now: Instant, identity: TillIdentity,
        in database: Database
    ) throws {
        let state = try SyncState.load(in: database)
        let businessTime = state.corrected(now)
        let receipt = try nextReceipt(
            identity: identity, date: BusinessDate(businessTime), in: database)
        let lines = try Orders.lines(of: row.id.description, in: database)
        let sale = SaleCompleted(
            card: taken.card, cashier: row.login, lines: lines.map(recordLine),
            override: taken.override,
            payment: .init(
                attempt: taken.attempt, credential: taken.credential?.hash,
                knew: .init(
                    blockListVersion: state.blockListVersion,
                    contactAge: state.contactAge(at: now).flatMap { $0 < 0 ? nil : $0 }
                        ?? Int64(Int32.max),
                    limitsVersion: state.limitsVersion),
                mode: taken.mode, confirmation: taken.confirmation),
            receipt: receipt.description, isTest: taken.isTest, total: row.amount)
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
                businessTime.milliseconds, row.login, row.amount.fen,
                taken.card?.fingerprint.text ?? "", taken.card?.mask ?? "",
                taken.card?.programme ?? "", taken.isTest, taken.mode.rawValue, taken.holder,
                taken.remaining,
            ])
        try database.execute(
            sql: "UPDATE payment SET ended_at = ?, ending = 'sale' WHERE id = ?",
            arguments: [now.milliseconds, row.id.description])
        try clearSold(lines, of: row.login, in: database)
    }

    /// The manager's word that this sale needed. One that was given for a sale which head office then
    /// approved, or which is within the limit by now, is not what the sale was taken on.
    static func lifted(
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

/// What the taking of a payment says about card, attempt and balance.
struct TakenPayment: Sendable {
    let mode: SaleCompleted.Mode
    let attempt: Int
    let credential: SealedCredential?
    let confirmation: SaleCompleted.Confirmation?
    /// Nil when only head office knows the card yet.
    let card: SaleCompleted.Card?
    /// The manager's word, of a stand-in sale above the per-sale limit.
    let override: SaleCompleted.Override?
    let isTest: Bool
    let holder: String?
    let remaining: Int64?

    /// A card that was entered at the till.
    init(
        _ acceptance: PaymentFlow.Acceptance, card known: PaymentCard,
        override: SaleCompleted.Override?
    ) {
        confirmation = nil
        self.override = override
        isTest = known.isTest
        switch acceptance {
        case .authorised(let reply):
            mode = .authorised
            attempt = reply.attempt
            credential = nil
            card = .init(
                fingerprint: known.fingerprint, mask: reply.mask ?? known.mask,
                programme: reply.programme ?? known.programme)
            holder = reply.holder
            remaining = reply.remaining?.fen
        case .standIn(let attempt, let sealed):
            mode = .standIn
            self.attempt = attempt
            credential = sealed
            card = .init(
                fingerprint: known.fingerprint, mask: known.mask, programme: known.programme)
            holder = nil
            remaining = nil
        }
    }

    /// A phone's, by head office's answer.
    init(_ phone: PhoneRow, answered reply: PhonePaymentReply) {
        mode = .phone
        attempt = 0
        credential = nil
        confirmation = .init(by: .online, key: phone.keyNumber)
        card = reply.card
        override = nil
        isTest = reply.isTest
        holder = reply.holder
        remaining = reply.remaining?.fen
    }

    /// A phone's, by the code that it showed.
    init(_ phone: PhoneRow) {
        mode = .phone
        attempt = 0
        credential = nil
        confirmation = .init(by: .code, key: phone.keyNumber)
        card = nil
        override = nil
        isTest = false
        holder = nil
        remaining = nil
    }
}
