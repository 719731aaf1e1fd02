import Foundation
import Receipts

/// One paper to be printed.
struct PrintJob: Sendable, Hashable {
    enum State: String, Sendable, CaseIterable, Encodable {
        /// Nothing of it is on paper.
        case waiting
        /// It is being sent now.
        case sending
        /// The printer said that it is on paper.
        case printed
        /// All of it was sent to a printer or a queue that does not say more.
        case sent
        /// It may be on paper, in part or whole: a person has to look.
        case unknown
        /// A person gave it up.
        case dropped

        /// Whether something is still to be done.
        var isOpen: Bool { self == .waiting || self == .sending || self == .unknown }
    }

    enum Kind: String, Sendable, Codable {
        case sale
        case refund
        /// A closing of the day; it goes to the printer of sale slips.
        case statement
        case test
    }

    let id: Int64
    let printer: String
    let printerName: String
    let kind: Kind
    /// The id of the sale, the refund request or the closing; empty for a test.
    let subject: String
    /// What people call the slip.
    let number: String
    /// 1 is the merchant's copy.
    let paperIndex: Int
    /// 0 for an original.
    let reprint: Int
    let askedBy: String
    let askedAt: Int64
    let state: State
    /// Why it is not on paper yet, or not known to be.
    let trouble: PrinterCondition?
}

/// A document as a job keeps it.
enum StoredSlip {
    static func text(_ document: SlipDocument) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    static func document(_ text: String) throws -> SlipDocument {
        try JSONDecoder().decode(SlipDocument.self, from: Data(text.utf8))
    }
}
