import Crypto
import Domain
import Foundation
import Journal
import PostgresDriver

/// Writes the outcome of a batch: a constant number of statements, however many records.
struct IngestWriter {
    let session: PostgresSession
    let till: KnownTill
    let received: Instant
    /// How long a hold stands that is made now.
    let holdLife: Int64
    let outcome: IngestOutcome

    /// Somebody made a payment or a record of the same id at the same moment: the transaction is run
    /// again and sees it.
    struct Overtaken: Error {}

    /// - Parameter known: the payments whose rows were there, and locked, before the judging.
    func write(known: Set<RecordID>) throws {
        try storeRecords()
        try storeSales()
        try completeSales()
        let payments = outcome.payments.values
        let made = payments.filter { !known.contains($0.id) }
        guard
            try PaymentRow.insert(session, made, at: received, holdLife: holdLife) == made.count
        else { throw Overtaken() }
        try PaymentRow.update(
            session, payments.filter { known.contains($0.id) }, at: received, holdLife: holdLife)
        try PhoneHolds.settle(
            payments.filter { $0.payment.isByPhone && $0.payment.state != .held }.map(\.id),
            at: received, in: session)
        try storeRefunds()
        try storeWithdrawals()
        try storeReserved()
        try storeExceptions()
        try storePending()
        try storeQuarantined()
        try storeCredentials()
        try AccountActs.flag(
            AccountActs.of(outcome), at: till, received: received, in: session)
        try CardRow.storeLocks(session, outcome.locks)
        try ChangePublisher.publish(session, outcome.changes)
        let fees = try SaleFees.transfers(session, beside: paidSales)
        // Last, so that the busy accounts are locked shortest.
        try Ledger.post(
            session, outcome.transfers + fees, releasing: outcome.released, at: received)
    }

    /// What reached store payable; a sale has one such transfer (R-L7).
    private var paidSales: [SaleFees.Sale] {
        outcome.transfers.filter { $0.kind == .sale }.map {
            SaleFees.Sale(
                saleID: $0.sourceID, soldOn: BusinessDate($0.businessAt), transfers: [$0])
        }
    }

    private func storeRecords() throws {
        let rows = outcome.stored
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO journal_record
                (till_id, epoch, seq, record_id, kind, bytes, hash, till_at, business_at,
                 time_flags, received_at, state, code)
            SELECT \(till.tillID), \(Int32(till.epoch)), seq, record_id, kind, bytes, hash, till_at,
                   business_at, string_to_array(time_flags, ','), \(received), state, code
            FROM unnest(\(rows.map(\.incoming.sequence)), \(rows.map(\.incoming.id)),
                        \(rows.map { $0.incoming.record?.body.kind ?? "unreadable" }),
                        \(rows.map(\.incoming.bytes)), \(rows.map(\.incoming.hash)),
                        \(rows.map { $0.incoming.record?.at }), \(rows.map(\.time.instant)),
                        \(rows.map { Self.text($0.time.flags) }), \(rows.map(\.verdict.state)),
                        \(rows.map(\.verdict.code)))
                 AS row (seq, record_id, kind, bytes, hash, till_at, business_at, time_flags, state,
                         code)
            """)
    }

    private func storeSales() throws {
        let rows = outcome.sales
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO sale
                (sale_id, store_id, till_id, receipt, cashier, card_id, card_mask, fingerprint,
                 test, mode, total, paid_by_card, lines, knew, business_at, business_date,
                 received_at, state, code, policy_rollback)
            SELECT sale_id, \(till.storeID), \(till.tillID), receipt, cashier, card_id, card_mask,
                   fingerprint, test, mode, total, paid_by_card, lines, knew, business_at,
                   business_date, \(received),
                   CASE WHEN code IS NULL THEN 'posted' ELSE 'exception' END, code,
                   policy_rollback
            FROM unnest(\(rows.map(\.id)), \(rows.map(\.body.receipt)), \(rows.map(\.body.cashier)),
                        \(rows.map(\.cardID)), \(rows.map(\.mask)), \(rows.map(\.fingerprint)),
                        \(rows.map(\.isTest)),
                        \(rows.map(\.body.payment.mode.rawValue)), \(rows.map(\.body.total)),
                        \(rows.map(\.paidByCard)), \(rows.map { Self.json($0.body.lines.wire) }),
                        \(rows.map { Self.json($0.body.payment.knew.wire) }),
                        \(rows.map(\.time.instant)), \(rows.map(\.time.date)), \(rows.map(\.code)),
                        \(rows.map(\.isPolicyRollback)))
                 AS row (sale_id, receipt, cashier, card_id, card_mask, fingerprint, test, mode,
                         total, paid_by_card, lines, knew, business_at, business_date, code,
                         policy_rollback)
            """)
    }

    /// What the slip did not say; a refund that rests on the lines keeps them.
    private func completeSales() throws {
        let rows = outcome.completed
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            UPDATE sale
            SET receipt = row.receipt, cashier = row.cashier, knew = row.knew,
                policy_rollback = row.policy_rollback,
                lines = CASE WHEN refunded = 0 AND refund_reserved = 0
                             THEN row.lines ELSE sale.lines END
            FROM unnest(\(rows.map(\.id)), \(rows.map(\.body.receipt)), \(rows.map(\.body.cashier)),
                        \(rows.map { Self.json($0.body.lines.wire) }),
                        \(rows.map { Self.json($0.body.payment.knew.wire) }),
                        \(rows.map(\.isPolicyRollback)))
                 AS row (sale_id, receipt, cashier, lines, knew, policy_rollback)
            WHERE sale.sale_id = row.sale_id
            """)
    }

    private func storeRefunds() throws {
        let rows = outcome.refunds
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO refund_request
                (request_id, sale_id, store_id, till_id, lines, amount, fingerprint, reason,
                 asked_by, asked_at, received_at, deadline, state, code, digest, decided_at)
            SELECT request_id, sale_id, \(till.storeID), \(till.tillID), lines, amount, fingerprint,
                   reason, asked_by, asked_at, \(received), deadline, state, code, digest,
                   CASE WHEN state IN ('pending', 'waiting') THEN NULL
                        ELSE \(received) END
            FROM unnest(\(rows.map(\.request.id)), \(rows.map(\.request.sale)),
                        \(rows.map { Self.json($0.body.lines.wire) }), \(rows.map(\.request.amount)),
                        \(rows.map(\.request.card)), \(rows.map(\.body.reason)),
                        \(rows.map(\.body.by)), \(rows.map(\.time.instant)), \(rows.map(\.deadline)),
                        \(rows.map(\.state)), \(rows.map(\.code)),
                        \(rows.map { RecordHash(of: $0.request.approvalBytes) }))
                 AS row (request_id, sale_id, lines, amount, fingerprint, reason, asked_by, asked_at,
                         deadline, state, code, digest)
            """)
        let lines = rows.flatMap { refund -> [Line] in
            guard refund.code == nil, refund.state != "waiting" else { return [] }
            let quantities = Dictionary(
                refund.request.lines.map { ($0.index, $0.quantity) }, uniquingKeysWith: +)
            return quantities.map { index, quantity in
                Line(
                    request: refund.request.id, sale: refund.request.sale, index: Int32(index),
                    quantity: Int32(clamping: quantity), isLive: refund.state == "pending")
            }
        }
        guard !lines.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO refund_line (request_id, sale_id, line_index, quantity, live)
            SELECT request_id, sale_id, line_index, quantity, live
            FROM unnest(\(lines.map(\.request)), \(lines.map(\.sale)), \(lines.map(\.index)),
                        \(lines.map(\.quantity)), \(lines.map(\.isLive)))
                 AS row (request_id, sale_id, line_index, quantity, live)
            """)
    }

    private struct Line {
        let request: RecordID
        let sale: RecordID
        let index: Int32
        let quantity: Int32
        let isLive: Bool
    }

    private func storeWithdrawals() throws {
        guard !outcome.withdrawn.isEmpty else { return }
        try session.execute(
            """
            UPDATE refund_request SET state = 'withdrawn', decided_at = \(received)
            WHERE request_id = ANY (\(outcome.withdrawn)) AND state IN ('pending', 'waiting')
            """)
        try session.execute(
            "UPDATE refund_line SET live = false WHERE request_id = ANY (\(outcome.withdrawn))")
    }

    private func storeReserved() throws {
        let rows = outcome.reserved.filter { $0.value != .zero }
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            UPDATE sale SET refund_reserved = sale.refund_reserved + row.amount
            FROM unnest(\(rows.map(\.key)), \(rows.map(\.value))) AS row (sale_id, amount)
            WHERE sale.sale_id = row.sale_id
            """)
    }

    private func storeExceptions() throws {
        let rows = outcome.exceptions
        guard !rows.isEmpty else { return }
        let forged = rows.filter { $0.code == .codeWithoutPayment }.compactMap(\.id)
        if !forged.isEmpty {
            try ConfirmationKeys.distrust(till, sales: forged, at: received, in: session)
        }
        try session.execute(
            """
            INSERT INTO exception
                (till_id, epoch, seq, record_id, store_id, code, amount, bearer, opened_at,
                 sale_id, disputed)
            SELECT \(till.tillID), \(Int32(till.epoch)), seq, record_id, \(till.storeID), code,
                   amount, bearer, \(received), sale_id, disputed
            FROM unnest(\(rows.map(\.sequence)), \(rows.map(\.id)), \(rows.map(\.code.code)),
                        \(rows.map(\.amount)), \(rows.map(\.bearer)), \(rows.map(\.saleID)),
                        \(rows.map(\.disputed)))
                 AS row (seq, record_id, code, amount, bearer, sale_id, disputed)
            """)
    }

    private func storePending() throws {
        guard !outcome.pending.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO pending_credential (record_id, sealed, stored_at)
            SELECT record_id, sealed, \(received)
            FROM unnest(\(outcome.pending.map(\.id)), \(outcome.pending.map(\.sealed)))
                 AS row (record_id, sealed)
            ON CONFLICT (record_id) DO NOTHING
            """)
    }

    private func storeQuarantined() throws {
        let rows = outcome.quarantined
        guard !rows.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO quarantined_record (till_id, epoch, seq, sealed, stored_at)
            SELECT \(till.tillID), \(Int32(till.epoch)), seq, sealed, \(received)
            FROM unnest(\(rows.map(\.sequence)), \(rows.map(\.sealed))) AS row (seq, sealed)
            """)
    }

    private func storeCredentials() throws {
        try CredentialVerdicts.store(session, outcome.credentials, at: received)
    }

    private static func json(_ value: JSONValue) -> PostgresJSON {
        PostgresJSON(String(decoding: value.canonicalBytes, as: UTF8.self))
    }

    private static func text(_ flags: Set<BusinessTime.Flag>) -> String {
        flags.map(\.rawValue).sorted().joined(separator: ",")
    }
}
