/// Why a report is not made.
public enum FinanceRefusal: String, OfficeRefusal, CaseIterable {
    case monthInvalid = "month_invalid"
    case reportUnknown = "report_unknown"
    case fileNotWritten = "file_not_written"
}
