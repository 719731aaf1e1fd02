/// Why a report is not made.
public enum FinanceRefusal: String, OfficeRefusal, CaseIterable {
    case monthInvalid = "month_invalid"
    case reportUnknown = "report_unknown"
    case formatUnknown = "format_unknown"
    case closingUnknown = "closing_unknown"
    /// The roll-ups that a closing would freeze are not what the accounts hold.
    case ledgerDiffers = "ledger_differs"
    case fileNotWritten = "file_not_written"
    case fileUnreadable = "file_unreadable"
    case pdfNotMade = "pdf_not_made"
    case hashInvalid = "hash_invalid"
    case voucherColumnsInvalid = "voucher_columns_invalid"
    case voucherAccountsInvalid = "voucher_accounts_invalid"
    /// One person has enough files under way.
    case exportsTooMany = "exports_too_many"
    case exportUnknown = "export_unknown"
    /// The id stands for another person's order, or for another file.
    case exportIDTaken = "export_id_taken"
    /// The file is made in the background, not while a browser waits.
    case exportTooLong = "export_too_long"
    /// Somebody gave it up, or the program stops.
    case exportStopped = "export_stopped"
    /// The file is not there: not made yet, or kept long enough.
    case exportNotReady = "export_not_ready"
}
