import Domain
import Foundation
import GRDB
import Journal

/// Why a refund request is not made here; beside `RefundRefusal` of the rules.
enum RefundRequestRefusal: String, Error, CaseIterable {
    /// This till knows no such sale, of its own or of another till.
    case unknownSale = "sale_not_found"
    /// No reason, or more than 200 characters.
    case reasonLength = "reason_length"
    /// The request's id is no UUID of version 7.
    case malformedID = "request_id_malformed"
    /// The request's id was used for something else (R-M3).
    case sameIDDifferentContent = "request_id_reused"
    /// There is no such request.
    case unknownRequest = "request_not_found"
    /// It was decided or withdrawn already.
    case alreadyDecided = "already_decided"
}

/// What a cashier enters to ask for money back.
struct RefundEntry: Sendable {
    let id: RecordID
    let sale: RecordID
    /// Nil asks for everything that is left.
    let lines: [RefundLine]?
    let cardNumber: String
    let reason: String
    let by: String

    /// Whether these are the lines asked for; everything that was left then is not known any more.
    func asksFor(_ made: [RefundLine]) -> Bool {
        guard let lines else { return true }
        var quantities: [Int: Int64] = [:]
        for line in lines {
            let (sum, isOver) = quantities[line.line, default: 0]
                .addingReportingOverflow(line.quantity)
            if isOver { return false }
            quantities[line.line] = sum
        }
        return quantities == Dictionary(uniqueKeysWithValues: made.map { ($0.line, $0.quantity) })
    }
}

/// What of a sale may still be asked back, as far as this till knows.
struct RefundRoom: Sendable {
    let sale: RefundRules.Sale
    let reserved: RefundRules.Reserved
    let deadline: RefundDeadline
    let isCardKnown: @Sendable (CardFingerprint) -> Bool

    /// What is left of each line.
    var left: [Int64] {
        sale.lines.enumerated().map { index, line in
            max(0, line.quantity - reserved.quantities[index, default: 0])
        }
    }

    static func load(_ id: String, in database: Database) throws -> RefundRoom? {
        let row = try Row.fetchOne(
            database, sql: "SELECT business_time, total, fingerprint FROM sale WHERE id = ?",
            arguments: [id])
        guard let row else {
            let unsent = try asked(for: id, in: database) { $0 == .unsent }
            return try OtherSales.find(id, in: database).map { RefundRoom($0, unsent: unsent) }
        }
        let time = Instant(milliseconds: row["business_time"])
        let fingerprint: String = row["fingerprint"]
        return RefundRoom(
            sale: .init(
                isPosted: true, businessTime: time,
                lines: try Orders.lines(of: id, in: database).map(\.saleLine),
                paidByCard: Money(fen: row["total"]), notPaidByCard: .zero),
            reserved: try asked(for: id, in: database) { $0.isOpen || $0 == .approved },
            deadline: RefundDeadline(saleTime: time),
            // A card that only head office knows yet is left to head office (R-R2).
            isCardKnown: { fingerprint.isEmpty || $0.text == fingerprint })
    }

    /// What was asked here and stands so.
    private static func asked(
        for id: String, in database: Database, where counts: (RefundState) -> Bool
    ) throws -> RefundRules.Reserved {
        var quantities: [Int: Int64] = [:]
        var amount: Int64 = 0
        for refund in try Refunds.of(sale: id, in: database) where counts(refund.state) {
            amount += refund.amount
            for line in refund.lines { quantities[line.line, default: 0] += line.quantity }
        }
        return .init(quantities: quantities, amount: Money(fen: amount))
    }
}

extension TillStore {
    /// Asks for money back: the request's record and row commit together. Money moves only when
    /// head office approves; the checks here are a courtesy (R-R2, R-R3).
    ///
    /// - Repetition: the same id with the same content is the same request.
    /// - Refuses, first match wins: `disk_nearly_full`, `CardRefusal`, `reasonLength`,
    ///   `unknownSale`, `sameIDDifferentContent`, `RefundRefusal`.
    func requestRefund(
        _ entry: RefundEntry, at now: Instant, identity: TillIdentity
    ) async throws -> RefundSummary {
        try requireRoom()
        let number = try CardNumber(entry.cardNumber)
        let card = identity.fingerprintKey.fingerprint(of: number)
        let reason = entry.reason.trimmingCharacters(in: .whitespacesAndNewlines)
        guard (1...200).contains(reason.unicodeScalars.count) else {
            throw RefundRequestRefusal.reasonLength
        }
        let id = entry.id.description
        return try await write(
            lookUp: { try Refunds.find(id, in: $0) },
            { database in
                let sale = entry.sale.description
                guard let room = try RefundRoom.load(sale, in: database) else {
                    throw RefundRequestRefusal.unknownSale
                }
                if let known = try Refunds.find(id, in: database) {
                    guard known.sale == sale, known.reason == reason, entry.asksFor(known.lines)
                    else {
                        throw RefundRequestRefusal.sameIDDifferentContent
                    }
                    return known
                }
                let lines = (entry.lines ?? room.everythingLeft).map {
                    RefundRequest.Line(index: $0.line, quantity: $0.quantity)
                }
                let draft = RefundRequest(
                    id: entry.id, sale: entry.sale, lines: lines, amount: .zero, card: card)
                let amount = try RefundRules.value(
                    of: draft, sale: room.sale, reserved: room.reserved)
                try RefundRules.check(
                    RefundRequest(
                        id: entry.id, sale: entry.sale, lines: lines, amount: amount, card: card),
                    sale: room.sale, reserved: room.reserved,
                    cardMatches: room.isCardKnown(card), deadline: room.deadline,
                    now: try SyncState.load(in: database).corrected(now))
                try Self.insertRefund(
                    entry, lines: lines, amount: amount, card: card, reason: reason, at: now,
                    book: JournalBook(identity), in: database)
                guard let made = try Refunds.find(id, in: database) else {
                    throw TillStoreError(.damaged, "a request just written is not there")
                }
                return made
            })
    }

    private static func insertRefund(
        _ entry: RefundEntry, lines: [RefundRequest.Line], amount: Money, card: CardFingerprint,
        reason: String, at now: Instant, book: JournalBook, in database: Database
    ) throws {
        let (_, sequence) = try book.append(
            .refundRequested(
                .init(
                    sale: entry.sale,
                    lines: lines.map { .init(line: $0.index, quantity: $0.quantity) },
                    amount: amount, card: card, reason: reason, by: entry.by)),
            id: entry.id, at: now, in: database)
        try database.execute(
            sql: """
                INSERT INTO refund_request
                    (id, seq, sale, amount, reason, requested_by, requested_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                entry.id.description, sequence, entry.sale.description, amount.fen, reason,
                entry.by, now.milliseconds,
            ])
        for line in lines {
            try database.execute(
                sql: """
                    INSERT INTO refund_request_line (request, line, quantity) VALUES (?, ?, ?)
                    ON CONFLICT (request, line) DO UPDATE SET
                        quantity = quantity + excluded.quantity
                    """,
                arguments: [entry.id.description, line.index, line.quantity])
        }
    }

    /// Takes a request back. Head office may have decided in the meantime; its word then stands.
    ///
    /// - Repetition: a request withdrawn before stays withdrawn.
    /// - Refuses: `unknownRequest`, `alreadyDecided`.
    func withdrawRefund(
        _ request: RecordID, by login: String, id: RecordID, at now: Instant, book: JournalBook
    ) async throws {
        try await write { database in
            guard let known = try Refunds.find(request.description, in: database) else {
                throw RefundRequestRefusal.unknownRequest
            }
            if known.state == .withdrawn { return }
            guard known.state.isOpen else { throw RefundRequestRefusal.alreadyDecided }
            try book.append(
                .refundWithdrawn(.init(request: request, by: login)), id: id, at: now,
                in: database)
            try database.execute(
                sql: "UPDATE refund_request SET withdrawn_at = ? WHERE id = ?",
                arguments: [now.milliseconds, request.description])
        }
    }
}

extension RefundRoom {
    var everythingLeft: [RefundLine] {
        left.enumerated().compactMap { index, quantity in
            quantity > 0 ? RefundLine(line: index, quantity: quantity) : nil
        }
    }
}
