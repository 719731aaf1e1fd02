/// Why a report is not made.
public enum FinanceRefusal: String, OfficeRefusal, CaseIterable {
    case monthInvalid = "month_invalid"
    case reportUnknown = "report_unknown"
    case formatUnknown = "format_unknown"
    case closingUnknown = "closing_unknown"
    case fileNotWritten = "file_not_written"
    case fileUnreadable = "file_unreadable"
    case pdfNotMade = "pdf_not_made"
    case hashInvalid = "hash_invalid"
}
