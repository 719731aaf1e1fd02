/// An entry of the bar at the top of each page.
public struct NavigationItem: Sendable {
    /// Path of the page, such as `/orders`; pages below it count as inside.
    public let path: String
    /// Key of the word.
    public let wordKey: String
    /// Who sees it: anyone signed in when empty.
    public let roles: [String]
    /// Paths of other pages, with those below them, that are found under it by whoever sees no entry of their own.
    public let pages: [String]

    /// An entry for the page at `path`.
    public init(path: String, wordKey: String, roles: [String] = [], pages: [String] = []) {
        self.path = path
        self.wordKey = wordKey
        self.roles = roles
        self.pages = pages
    }

    /// The entry to which a page belongs: the one with the longest path above it, else the last that names it.
    static func current(of items: [NavigationItem], at page: String) -> NavigationItem? {
        items.filter { isAt(page, orBelow: $0.path) }
            .max { $0.path.utf8.count < $1.path.utf8.count }
            ?? items.last { $0.pages.contains { isAt(page, orBelow: $0) } }
    }

    static func isAt(_ page: String, orBelow path: String) -> Bool {
        page == path || path != "/" && page.hasPrefix(path + "/")
    }

    func isVisible(to session: Session?) -> Bool {
        guard let session else { return false }
        return roles.isEmpty || session.roles.contains(where: roles.contains)
    }
}

/// Where a list stands and how to move on: the context of the partial `pager`.
public struct PagerView: Sendable {
    /// Text such as "第 3 页".
    public let position: String
    /// Address of the page before, if there is one.
    public let previous: String?
    /// Address of the page after, if there is one.
    public let next: String?

    /// A pager for a list.
    public init(position: String, previous: String?, next: String?) {
        self.position = position
        self.previous = previous
        self.next = next
    }
}

/// A list with nothing in it: the context of the partial `empty`.
public struct EmptyView: Sendable {
    /// What is not there.
    public let heading: String
    /// What to do about it.
    public let advice: String

    /// An empty list's words.
    public init(heading: String, advice: String) {
        self.heading = heading
        self.advice = advice
    }
}
