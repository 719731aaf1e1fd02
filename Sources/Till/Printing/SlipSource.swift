import Domain
import Foundation
import GRDB
import Journal
import Receipts
import WebSupport

/// What a slip says, ready to be arranged for a paper.
struct Slip: Sendable {
    /// What people call it.
    let number: String
    private let arrange: @Sendable (SlipDocument.Copy, Int, SlipLanguage) throws -> SlipDocument

    /// - Parameter arrange: is given the copy, the reprint (0 for the original) and the language.
    init(
        number: String,
        arrange:
            @escaping @Sendable (
                SlipDocument.Copy, Int, SlipLanguage
            ) throws -> SlipDocument
    ) {
        self.number = number
        self.arrange = arrange
    }

    /// One paper of it; a statement is the same on every copy.
    func document(
        _ copy: SlipDocument.Copy, reprint: Int, language: SlipLanguage
    ) throws -> SlipDocument {
        try arrange(copy, reprint, language)
    }
}

/// Looks up what a slip says, in one state of the file.
struct SlipSource: Sendable {
    let identity: TillIdentity
    let languages: Languages

    /// A slip; nil when there is nothing to prove: no such sale, no approved refund, no such closing.
    func slip(_ subject: SlipSubject, in database: Database) throws -> Slip? {
        switch subject {
        case .sale(let id):
            guard let facts = try saleFacts(id, in: database) else { return nil }
            return slip(facts, code: try signedCode(id, in: database))
        case .refund(let id):
            return try refundFacts(id, in: database).map { slip($0, code: nil) }
        case .statement(let id):
            guard let close = try DayCloses.find(id, in: database) else { return nil }
            let store = try storeFacts(in: database)
            return Slip(number: "\(close.statement.date) #\(close.statement.number)") {
                [identity, languages] _, reprint, language in
                SlipDocument(
                    close.facts(
                        store: store, till: identity.till, reprint: reprint,
                        languages.words(language.screens)), language: language)
            }
        }
    }

    private func slip(_ facts: SlipFacts, code: String?) -> Slip {
        Slip(number: facts.number) { copy, reprint, language in
            try SlipDocument(
                facts, copy: copy, language: language, reprint: reprint == 0 ? nil : reprint,
                signedCode: code)
        }
    }

    /// The QR code of the merchant's copy; nil for another till's sale, which only that till can sign.
    private func signedCode(_ id: RecordID, in database: Database) throws -> String? {
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
    private func storeFacts(in database: Database) throws -> SlipFacts.Store {
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
        guard let order = try Orders.known(id.description, in: database) else { return nil }
        let summary = order.summary
        return SlipFacts(
            event: summary.mode == "stand_in" ? .standInSale : .authorisedSale,
            store: try storeFacts(in: database), till: summary.till ?? identity.till,
            reprintedAt: summary.till == nil ? nil : identity.till, number: summary.receipt,
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
            let order = try Orders.known(refund.sale, in: database)
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

extension SlipLanguage {
    fileprivate var screens: Language {
        switch self {
        case .zhHans: .zhHans
        case .en: .en
        }
    }
}

extension OrderLine {
    func saleLine(quantity: Int64) -> SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: Money(fen: list), price: Money(fen: price),
            quantity: quantity, repricedBy: repricedBy, repriceReason: repriceReason)
    }
}
