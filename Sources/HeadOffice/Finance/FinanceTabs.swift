import WebSupport

/// The row of links over finance's pages.
struct FinanceTab {
    let href: String
    let label: String
    let isCurrent: Bool

    private static let pages = [
        ("/finance", "finance.tab.month"), ("/finance/closing", "finance.tab.closing"),
        ("/finance/settlements", "finance.tab.settlements"),
        ("/finance/fees", "finance.tab.fees"), ("/finance/files", "finance.tab.files"),
        ("/finance/verify", "finance.tab.verify"),
    ]

    /// The links, with one marked as the present page's.
    static func row(_ current: String, text: PageText) -> [FinanceTab] {
        pages.map { href, key in
            FinanceTab(href: href, label: text.words(key), isCurrent: href == current)
        }
    }
}
