import Domain
import Journal

/// What one batch comes to: collected while its records are judged, written in one go.
struct IngestOutcome: Sendable {
    /// A record's row.
    struct Stored: Sendable {
        let incoming: IncomingRecord
        let time: BusinessTime
        let verdict: RecordVerdict
    }

    /// A sale's row.
    struct Sale: Sendable {
        let id: RecordID
        let body: SaleCompleted
        let cardID: Int64?
        let fingerprint: CardFingerprint
        let mask: String
        let isTest: Bool
        let paidByCard: Money
        let time: BusinessTime
        let code: String?
        /// Its till knew newer limits or blocks than the sale went by (R-P14).
        let isPolicyRollback: Bool
    }

    /// What the record says more of a sale that was booked from its slip.
    struct Completed: Sendable {
        let id: RecordID
        let body: SaleCompleted
        let time: BusinessTime
        let isPolicyRollback: Bool
    }

    /// A record that needs a person.
    struct Exception: Sendable {
        let sequence: Int64
        let id: RecordID?
        let code: RecordException
        let amount: Money
        let bearer: String
        /// The sale that the record made, if it did.
        let saleID: RecordID?
        /// How much of the amount is booked as in dispute.
        let disputed: Money
    }

    /// A refund request's row.
    struct Refund: Sendable {
        let request: RefundRequest
        let body: RefundRequested
        let time: BusinessTime
        let deadline: Instant
        var state: String
        let code: String?
        /// How far the till knew of changes when it was asked for (R-A1).
        let knownUntil: Instant
        var isDecided: Bool { state != "pending" && state != "waiting" }
    }

    var stored: [Stored] = []
    var sales: [Sale] = []
    var completed: [Completed] = []
    var transfers: [NewTransfer] = []
    /// What ends of the holds on card accounts.
    var released: [LedgerAccount: Money] = [:]
    var payments: [RecordID: PaymentRow] = [:]
    var exceptions: [Exception] = []
    var locks: [Int64: PasswordLock] = [:]
    /// What sealed passwords came to, by sale.
    var credentials: [RecordID: SalePosting.Credential] = [:]
    /// Sealed bytes to keep until they can be judged.
    var pending: [(id: RecordID, sealed: [UInt8])] = []
    var refunds: [Refund] = []
    /// Requests of earlier batches that were withdrawn.
    var withdrawn: [RecordID] = []
    /// What requests now reserve of sales of earlier batches; below zero gives back.
    var reserved: [RecordID: Money] = [:]
    /// Records that wait for another one; by sequence.
    var held: Set<Int64> = []
    var changes: [Change] = []
    /// Records that wait for a person, with the sealed bytes they will be judged by.
    var quarantined: [(sequence: Int64, sealed: [UInt8]?)] = []
}
