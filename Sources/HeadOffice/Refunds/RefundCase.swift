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

    /// The two accounts of a sale's shortfall.
    struct Shortfall: Sendable {
        let carrier: LedgerAccount
        let disputed: LedgerAccount
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
    /// All of the sale is in the ledger: paid by the card, or carried as a shortfall.
    let isBooked: Bool
    /// Where the shortfall is carried and where it went, if there is one.
    let shortfall: Shortfall?
    let cardState: String?
    /// Whose suspense keeps the money when the card is closed.
    let programmeID: Int64?
    let mode: String
    let saleState: String
    let saleCode: String?
    let total: Money
    let paidByCard: Money
    /// Refunded by requests approved before.
    let refunded: Money
    /// Reserved by every request that waits, this one included.
    let reserved: Money
    let soldAt: Instant
    let receivedAt: Instant
    let amount: Money
    let reason: String
    let askedBy: String
    let askedAt: Instant
    let deadline: Instant
    let state: String
    let code: String?
    let opinion: String?
    let decidedBy: String?
    let decidedAt: Instant?
    let lines: [Line]

    /// What would go to the card, and what would undo a shortfall instead (R-R7).
    var split: (toCard: Money, undone: Money) {
        let shortfall = total.fen - paidByCard.fen
        let undoneBefore = min(refunded.fen, shortfall)
        let undone = min(amount.fen, shortfall - undoneBefore)
        return (Money(fen: amount.fen - undone), Money(fen: undone))
    }

    /// SHA-256 over everything shown that the decision rests on; any change of it voids an approval (R-R4).
    var digest: [UInt8] {
        var fields = [
            "huiyika/refund-shown/1", requestID.description, saleID.description, storeCode, receipt,
            cardMask, fingerprint.text, String(isCardMatch), String(isBooked), cardState ?? "",
            saleState, saleCode ?? "",
            String(total.fen), String(paidByCard.fen), String(refunded.fen), String(reserved.fen),
            String(soldAt.milliseconds), String(amount.fen), reason, askedBy,
            String(askedAt.milliseconds), state,
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
            deadline: RefundDeadline(saleTime: soldAt), now: now)
        guard TradingMonth(askedAt) == TradingMonth(soldAt),
            TradingMonth(now) == TradingMonth(soldAt)
        else { throw .refundMonthOver }
    }
}

extension RefundCase.Line {
    fileprivate var ofSale: SaleLine {
        SaleLine(
            sku: sku, name: name, spec: spec, list: listPrice, price: price, quantity: Int64(sold))
    }
}
