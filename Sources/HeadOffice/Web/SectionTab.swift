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

    /// The pages about cards that somebody may open.
    static func cards(
        _ current: String, to actor: StaffActor, text: PageText
    ) -> [SectionTab] {
        let pages = [
            ("/cards", "nav.cards"), ("/card-requests", "cardRequests.title"),
            ("/batches", "nav.batches"), ("/mailers", "mailers.title"),
            ("/loads", "nav.loads"), ("/load-files", "loadFiles.title"),
        ]
        return row(
            pages.filter { $0.0 == current || OfficeWeb.offers($0.0, to: actor) },
            current: current, text: text)
    }
}
