import Domain
import Foundation
import GRDB
import Journal
import Receipts

/// Looks up what a slip says, in one state of the file.
struct SlipSource: Sendable {
    let identity: TillIdentity

    /// The facts of a slip; nil when there is nothing to prove: no such sale, no approved refund.
    func facts(_ subject: SlipSubject, in database: Database) throws -> SlipFacts? {
        switch subject {
        case .sale(let id): try saleFacts(id, in: database)
        case .refund(let id): try refundFacts(id, in: database)
        }
    }

    /// The QR code of the merchant's copy; nil for a refund.
    func signedCode(_ subject: SlipSubject, in database: Database) throws -> String? {
        guard case .sale(let id) = subject else { return nil }
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT s.seq, s.receipt, s.business_time, s.total, s.fingerprint, j.hash
                FROM sale AS s JOIN journal_record AS j ON j.seq = s.seq WHERE s.id = ?
                """, arguments: [id.description])
        guard let row, let card = try? CardFingerprint(row["fingerprint"]),
            let hash = RecordHash(bytes: Array(row["hash"] as Data))
        else { return nil }
        return SlipCode(
            till: identity.till, epoch: identity.epoch, sequence: row["seq"], sale: id,
            receipt: row["receipt"], time: Instant(milliseconds: row["business_time"]),
            total: Money(fen: row["total"]), card: card, hash: hash
        ).text(signedBy: identity.signingKey)
    }

    /// The store at the head of a slip.
    func storeFacts(in database: Database) throws -> SlipFacts.Store {
        let info = try StoreInfo.load(in: database)
        let telephones: [SlipFacts.Telephone] = [
            (SlipFacts.Telephone.Purpose.store, info?.telephone),
            (.service, info?.serviceTelephone), (.fault, info?.faultTelephone),
        ].compactMap { purpose, number in
            number.flatMap { $0.isEmpty ? nil : .init(purpose, $0) }
        }
        return .init(
            name: info?.name ?? identity.till, address: info?.address ?? "",
            telephones: telephones)
    }

    private func saleFacts(_ id: RecordID, in database: Database) throws -> SlipFacts? {
        guard let order = try Orders.find(id.description, in: database) else { return nil }
        let summary = order.summary
        return SlipFacts(
            event: summary.mode == "stand_in" ? .standInSale : .authorisedSale,
            store: try storeFacts(in: database), till: identity.till, number: summary.receipt,
            time: Instant(milliseconds: summary.businessTime), cashier: summary.cashier,
            lines: order.lines.map(\.saleLine), total: Money(fen: summary.total),
            card: .init(
                mask: summary.mask, holder: order.holder,
                balance: order.remaining.map { Money(fen: $0) }),
            isTest: summary.test)
    }

    /// What people call a refund: the random end of the request's id.
    static func refundNumber(_ id: RecordID) -> String { id.description.suffix(12).uppercased() }

    private func refundFacts(_ id: RecordID, in database: Database) throws -> SlipFacts? {
        guard let refund = try Refunds.find(id.description, in: database),
            refund.state == .approved,
            let order = try Orders.find(refund.sale, in: database)
        else { return nil }
        return SlipFacts(
            event: .approvedRefund(
                saleNumber: refund.saleReceipt, opinion: refund.opinion,
                decidedBy: refund.decidedBy),
            store: try storeFacts(in: database), till: identity.till,
            number: Self.refundNumber(id),
            time: Instant(milliseconds: refund.decidedAt ?? refund.requestedAt),
            cashier: refund.requestedBy,
            lines: refund.lines.compactMap { line in
                order.lines.first { $0.line == line.line }?.saleLine(quantity: line.quantity)
            }, total: Money(fen: refund.amount),
            card: .init(mask: order.summary.mask, holder: order.holder, balance: nil),
            isTest: order.summary.test)
    }
}

extension OrderLine {
    func saleLine(quantity: Int64) -> SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: Money(fen: list), price: Money(fen: price),
            quantity: quantity, repricedBy: repricedBy, repriceReason: repriceReason)
    }
}
