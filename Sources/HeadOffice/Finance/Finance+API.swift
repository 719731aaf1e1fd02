import Domain
import Journal
import WebSupport

extension Finance.Balance: APIObject {
    static let shape = Shape<Finance.Balance>(
        "Balance",
        [
            Member("book", \.book), Member("kind", \.kind), Member("accounts", \.accountCount),
            Member("balance", \.balance),
        ])
}

/// A month's figures with every account's balance.
private struct MonthFigures: APIObject {
    let figures: Finance.Month
    let balances: [Finance.Balance]

    static let shape = Shape<MonthFigures>(
        "MonthFigures",
        [
            Member("month", \.figures.month), Member("state", \.figures.status.rawValue),
            Member("sales", \.figures.saleCount), Member("gross", \.figures.gross),
            Member("refunds", \.figures.refunds), Member("net", \.figures.net),
            Member("balances", \.balances),
        ])
}

extension Finance.PastExport: APIObject {
    static let shape = Shape<Finance.PastExport>(
        "PastExport",
        [
            Member("at", \.at), Member("actor", \.actor), Member("subject", \.subject),
            Member("sha256", \.sha256), Member("rows", \.rowCount),
            Member("ledgerPosition", \.ledgerPosition),
        ])
}

/// A report as cells, the first 200 rows of it.
private struct ReportShown: APIObject {
    let report: MonthReport
    let month: TradingMonth
    let shown: Finance.Shown

    static let shape = Shape<ReportShown>(
        "Report",
        [
            Member("report", \.report.rawValue), Member("month", \.month),
            Member("closing", \.shown.source.closing?.number), Member("columns", \.columns),
            Member("rows", \.shown.rows), Member("totals", \.shown.totals),
            Member("cut", \.shown.isCut),
        ])

    private var columns: [String] { report.columns.map(\.key) }
}

extension ExportFinding: APIObject {
    static let shape = Shape<ExportFinding>(
        "ExportFinding",
        [
            Member("state", \.state.rawValue), Member("report", \.export?.report),
            Member("month", \.export?.month), Member("file", \.export?.file),
            Member("asOf", \.export?.asOf), Member("lateRows", \.lateCount),
        ])
}

extension FeeRates.Rate: APIObject {
    static let shape = Shape<FeeRates.Rate>(
        "FeeRate",
        [
            Member("store", \.storeCode), Member("storeName", \.storeName),
            Member("from", \.from), Member("feePerMillion", \.perMillion),
            Member("setBy", \.setBy), Member("setAt", \.setAt),
        ])
}

extension Finance {
    static let readers = Endpoint.Access.of(.finance, .auditor)
    private static let report = Field<MonthReport>.choice("report")
    private static let format = Field<ReportFormat>.choice("format").or(.csv)
    private static let closing = Field.number("closing", 1...10_000, example: 1).optional
    private static let sha256 = Field.digits(
        "sha256", count: 64, hex: true, example: String(repeating: "0", count: 64))
    private static let fee = Field.number(
        "feePerMillion", 0...FeeRates.perMillionMax, example: 6_000)
    private static let from = Field.date("from")

    static let endpoints: [Endpoint] = [
        .get(
            "/months/{month}", "A month's figures and every account's balance.", readers,
            [Fields.month]
        ) { call in
            MonthFigures(
                figures: try await call.desk.finance.month(call[Fields.month], by: call.actor),
                balances: try await call.desk.finance.trialBalance(by: call.actor))
        },
        .get(
            "/months/{month}/reports/{report}",
            "A report; of a closed month its frozen figures, or those of an earlier `closing`.",
            readers, [Fields.month, report, closing]
        ) { call in
            let (name, month) = (try call[report], try call[Fields.month])
            return ReportShown(
                report: name, month: month,
                shown: try await call.desk.finance.show(
                    name, month, closing: call[closing], by: call.actor))
        },
        .download(
            "/months/{month}/reports/{report}/file",
            "A report as a file, with its SHA-256 and ledger position in the head; audited.",
            readers, [Fields.month, report, format, closing],
            types: [
                "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/pdf", "text/plain",
            ]
        ) { call in
            let (name, chosen) = (try call[report], try call[format])
            guard MonthExport.reports(chosen).contains(name) else {
                throw FinanceRefusal.formatUnknown
            }
            return try await FinancePages.file(
                of: name, month: call[Fields.month], format: chosen, closing: call[closing],
                by: call.actor, call.desk)
        },
        .get("/exports", "The newest exports.", readers) { call in
            Page(try await call.desk.finance.pastExports(by: call.actor))
        },
        .get(
            "/exports/{sha256}", "Whether an exported file still holds what is true.", readers,
            [sha256]
        ) { call in
            try await call.desk.exports.verify(sha256: call[sha256], by: call.actor)
        },
        .get(
            "/fee-rates", "Every store's rates.", .of(.finance, .auditor, .storeAdministrator)
        ) { call in
            Page(try await call.desk.feeRates.list(by: call.actor))
        },
        .put(
            "/stores/{store}/fee-rate", "Sets a rate from a day that has not begun.",
            .of(.finance, .storeAdministrator), [Fields.store, fee, from]
        ) { call in
            try await call.desk.feeRates.set(
                call[fee], store: call[Fields.store], from: call[from], by: call.actor,
                at: call.now)
        },
    ]
}
