// From a figure of a report to the transfers that make it: the same words, months and accounts, one cell at a time.

import Domain

/// The transfers behind a figure, and how they make it.
struct ReportTrail: Sendable, Equatable {
    let filter: TransferFilter
    let figure: Figure

    /// How transfers become a figure.
    enum Figure: Sendable, Equatable {
        /// How many sales, requests, loads or decisions stand behind them.
        case count
        /// Their amounts, less those of some kinds.
        case amount(less: Set<TransferKind> = [])
        /// What came into the accounts looked at, less what went out.
        case net
        /// What went out of them, less what came in.
        case netOut
    }

    /// The figure in fen, or the count.
    func value(of sums: Transfers.Sums) -> Int64 {
        switch figure {
        case .count: sums.sourceCount
        case .amount(let less):
            sums.kinds.reduce(0) {
                $0 + (less.contains($1.kind) ? -$1.amount.fen : $1.amount.fen)
            }
        case .net: sums.kinds.reduce(0) { $0 + $1.net.fen }
        case .netOut: sums.kinds.reduce(0) { $0 - $1.net.fen }
        }
    }

    /// The trail of a cell, nil where its figure is not a sum of this month's transfers: opening and closing balances,
    /// shares, names, and the cells of reports that have no sums.
    ///
    /// - Shape: `row` holds a report's cells as it writes them; a row of totals trails to all of them.
    init?(
        _ report: MonthReport, column key: String, row: [String], month: TradingMonth,
        position: Int64?
    ) {
        let cells = Dictionary(
            zip(report.columns.map(\.key), row), uniquingKeysWith: { first, _ in first })
        let base = TransferFilter(month: month, position: position)
        let trail: (TransferFilter, Figure)? =
            switch report {
            case .monthlySales: Self.sales(key, cells, base)
            case .provinceClearing: Self.clearing(key, cells, base)
            case .cardLiability: Self.liability(key, cells, base)
            case .storeSettlement: Self.settlement(key, cells, base)
            case .trialBalance: Self.balance(key, cells, base)
            case .exceptions, .ledgerDetail: nil
            }
        guard let trail else { return nil }
        (filter, figure) = trail
    }

    private static let sold: Set<TransferKind> = [.sale, .shortfall]
    private static let takenBack: Set<TransferKind> = [.refund, .shortfallUndone]
    private static let total = "合计"

    private static func sales(
        _ key: String, _ cells: [String: String], _ base: TransferFilter
    ) -> (TransferFilter, Figure)? {
        var filter = base
        if cells["storeCode"] != total {
            filter.store = cells["storeCode"] ?? ""
            filter.day = BusinessDate.parse(cells["day"] ?? "")
        }
        filter.kinds = sold
        switch key {
        case "saleCount": return (filter, .count)
        case "gross": return (filter, .amount())
        case "disputed": filter.kinds = [.shortfall]
        case "refunds": filter.kinds = takenBack
        case "net":
            filter.kinds = sold.union(takenBack)
            return (filter, .amount(less: takenBack))
        case "offlineCount", "offlineAmount": filter.isStandIn = true
        case "lateCount", "lateAmount": filter.isLate = true
        default: return nil
        }
        return (filter, key.hasSuffix("Count") ? .count : .amount())
    }

    private static func clearing(
        _ key: String, _ cells: [String: String], _ base: TransferFilter
    ) -> (TransferFilter, Figure)? {
        var filter = base
        if cells["programme"] != total {
            filter.province = cells["storeProvince"] ?? ""
            let isUnknown = cells["issuingProvince"]?.isEmpty != false
            filter.programme =
                isUnknown ? TransferFilter.noProgramme : cells["programme"] ?? ""
        }
        filter.kinds = sold
        switch key {
        case "saleCount": return (filter, .count)
        case "gross": return (filter, .amount())
        case "refunds":
            filter.kinds = takenBack
            return (filter, .amount())
        case "net":
            filter.kinds = sold.union(takenBack)
            return (filter, .amount(less: takenBack))
        default: return nil
        }
    }

    private static func liability(
        _ key: String, _ cells: [String: String], _ base: TransferFilter
    ) -> (TransferFilter, Figure)? {
        var filter = base
        let programme = cells["programme"] ?? ""
        filter.account = TransferFilter.AccountChoice(
            kind: .card, owner: programme == total ? "" : programme, side: nil)
        switch key {
        case "issued", "loaded":
            filter.kinds = [.load]
            filter.load = key == "issued" ? .first : .later
            return (filter, .net)
        case "spent":
            filter.kinds = [.sale, .collection]
            return (filter, .netOut)
        case "refunded":
            filter.kinds = [.refund]
            return (filter, .net)
        case "adjusted":
            filter.kinds = Set(TransferKind.allCases)
                .subtracting([.load, .sale, .collection, .refund])
            return (filter, .net)
        default: return nil
        }
    }

    private static func settlement(
        _ key: String, _ cells: [String: String], _ base: TransferFilter
    ) -> (TransferFilter, Figure)? {
        var filter = base
        let store = cells["storeCode"] ?? ""
        filter.account = TransferFilter.AccountChoice(
            kind: .storePayable, owner: store == total ? "" : store, side: nil)
        let named: Set<TransferKind> = [.sale, .refund, .fee, .feeReturned, .settlement]
        let all = Set(TransferKind.allCases)
        let choice: (Set<TransferKind>, Figure)? =
            switch key {
            case "gross": ([.sale], .net)
            case "refunds": ([.refund], .netOut)
            case "fees": ([.fee], .netOut)
            case "feesReturned": ([.feeReturned], .net)
            case "decided": (all.subtracting(named), .net)
            case "net": (all.subtracting([.settlement]), .net)
            case "paid": ([.settlement], .netOut)
            default: nil
            }
        guard let choice else { return nil }
        filter.kinds = choice.0
        return (filter, choice.1)
    }

    private static func balance(
        _ key: String, _ cells: [String: String], _ base: TransferFilter
    ) -> (TransferFilter, Figure)? {
        guard let book = LedgerBook(rawValue: cells["book"] ?? ""), key == "in" || key == "out"
        else { return nil }
        var filter = base
        filter.book = book
        // Over all accounts of a book what comes in is what goes out.
        if cells["kind"] == total { return (filter, .amount()) }
        guard let kind = AccountKind(rawValue: cells["kind"] ?? "") else { return nil }
        filter.account = TransferFilter.AccountChoice(
            kind: kind, owner: cells["owner"] ?? "", side: key == "in" ? .moneyIn : .moneyOut)
        return (filter, .amount())
    }
}
