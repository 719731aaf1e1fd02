// A refund request beside its sale, as one value: what the approver is shown, what the digest binds, and what the
// decision judges are the same thing.

import Crypto
public import Domain
import Foundation

/// A refund request and all that its decision rests on. Amounts in fen.
public struct RefundCase: Sendable {
    /// A line of the sale.
    public struct Line: Sendable, Equatable {
        public let index: Int
        public let sku: String
        public let name: String
        public let spec: String
        public let price: Money
        public let listPrice: Money
        public let sold: Int
        /// Refunded by requests approved before.
        public let refunded: Int
        /// Reserved by other requests that wait.
        public let reserved: Int
        /// Asked back by this request.
        public let asked: Int

        /// Still refundable beside this request.
        public var remaining: Int { sold - refunded - reserved }
    }

    /// The two accounts of a sale's shortfall.
    struct Shortfall: Sendable {
        let carrier: LedgerAccount
        let disputed: LedgerAccount
    }

    public let requestID: RecordID
    public let saleID: RecordID
    public let storeID: Int64
    public let storeCode: String
    public let storeName: String
    public let tillCode: String
    public let receipt: String
    public let cashier: String
    public let cardID: Int64?
    public let cardMask: String
    public let isTest: Bool
    /// What the requester entered.
    public let fingerprint: CardFingerprint
    public let isCardMatch: Bool
    /// All of the sale is in the ledger: paid by the card, or carried as a shortfall.
    public let isBooked: Bool
    /// Where the shortfall is carried and where it went, if there is one.
    let shortfall: Shortfall?
    public let cardState: String?
    public let mode: String
    public let saleState: String
    public let saleCode: String?
    public let total: Money
    public let paidByCard: Money
    /// Refunded by requests approved before.
    public let refunded: Money
    /// Reserved by every request that waits, this one included.
    public let reserved: Money
    public let soldAt: Instant
    public let receivedAt: Instant
    public let amount: Money
    public let reason: String
    public let askedBy: String
    public let askedAt: Instant
    public let deadline: Instant
    public let state: String
    public let code: String?
    public let opinion: String?
    public let decidedBy: String?
    public let decidedAt: Instant?
    public let lines: [Line]

    /// What would go to the card, and what would undo a shortfall instead (R-R7).
    public var split: (toCard: Money, undone: Money) {
        let shortfall = total.fen - paidByCard.fen
        let undoneBefore = min(refunded.fen, shortfall)
        let undone = min(amount.fen, shortfall - undoneBefore)
        return (Money(fen: amount.fen - undone), Money(fen: undone))
    }

    /// SHA-256 over everything shown that the decision rests on; any change of it voids an approval (R-R4).
    public var digest: [UInt8] {
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
