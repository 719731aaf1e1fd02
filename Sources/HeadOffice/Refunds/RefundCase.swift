// A refund request beside its sale, as one value: what the approver is shown, what the digest binds, and what the
// decision judges are the same thing.

import Crypto
import Domain
import Foundation

/// A refund request and all that its decision rests on. Amounts in fen.
struct RefundCase: Sendable {
    /// A line of the sale.
    struct Line: Sendable, Equatable {
        let index: Int
        let sku: String
        let name: String
        let spec: String
        let price: Money
        let listPrice: Money
        let sold: Int
        /// Refunded by requests approved before.
        let refunded: Int
        /// Reserved by other requests that wait.
        let reserved: Int
        /// Asked back by this request.
        let asked: Int

        /// Still refundable beside this request.
        var remaining: Int { sold - refunded - reserved }
    }

    /// The card that gets the money: the sale's, or the live end of its replacement chain (R-R2).
    struct Destination: Sendable {
        let cardID: Int64
        let fingerprint: CardFingerprint
        let isClosed: Bool
    }

    let requestID: RecordID
    let saleID: RecordID
    let storeID: Int64
    let storeCode: String
    let storeName: String
    let tillCode: String
    let receipt: String
    let cashier: String
    let cardID: Int64?
    let cardMask: String
    let isTest: Bool
    /// What the requester entered.
    let fingerprint: CardFingerprint
    let isCardMatch: Bool
    /// All of the sale is in the ledger, paid by the card or carried as a shortfall, and it is not in
    /// question for its identity.
    let isBooked: Bool
    /// The exception that the sale is, or was.
    let exceptionID: Int64?
    /// Who carries what the card did not pay.
    let carrier: ShortfallCarrier
    let destination: Destination?
    /// The card's, whose suspense keeps the money when the card is closed.
    let programmeID: Int64?
    let programme: String?
    let mode: String
    let saleState: String
    let saleCode: String?
    let total: Money
    let paidByCard: Money
    /// Refunded by requests approved before.
    let refunded: Money
    /// How much of that went to the card.
    let returnedToCard: Money
    /// What this request gave to the card, once it is approved.
    let gaveToCard: Money
    /// Reserved by every request that waits, this one included.
    let reserved: Money
    let soldAt: Instant
    let receivedAt: Instant
    let amount: Money
    let reason: String
    let askedBy: String
    let askedAt: Instant
    /// How well it is known that the request was made in the month (R-R6).
    let evidence: TimeEvidence
    /// When a head of the till at or past the request was first stated.
    let provedAt: Instant?
    /// What finance grants for proved requests.
    let graceDays: Int
    let deadline: Instant
    let state: String
    let code: String?
    let opinion: String?
    let decidedBy: String?
    let decidedAt: Instant?
    let lines: [Line]

    /// What to book at an approval.
    ///
    /// - Refuses: `.amountExceedsPaid`.
    func plan() throws(RefundRefusal) -> RefundPosting.Plan {
        let notPaid = Money(fen: total.fen - paidByCard.fen)
        let sale = RefundPosting.Sale(
            store: storeCode, book: isTest ? .test : .real, paidByCard: paidByCard,
            returnedToCard: returnedToCard, notPaidByCard: notPaid,
            undone: Money(fen: refunded.fen - returnedToCard.fen), carrier: carrier)
        let account: Account
        if let destination, !destination.isClosed {
            account = .card(destination.fingerprint)
        } else {
            account = .refundSuspense(programme ?? "")
        }
        return try RefundPosting.plan(amount, sale: sale, to: account)
    }

    /// What goes to the card, and what undoes a shortfall instead (R-R7); nil when it cannot be booked.
    var split: (toCard: Money, undone: Money)? {
        if state == "approved" { return (gaveToCard, Money(fen: amount.fen - gaveToCard.fen)) }
        guard let plan = try? plan() else { return nil }
        return (plan.toCard, plan.undone)
    }

    /// SHA-256 over everything shown that the decision rests on; any change of it voids an approval (R-R4).
    var digest: [UInt8] {
        var fields = [
            "huiyika/refund-shown/3", requestID.description, saleID.description, storeCode, receipt,
            cardMask, fingerprint.text, String(isCardMatch), String(isBooked),
            destination?.fingerprint.text ?? "", String(destination?.isClosed ?? true), saleState,
            saleCode ?? "", "\(carrier)", String(total.fen), String(paidByCard.fen),
            String(refunded.fen), String(returnedToCard.fen), String(reserved.fen),
            String(soldAt.milliseconds), String(amount.fen), reason, askedBy,
            String(askedAt.milliseconds), state, evidence.rawValue, String(graceDays),
        ]
        for line in lines {
            fields += [
                String(line.index), line.sku, line.name, String(line.price.fen), String(line.sold),
                String(line.refunded), String(line.reserved), String(line.asked),
            ]
        }
        var hash = SHA256()
        for field in fields {
            let bytes = Data(field.utf8)
            hash.update(data: Data("\(bytes.count):".utf8))
            hash.update(data: bytes)
        }
        return Array(hash.finalize())
    }

    /// Judges an approval at head office's time, by the rules that tills use too.
    ///
    /// - Refuses, first match wins: `RefundRefusal` in the order of its cases.
    /// - Source: R-R1, R-R2, R-R3: sale, request and approval lie in one business month.
    func judgeApproval(at now: Instant) throws(RefundRefusal) {
        let request = RefundRequest(
            id: requestID, sale: saleID,
            lines: lines.filter { $0.asked > 0 }.map {
                RefundRequest.Line(index: $0.index, quantity: Int64($0.asked))
            }, amount: amount, card: fingerprint)
        let sale = RefundRules.Sale(
            isPosted: isBooked, businessTime: soldAt, lines: lines.map(\.ofSale),
            paidByCard: paidByCard, notPaidByCard: Money(fen: total.fen - paidByCard.fen))
        let others = RefundRules.Reserved(
            quantities: Dictionary(
                uniqueKeysWithValues: lines.map { ($0.index, Int64($0.refunded + $0.reserved)) }),
            amount: Money(fen: refunded.fen + reserved.fen - amount.fen))
        try RefundRules.check(
            request, sale: sale, reserved: others, cardMatches: isCardMatch,
            deadline: RefundDeadline(
                saleTime: soldAt, graceDays: graceDays, evidence: evidence), now: now)
        guard TradingMonth(askedAt) == TradingMonth(soldAt) else { throw .refundMonthOver }
    }
}

extension RefundCase.Line {
    fileprivate var ofSale: SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: listPrice, price: price, quantity: Int64(sold))
    }
}
