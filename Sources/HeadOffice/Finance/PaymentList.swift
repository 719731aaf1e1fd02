import Crypto
import Domain
import Foundation
import PostgresDriver
import WebSupport

/// The file that tells the bank whom to pay.
///
/// - Shape: UTF-8 with byte order mark, CR LF; every field but the amount in quotes and as it is, because a machine reads
///   it: no apostrophes against spreadsheets. The account's digits are for the XLSX or the bank, not for double-click.
/// - Refuses: `.unknownRun` unless the run was agreed to: a list must not be paid before.
struct PaymentList: Sendable {
    let fileName: String
    let text: String
    let rowCount: Int

    init(run: Settlements.Run, lines: [Settlements.Line]) throws {
        guard run.state == "approved" else { throw SettlementRefusal.unknownRun }
        let paid = lines.filter { $0.due.paid > .zero }
        fileName = "settlement-\(run.number)-payments.csv"
        rowCount = paid.count
        let heading = ["付款编号", "门店编码", "收款户名", "收款账号", "金额", "币种", "摘要"]
        let rows = paid.map { line in
            [
                line.paymentID.description, line.due.storeCode, line.due.storeName,
                line.due.bankAccount,
            ].map(Self.quoted)
                + [line.due.paid.description, "\"CNY\"", Self.quoted("慧医卡结算第\(run.number)期")]
        }
        text =
            "\u{FEFF}"
            + ([heading.map(Self.quoted)] + rows)
            .map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    /// Hex.
    var sha256: String { SHA256.hash(data: Data(text.utf8)).hexText }

    private static func quoted(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }).csvQuoted
    }
}

extension Settlements {
    /// Leaves the trace of a payment list in the audit.
    func noteExport(
        of run: Run, _ list: PaymentList, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.finance, .auditor)
        try await store.write { session in
            try session.audit(
                actor, "settlement.export", run.runID.description,
                ["sha256": list.sha256, "rowCount": String(list.rowCount)], at: now)
        }
    }
}
