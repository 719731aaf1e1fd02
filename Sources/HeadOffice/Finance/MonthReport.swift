// The reports of an accounting month (PRODUCT §6). Each is one query whose cells are text in a fixed form, so that the
// screen, the files, what a closing freezes and what a verification compares are the same cells.

public import Domain
import PostgresDriver

/// A report of one accounting month.
public enum MonthReport: String, Sendable, CaseIterable {
    /// Store × day.
    case monthlySales = "monthly-sales"
    /// Issuing programme × province of the store.
    case provinceClearing = "province-clearing"
    /// Card money of each programme, from opening to closing.
    case cardLiability = "card-liability"
    /// What each store was owed, paid and is owed still.
    case storeSettlement = "store-settlement"
    /// Records in question.
    case exceptions = "exceptions"
    /// Every transfer.
    case ledgerDetail = "ledger-detail"
    /// Every account; cards by programme.
    case trialBalance = "trial-balance"

    /// The file of a month: `monthly-sales-2026-10.csv`.
    public func fileName(_ month: TradingMonth, _ format: ReportFormat = .csv) -> String {
        "\(rawValue)-\(month).\(format.fileExtension)"
    }

    /// The formats that its rows are written in.
    var formats: [ReportFormat] {
        ReportFormat.allCases.filter { MonthExport.reports($0).contains(self) }
    }

    /// A cell's count, or its fen, because yuan with two decimals are fen without their point; nil for words.
    static func number(_ cell: String) -> Int64? { Int64(cell.replacing(".", with: "")) }

    /// Whether a closing keeps the cells; the detail is kept by the ledger itself.
    var isFrozen: Bool { self != .ledgerDetail }

    /// What the cells of a column hold, and how they are written.
    enum CellKind: Sendable {
        /// Words of this program.
        case text
        /// Words that people typed.
        case typed
        /// Digits and letters that must stay as they are.
        case identifier
        /// Yuan with two decimals.
        case money
        /// A whole number.
        case count
        /// `2026-10-31`.
        case date
        /// `2026-10-31 23:59:59`.
        case moment
        /// `12.50%`.
        case percent

        /// Whether it is a number to add up.
        var isNumber: Bool { self == .money || self == .count }
    }

    /// A column.
    struct Column: Sendable {
        let key: String
        let heading: String
        let kind: CellKind

        init(_ key: String, _ heading: String, _ kind: CellKind) {
            self.key = key
            self.heading = heading
            self.kind = kind
        }
    }

    /// The columns, first to last.
    var columns: [Column] {
        switch self {
        case .monthlySales: Self.salesColumns
        case .provinceClearing: Self.clearingColumns
        case .cardLiability: Self.liabilityColumns
        case .storeSettlement: Self.settlementColumns
        case .exceptions: Self.exceptionColumns
        case .ledgerDetail: Self.detailColumns
        case .trialBalance: Self.balanceColumns
        }
    }

    /// Lines of totals at the end.
    var totalLineCount: Int {
        switch self {
        case .ledgerDetail, .trialBalance: 2
        default: 1
        }
    }

    /// The cells of a month as text, totals last; without a name for its columns. What stands in transfers is read up to a
    /// ledger position; what is rolled up is as the snapshot has it, so the position must be the snapshot's
    /// (`ReportSource.settled`) where both go into one file.
    ///
    /// - Source: R-L5: a month is what is booked in it, not when it happened.
    func cells(_ month: TradingMonth, upTo position: Int64) -> SQL {
        switch self {
        case .monthlySales: Self.salesRows(month)
        case .provinceClearing: Self.clearingRows(month)
        case .cardLiability: Self.liabilityRows(month)
        case .storeSettlement: Self.settlementRows(month)
        case .exceptions: Self.exceptionRows(month)
        case .ledgerDetail: Self.detailRows(month, position)
        case .trialBalance: Self.balanceRows(month)
        }
    }

    /// The same cells without the totals, and the totals' alone, where reports are too long to be read whole for them.
    func parts(_ month: TradingMonth, upTo position: Int64) -> (lines: SQL, totals: SQL)? {
        switch self {
        case .monthlySales: (Self.salesLineRows(month), Self.salesTotalRows(month))
        case .ledgerDetail:
            (Self.detailLineRows(month, position), Self.detailTotalRows(month, position))
        default: nil
        }
    }

    private static let salesColumns = [
        Column("storeCode", "门店编码", .text), Column("storeName", "门店名称", .typed),
        Column("province", "省份", .text), Column("day", "业务日期", .date),
        Column("saleCount", "笔数", .count), Column("gross", "销售额", .money),
        Column("disputed", "其中争议", .money), Column("refunds", "退款", .money),
        Column("net", "净额", .money), Column("offlineCount", "脱机笔数", .count),
        Column("offlineAmount", "脱机金额", .money), Column("offlineShare", "脱机占比", .percent),
        Column("lateCount", "迟到笔数", .count), Column("lateAmount", "迟到金额", .money),
    ]

    private static let clearingColumns = [
        Column("programme", "发卡项目", .text), Column("programmeName", "项目名称", .typed),
        Column("issuingProvince", "发卡省份", .text), Column("storeProvince", "门店省份", .text),
        Column("saleCount", "笔数", .count), Column("gross", "销售额", .money),
        Column("refunds", "退款", .money), Column("net", "净额", .money),
    ]

    private static let liabilityColumns = [
        Column("programme", "发卡项目", .text), Column("programmeName", "项目名称", .typed),
        Column("opening", "期初余额", .money), Column("issued", "发卡", .money),
        Column("loaded", "充值", .money), Column("spent", "消费", .money),
        Column("refunded", "退款", .money), Column("adjusted", "调整", .money),
        Column("closing", "期末余额", .money),
    ]

    private static let settlementColumns = [
        Column("storeCode", "门店编码", .text), Column("storeName", "门店名称", .typed),
        Column("bankAccount", "收款账号", .identifier), Column("opening", "期初应付", .money),
        Column("gross", "销售额", .money), Column("refunds", "退款", .money),
        Column("fees", "手续费", .money), Column("feesReturned", "退回手续费", .money),
        Column("decided", "异常裁定", .money), Column("net", "本期净额", .money),
        Column("paid", "已付款", .money), Column("closing", "期末应付", .money),
        Column("disputed", "期末争议", .money),
    ]

    private static let exceptionColumns = [
        Column("number", "异常编号", .count), Column("code", "异常", .text),
        Column("storeCode", "门店编码", .text), Column("storeName", "门店名称", .typed),
        Column("receipt", "订单号", .text), Column("day", "业务日期", .date),
        Column("opened", "发现时间", .moment), Column("amount", "金额", .money),
        Column("bearer", "承担方", .text), Column("state", "状态", .text),
    ]

    private static let detailColumns = [
        Column("number", "分录号", .count), Column("book", "账簿", .text),
        Column("kind", "类型", .text), Column("payerKind", "付方科目", .text),
        Column("payer", "付方", .text), Column("payeeKind", "收方科目", .text),
        Column("payee", "收方", .text), Column("amount", "金额", .money),
        Column("day", "业务日期", .date), Column("happened", "业务时间", .moment),
        Column("posted", "入账时间", .moment), Column("month", "账期", .text),
        Column("source", "来源编号", .text), Column("storeCode", "门店编码", .text),
        Column("card", "卡号", .text), Column("late", "迟到", .text),
    ]

    private static let balanceColumns = [
        Column("book", "账簿", .text), Column("kind", "科目", .text),
        Column("owner", "户", .text), Column("accountCount", "账户数", .count),
        Column("opening", "期初余额", .money), Column("in", "本期转入", .money),
        Column("out", "本期转出", .money), Column("closing", "期末余额", .money),
    ]
}

/// How a report is written.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// UTF-8 with byte order mark, CR LF, safe for spreadsheets.
    case csv
    /// Numbers as numbers, identifiers as text.
    case xlsx
    /// The stores' statements, one page a store.
    case pdf
    /// The month's ledger as a journal that `hledger check` accepts.
    case hledger
    /// The month's summary voucher for an accounting package, in the columns of its template.
    case voucher
    /// The province clearing, province by province, as CSV.
    case matrix

    /// Of its files.
    public var fileExtension: String {
        switch self {
        case .csv, .matrix, .voucher: "csv"
        case .hledger: "journal"
        case .xlsx, .pdf: rawValue
        }
    }

    /// As the register of exports has it: a matrix is CSV.
    var registered: String { self == .matrix ? ReportFormat.csv.rawValue : rawValue }

    /// Of its answers.
    var contentType: String {
        switch self {
        case .csv, .matrix: "text/csv; charset=utf-8"
        // In the encoding of its template.
        case .voucher: "text/csv"
        case .xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        case .pdf: "application/pdf"
        case .hledger: "text/plain; charset=utf-8"
        }
    }
}
