import WebSupport

extension SectionTab {
    /// The row of links over finance's pages, with one marked as the present page's; that one alone for whoever sees no finance in the top bar.
    static func finance(
        _ current: String, to actor: StaffActor, text: PageText
    ) -> [SectionTab] {
        let pages = [
            ("/finance", "finance.tab.month"), ("/finance/closing", "finance.tab.closing"),
            ("/finance/settlements", "finance.tab.settlements"),
            ("/finance/fees", "finance.tab.fees"), ("/finance/files", "finance.tab.files"),
            ("/finance/verify", "finance.tab.verify"),
        ]
        return row(
            pages.filter { $0.0 == current || OfficeWeb.offers("/finance", to: actor) },
            current: current, text: text)
    }
}
