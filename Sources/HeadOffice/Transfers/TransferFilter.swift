import Domain
import PostgresDriver

/// Which transfers of an accounting month are looked at.
///
/// Shape: every field narrows; empty fields do not. `text` fields are codes as they stand in the reports.
struct TransferFilter: Sendable, Equatable {
    /// The accounting month (R-L5).
    var month: TradingMonth
    /// The highest transfer that counts; nil for all.
    var position: Int64?
    var book: LedgerBook = .real
    /// Empty for every kind.
    var kinds: Set<TransferKind> = []
    var store = ""
    /// Of the store.
    var province = ""
    /// Of the card concerned; `noProgramme` for sales by a card that is not known.
    var programme = ""
    /// The business date.
    var day: BusinessDate?
    /// Only what was sold without asking head office first.
    var isStandIn = false
    /// Only what is booked in another month than its own.
    var isLate = false
    /// Only movements of these accounts.
    var account: AccountChoice?
    /// A card's first money, or what was loaded later.
    var load: LoadChoice?

    /// The mark for a card without a programme.
    static let noProgramme = "-"

    /// All accounts of a kind, or those of one owner.
    struct AccountChoice: Sendable, Equatable {
        var kind: AccountKind
        /// A store's or a programme's code, "" for every owner.
        var owner: String
        /// Which way the money goes, nil for both.
        var side: Side?

        enum Side: String, Sendable {
            case moneyIn = "in"
            case moneyOut = "out"
        }
    }

    enum LoadChoice: String, Sendable {
        case first
        case later
    }

    /// Everything of a month.
    init(month: TradingMonth, position: Int64? = nil) {
        self.month = month
        self.position = position
    }

    /// The accounts looked at, nil for any.
    var accountSet: SQL? {
        guard let account else { return nil }
        var parts: [SQL] = [
            "account.kind = \(account.kind.rawValue)", "account.book = \(book.rawValue)",
        ]
        if !account.owner.isEmpty {
            switch account.kind {
            case .card:
                parts.append(
                    """
                    account.owner_id IN (SELECT card_id FROM card JOIN programme USING (programme_id)
                                         WHERE programme.code = \(account.owner))
                    """)
            case .programmeFunding, .refundSuspense:
                parts.append(
                    """
                    account.owner_id = (SELECT programme_id FROM programme
                                        WHERE code = \(account.owner))
                    """)
            default:
                parts.append(
                    "account.owner_id = (SELECT store_id FROM store WHERE code = \(account.owner))")
            }
        }
        return "SELECT account_id FROM account WHERE \(fragment: parts.joined(separator: " AND "))"
    }

    /// The condition on `transfer`, with `store`, `card`, `programme` and `sale` joined.
    var condition: SQL {
        var parts: [SQL] = [
            "accounting_month = \(month.firstDay)",
            "from_account_id IN (SELECT account_id FROM account WHERE book = \(book.rawValue))",
        ]
        if let position { parts.append("transfer_id <= \(position)") }
        if !kinds.isEmpty {
            parts.append("transfer.kind = ANY (\(kinds.map(\.rawValue).sorted()))")
        }
        if !store.isEmpty { parts.append("store.code = \(store)") }
        if !province.isEmpty { parts.append("store.province = \(province)") }
        if programme == Self.noProgramme {
            parts.append("programme.code IS NULL")
        } else if !programme.isEmpty {
            parts.append("programme.code = \(programme)")
        }
        if let day { parts.append("transfer.business_date = \(day)") }
        if isStandIn { parts.append("sale.mode = 'stand_in'") }
        if isLate {
            parts.append("date_trunc('month', transfer.business_date)::date <> accounting_month")
        }
        if let load {
            parts.append(
                """
                (coalesce((SELECT reason FROM card_load WHERE load_id = source_id), '') = '')
                    = \(load == .first)
                """)
        }
        if let accounts = accountSet, let side = account?.side {
            let column: SQL = side == .moneyIn ? "to_account_id" : "from_account_id"
            parts.append("\(fragment: column) IN (\(fragment: accounts))")
        } else if let accounts = accountSet {
            parts.append(
                """
                (from_account_id IN (\(fragment: accounts)) OR to_account_id IN (\(fragment: accounts)))
                """)
        }
        return parts.joined(separator: " AND ")
    }
}
