import WebSupport

/// A row of links over the pages of one section, the present page's marked.
struct SectionTab {
    let href: String
    let label: String
    let isCurrent: Bool

    /// The links of a section: addresses and the keys of their words.
    static func row(
        _ pages: [(href: String, key: String)], current: String, text: PageText
    ) -> [SectionTab] {
        pages.map { href, key in
            SectionTab(href: href, label: text.words(key), isCurrent: href == current)
        }
    }

    /// The pages about cards.
    static func cards(_ current: String, text: PageText) -> [SectionTab] {
        row(
            [
                ("/cards", "nav.cards"), ("/card-requests", "cardRequests.title"),
                ("/batches", "nav.batches"), ("/mailers", "mailers.title"),
                ("/loads", "nav.loads"), ("/load-files", "loadFiles.title"),
            ], current: current, text: text)
    }
}
