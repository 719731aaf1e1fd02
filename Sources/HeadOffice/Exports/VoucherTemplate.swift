import Domain
import Foundation

/// How the month's summary voucher 记账凭证 is written for an accounting package: which columns, which account codes,
/// which encoding.
struct VoucherTemplate: Codable, Sendable, Equatable {
    /// What a column holds.
    enum Field: String, Codable, Sendable, CaseIterable {
        /// The month's last day, `2026-10-31`.
        case date
        /// The voucher's word and number, `记-1`.
        case voucher
        /// The line's number, from 1.
        case line
        /// What it is about.
        case summary
        /// The account's code in the package.
        case accountCode
        /// The account's name in the package.
        case accountName
        /// The store or programme, empty for head office's own.
        case owner
        /// Yuan with two decimals, empty on a credit line.
        case debit
        /// Yuan with two decimals, empty on a debit line.
        case credit
    }

    /// A column, first to last.
    struct Column: Codable, Sendable, Equatable {
        let heading: String
        let field: Field
    }

    /// An account of the package.
    struct PackageAccount: Codable, Sendable, Equatable {
        let code: String
        let name: String
    }

    /// How the file's text is written.
    enum Encoding: String, Codable, Sendable, CaseIterable {
        /// With byte order mark.
        case utf8
        case gb18030
    }

    var columns: [Column]
    /// By account kind.
    var accounts: [String: PackageAccount]
    var encoding: Encoding
    /// In front of the voucher's number, such as 记.
    var word: String

    /// What is used until finance sets another.
    static let standard = VoucherTemplate(
        columns: [
            Column(heading: "凭证日期", field: .date), Column(heading: "凭证字号", field: .voucher),
            Column(heading: "分录号", field: .line), Column(heading: "摘要", field: .summary),
            Column(heading: "科目编码", field: .accountCode),
            Column(heading: "科目名称", field: .accountName),
            Column(heading: "辅助核算", field: .owner), Column(heading: "借方金额", field: .debit),
            Column(heading: "贷方金额", field: .credit),
        ],
        accounts: [
            AccountKind.card.rawValue: PackageAccount(code: "2241.01", name: "其他应付款-卡余额"),
            AccountKind.programmeFunding.rawValue: PackageAccount(
                code: "1221.01", name: "其他应收款-发卡项目"),
            AccountKind.storePayable.rawValue: PackageAccount(code: "2202.01", name: "应付账款-门店"),
            AccountKind.fees.rawValue: PackageAccount(code: "6051.01", name: "其他业务收入-手续费"),
            AccountKind.exceptionsReceivable.rawValue: PackageAccount(
                code: "1221.02", name: "其他应收款-异常"),
            AccountKind.storeInDispute.rawValue: PackageAccount(code: "2202.02", name: "应付账款-争议"),
            AccountKind.writeOffs.rawValue: PackageAccount(code: "6711.01", name: "营业外支出-核销"),
            AccountKind.bank.rawValue: PackageAccount(code: "1002.01", name: "银行存款"),
            AccountKind.refundSuspense.rawValue: PackageAccount(
                code: "2241.02", name: "其他应付款-待退款"),
        ],
        encoding: .utf8, word: "记")

    /// Columns as a person writes them: a line each, `凭证日期 = date`.
    var columnText: String {
        columns.map { "\($0.heading) = \($0.field.rawValue)" }.joined(separator: "\n")
    }

    /// Reads columns as a person writes them.
    ///
    /// - Refuses: `.voucherColumnsInvalid` for a line without `=` or with an unknown field, and what `check` refuses.
    static func columns(_ text: String) throws -> [Column] {
        let columns = try text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            .map { line in
                let parts = line.split(separator: "=", maxSplits: 1)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                guard parts.count == 2, let field = Field(rawValue: parts[1]) else {
                    throw FinanceRefusal.voucherColumnsInvalid
                }
                return Column(heading: parts[0], field: field)
            }
        try check(columns)
        return columns
    }

    /// Most columns of a voucher.
    static let columnCountMax = 30

    private static func check(_ columns: [Column]) throws {
        let headings = columns.map(\.heading)
        let fields = Set(columns.map(\.field))
        guard columns.count <= columnCountMax, headings.allSatisfy(isHeading),
            fields.isSuperset(of: [.debit, .credit, .accountCode])
        else { throw FinanceRefusal.voucherColumnsInvalid }
    }

    /// Whether a heading is read back as it stands in `columnText`.
    private static func isHeading(_ text: String) -> Bool {
        (1...40).contains(text.count) && !text.contains { $0.isNewline || $0 == "=" }
            && text == text.trimmingCharacters(in: .whitespaces)
    }

    /// Refuses what an accounting package could not take in.
    ///
    /// - Refuses, first match wins: `.voucherColumnsInvalid` for more than 30 columns, a heading that is empty, over 40
    ///   characters, between spaces, or with `=` or a line end, and when debit, credit or the account's code is missing;
    ///   `.voucherAccountsInvalid` for an account kind without a code, a code or name over 60 characters or with a line
    ///   end, a voucher's word over 10 characters or with a line end.
    func check() throws {
        try Self.check(columns)
        for kind in AccountKind.allCases {
            guard let account = accounts[kind.rawValue], (1...60).contains(account.code.count),
                account.name.count <= 60,
                !(account.code + account.name).contains(where: \.isNewline)
            else { throw FinanceRefusal.voucherAccountsInvalid }
        }
        guard word.count <= 10, !word.contains(where: \.isNewline) else {
            throw FinanceRefusal.voucherAccountsInvalid
        }
    }
}

/// What the page of a month's voucher shows.
struct Voucher: Sendable {
    /// The first of them when there are more than a screen shows.
    let lines: [VoucherLine]
    /// Of all lines.
    let debits: Money
    let credits: Money
    let isCut: Bool

    var isBalanced: Bool { debits == credits }

    /// From the trial balance: its rows are the lines, its totals the sums.
    init(_ balance: Finance.Shown) {
        lines = balance.rows.flatMap(VoucherLine.lines(ofBalance:))
        isCut = balance.isCut
        let total = balance.totals.first { $0[0] == LedgerBook.real.rawValue } ?? []
        func fen(_ place: Int) -> Money {
            Money(fen: total.indices.contains(place) ? MonthReport.number(total[place]) ?? 0 : 0)
        }
        (debits, credits) = (fen(6), fen(5))
    }
}

/// One line of a voucher.
struct VoucherLine: Sendable, Equatable {
    let kind: AccountKind
    let owner: String
    /// Yuan with two decimals.
    let amount: String
    let isDebit: Bool

    /// The lines of a row of the trial balance: what went out of the accounts is debited, what came in is credited, so
    /// the debits of a month equal its credits. The test book has none.
    ///
    /// - Shape: `cells` as the report writes them.
    /// - Source: R-L1; PRODUCT §6.
    static func lines(ofBalance cells: [String]) -> [VoucherLine] {
        guard cells[0] == LedgerBook.real.rawValue, let kind = AccountKind(rawValue: cells[1])
        else { return [] }
        return [(cells[6], true), (cells[5], false)].filter { $0.0 != "0.00" }.map {
            VoucherLine(kind: kind, owner: cells[2], amount: $0.0, isDebit: $0.1)
        }
    }
}
