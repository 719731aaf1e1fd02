import Foundation
public import Hummingbird
import Mustache

/// Pages from Mustache templates, words and assets.
///
/// A page is a Swift struct (the *view*) and a template. Inside a template stand the view's
/// properties, and on every page:
///
/// - `{{t.orders.title}}` a word without placeholders; words with placeholders are filled in Swift
///   with `pages.words(context.language)("orders.count", ["count": "3"])` and put in the view;
/// - `{{asset.till.sale.js}}` the address of `Assets/till/sale.js` with its content hash;
/// - `{{> csrf}}` the hidden field that each `<form method="post">` needs.
///
/// ```mustache
/// {{<layout}}
/// {{$title}}{{t.orders.title}}{{/title}}
/// {{$content}}
/// <h1>{{t.orders.title}}</h1>
/// {{#orders}}<p>{{number}} <span class="money">{{total}}</span></p>{{/orders}}
/// {{^orders}}{{#empty}}{{> empty}}{{/empty}}{{/orders}}
/// {{/content}}
/// {{/layout}}
/// ```
///
/// Views hold text ready to show (money formatted, dates formatted): templates do no arithmetic.
public struct Pages: Sendable {
    /// The words.
    public let languages: Languages
    /// The assets.
    public let assets: Assets
    let sources: [String: String]
    private let library: MustacheLibrary
    private let navigation: [NavigationItem]
    private let siteWordKey: String
    private let accountPages: [String]
    private let helpline: @Sendable (Language) -> String?

    /// Loads `Templates/`, `Languages/` and `Assets/` of each folder, after the shared ones.
    ///
    /// - Parameters:
    ///   - folders: resource folders of the targets, each with the three folders inside.
    ///   - accountPages: everybody's own pages; the first stands behind the name at the top.
    ///   - bootstrapFolder: where Bootstrap 5 is installed, with `css/` and `js/` inside.
    ///   - libraries: single script files from elsewhere, by the name under which pages ask for them.
    ///   - siteWordKey: key of the word beside the brand, such as "site.till".
    ///   - helpline: whom to call, shown on the sign-in and error pages; nil when not yet known.
    /// - Refuses: what cannot be read or is defined twice (`ResourceError`).
    public init(
        folders: [String], navigation: [NavigationItem] = [], siteWordKey: String = "site.name",
        accountPages: [String] = [],
        bootstrapFolder: String = "/usr/share/javascript/bootstrap5",
        libraries: [String: String] = [:],
        helpline: @escaping @Sendable (Language) -> String? = { _ in nil }
    ) throws {
        let all = [Self.sharedFolder] + folders
        languages = try Languages(folders: all.map { $0 + "/Languages" })
        assets = try Assets(
            folders: all.map { $0 + "/Assets" }, bootstrapFolder: bootstrapFolder,
            libraries: libraries)
        var sources: [String: String] = [:]
        for folder in all {
            for (name, text) in try Self.templates(in: folder + "/Templates") {
                guard sources.updateValue(text, forKey: name) == nil else {
                    throw ResourceError(code: .definedTwice, name: name)
                }
            }
        }
        var library = MustacheLibrary()
        for (name, text) in sources {
            do { try library.register(text, named: name) } catch {
                throw ResourceError(code: .malformed, name: "\(name): \(error)")
            }
        }
        self.sources = sources
        self.library = library
        self.navigation = navigation
        self.siteWordKey = siteWordKey
        self.accountPages = accountPages
        self.helpline = helpline
    }

    /// The words of a language.
    public func words(_ language: Language) -> Words { languages.words(language) }

    /// A page.
    ///
    /// - Refuses: a template that does not exist, or asks for a name that neither the view nor
    ///   the page has (`PageError`).
    public func page(
        _ template: String, _ view: Any, context: WebContext,
        status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let html = try render(template, view, context: context)
        var response = Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(string: html)))
        if context.notice != nil { response.setCookie(SessionCookies.remove(Notice.cookieName)) }
        return response
    }

    /// The text of a page or of a part of one.
    ///
    /// - Refuses: as `page`.
    public func render(_ template: String, _ view: Any, context: WebContext) throws -> String {
        let missing = MissingNames()
        var fields = ViewNode.fields(of: pageView(context), missing: missing)
        fields["t"] = WordsNode(words: words(context.language), key: "", missing: missing)
        fields["asset"] = AssetNode(assets: assets, name: "", missing: missing)
        fields.merge(ViewNode.fields(of: view, missing: missing)) { _, own in own }
        let root = ViewNode(fields: fields, renderText: "", missing: missing, isOutermost: true)
        guard let html = library.render(root, withTemplate: template) else {
            throw PageError(template: template, missing: [])
        }
        missing.settle()
        guard missing.names.isEmpty else {
            throw PageError(template: template, missing: missing.names)
        }
        return html
    }

    private func pageView(_ context: WebContext) -> PageView {
        let words = words(context.language)
        let visible = navigation.filter { $0.isVisible(to: context.session) }
        let current = NavigationItem.current(of: visible, at: context.path)
        let items = visible.map {
            PageView.Item(
                href: $0.path, label: words($0.wordKey), isCurrent: $0.path == current?.path)
        }
        let notice = context.notice.flatMap { notice in
            words.text(notice.wordKey).map {
                PageView.Message(kind: notice.kind.rawValue, text: $0)
            }
        }
        return PageView(
            csrf: context.formToken, languageCode: context.language.rawValue,
            otherLanguageCode: context.language == .en ? "zh-Hans" : "en",
            otherLanguageName: context.language == .en ? "中文" : "English",
            siteName: words(siteWordKey), pagePath: context.path,
            person: context.session.map {
                .init(
                    name: $0.personName, account: $0.account, href: accountPages.first,
                    isCurrent: accountPages.contains {
                        NavigationItem.isAt(context.path, orBelow: $0)
                    })
            },
            navigation: items, hasNavigation: !items.isEmpty, notice: notice,
            helpline: helpline(context.language))
    }

    private static var sharedFolder: String { Bundle.module.bundlePath + "/Resources" }

    private static func templates(in folder: String) throws -> [(String, String)] {
        guard let enumerator = FileManager.default.enumerator(atPath: folder) else { return [] }
        var found: [(String, String)] = []
        for case let path as String in enumerator where path.hasSuffix(".mustache") {
            guard let data = FileManager.default.contents(atPath: folder + "/" + path),
                let text = String(data: data, encoding: .utf8)
            else { throw ResourceError(code: .unreadable, name: path) }
            found.append((String(path.dropLast(".mustache".count)), text))
        }
        return found
    }
}

/// What every page has besides its own view.
struct PageView {
    struct Item {
        let href: String
        let label: String
        let isCurrent: Bool
    }
    struct Person {
        let name: String
        let account: String
        let href: String?
        let isCurrent: Bool
    }
    struct Message {
        let kind: String
        let text: String
    }

    let csrf: String
    let languageCode: String
    let otherLanguageCode: String
    let otherLanguageName: String
    let siteName: String
    let pagePath: String
    let person: Person?
    let navigation: [Item]
    let hasNavigation: Bool
    let notice: Message?
    let helpline: String?
}

/// A page that cannot be shown because its template and its view do not fit.
public struct PageError: Error, CustomStringConvertible {
    /// The template.
    public let template: String
    /// Names it asks for that are not there; empty when the template itself does not exist.
    public let missing: [String]

    /// For the log and the tests.
    public var description: String {
        missing.isEmpty ? "no template \(template)" : "template \(template): no \(missing)"
    }
}
