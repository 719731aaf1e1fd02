import WebSupport

/// The row of links over finance's pages.
typealias FinanceTab = SectionTab

extension SectionTab {
    /// The links, with one marked as the present page's.
    static func row(_ current: String, text: PageText) -> [SectionTab] {
        row(
            [
                ("/finance", "finance.tab.month"), ("/finance/closing", "finance.tab.closing"),
                ("/finance/settlements", "finance.tab.settlements"),
                ("/finance/fees", "finance.tab.fees"), ("/finance/files", "finance.tab.files"),
                ("/finance/verify", "finance.tab.verify"),
            ], current: current, text: text)
    }
}
