import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import WebSupport

@Suite struct PageTests {
    struct OrderView {
        struct Line {
            let name: String
            let note: String?
            let count: Int
        }
        let number: String
        let note: String?
        let lines: [Line]
        let isOpen: Bool
    }

    // A context as a route gets it.
    private func context() async throws -> WebContext {
        let seen = Mutex<WebContext?>(nil)
        let router = Router(context: WebContext.self)
        router.get("/") { _, context in
            seen.withLock { $0 = context }
            return ""
        }
        try await Application(router: router).test(.router) { client in
            _ = try await client.execute(uri: "/", method: .get)
        }
        return try #require(seen.withLock { $0 })
    }

    private func render(
        _ template: String
    ) async throws -> String {
        let folder = try TemporaryFolder(
            templates: ["page": template])
        defer { folder.remove() }
        let view = OrderView(
            number: "<7>", note: nil,
            lines: [.init(name: "a", note: nil, count: 1), .init(name: "b", note: "n", count: 2)],
            isOpen: true)
        return try Pages(folders: [folder.path])
            .render("page", view, context: try await context())
    }

    @Test func `the shared templates, words and assets fit together`() throws {
        let pages = try Pages(folders: [])
        #expect(pages.lint() == [])
        let keys =
            RequestRefusal.examples.map(\.wordKey) + StaffPasswordRefusal.allCases.map(\.wordKey)
        #expect(pages.languages.missingKeys(among: keys) == [])
    }

    @Test func `plain structs are shown escaped, and absent values as nothing`() async throws {
        #expect(try await render("{{number}}|{{note}}|") == "&lt;7&gt;||")
        let lines =
            "{{#lines}}{{name}}{{count}}{{#note}}[{{.}}]{{/note}}{{^note}}-{{/note}};{{/lines}}"
        #expect(try await render(lines) == "a1-;b2[n];")
        #expect(try await render("{{#isOpen}}yes{{/isOpen}}{{^lines}}none{{/lines}}") == "yes")
    }

    @Test func `an absent value in a line does not show the outer value of that name`() async throws
    {
        #expect(
            try await render("{{#lines}}({{note}}{{number}}){{/lines}}")
                == "(&lt;7&gt;)(n&lt;7&gt;)")
    }

    @Test(arguments: [
        ("{{total}}", "total"), ("{{#lines}}{{price}}{{/lines}}", "price"),
        ("{{t.nothing}}", "t.nothing"), ("{{asset.nothing.css}}", "asset.nothing.css"),
        ("{{#missing}}x{{/missing}}", "missing"),
    ])
    func `a name that is not there is an error`(template: String, name: String) async throws {
        let error = await #expect(throws: PageError.self) { try await render(template) }
        #expect(error?.missing == [name])
    }

    @Test func `a template that is not there is an error`() async throws {
        let pages = try Pages(folders: [])
        let context = try await context()
        #expect(throws: PageError.self) { try pages.render("nothing", "", context: context) }
    }

    @Test func `the frame shows the entries that the person's roles allow`() async throws {
        let pages = try Pages(
            folders: [],
            navigation: [
                .init(path: "/", wordKey: "common.search"),
                .init(path: "/a", wordKey: "common.add", roles: ["manager"]),
                .init(path: "/a/b", wordKey: "common.print", roles: ["cashier"]),
            ], helpline: { $0 == .en ? "Call 400" : "客服 400" })
        var context = try await context()
        context.path = "/a/b/c"
        context.language = .en
        context.session = .begin(
            token: .random(),
            person: .init(account: "wang", name: "<王>", roles: ["cashier"]), language: nil,
            limits: .init(idle: .seconds(1), absolute: .seconds(1)),
            at: WebTime(milliseconds: 0))
        struct View {
            let status = 404, heading = "h", message = "m", code = "c", isSignInNeeded = false
            let back: String? = nil
        }
        let html = try pages.render("error", View(), context: context)
        #expect(html.contains("<a href=\"/\">Search</a>"))
        #expect(!html.contains("Add"))
        #expect(
            html.contains("<a href=\"/a/b\" class=\"is-current\" aria-current=\"page\">Print</a>"))
        #expect(html.contains("&lt;王&gt;"))
        #expect(html.contains("Call 400"))
    }

    @Test func `the lint names what is wrong with templates and words`() throws {
        let folder = try TemporaryFolder(
            templates: [
                "bad": """
                {{> gone}}{{{raw}}}{{& raw}}{{t.gone}}{{t.count}}{{asset.gone.js}}
                <p style="x"><script>x</script><form method="post"></form>
                """,
                "good": "{{{slipHTML}}}<form method=\"post\">{{> csrf}}</form>{{t.fine}}",
            ],
            words: [
                "zh-Hans": ["fine": "好", "count": "{n} 个", "only": "仅", "differs": "{a}"],
                "en": ["fine": "fine", "count": "{n}", "differs": "{b}"],
            ])
        defer { folder.remove() }
        let problems = try Pages(folders: [folder.path]).lint()
        for expected in [
            "only: no text in en", "differs: placeholders differ between languages",
            "bad: no template gone", "bad: unescaped raw", "bad: no word gone",
            "bad: word count has placeholders", "bad: no asset gone.js",
            "bad:  style= in the page", "bad: script in the page",
            "bad: form without {{> csrf}}",
        ] {
            #expect(problems.contains(expected))
        }
        #expect(problems.count == 11)
    }

    @Test func `words are filled once and a shared word cannot be redefined`() throws {
        let folder = try TemporaryFolder(
            words: ["zh-Hans": ["x": "{a}-{b}-{c}"], "en": ["x": "{a}"]])
        defer { folder.remove() }
        let words = try Languages(folders: [folder.path + "/Languages"]).words(.zhHans)
        #expect(words("x", ["a": "{b}", "b": "2"]) == "{b}-2-{c}")
        #expect(words("y") == "⟦y⟧")
        let clash = try TemporaryFolder(words: ["zh-Hans": ["site.brand": "x"], "en": [:]])
        defer { clash.remove() }
        #expect(throws: ResourceError.self) { try Pages(folders: [clash.path]) }
    }

    @Test(
        arguments: [
            ("en", nil, nil, Language.en), (nil, "en", "zh", .en),
            (nil, nil, "zh-CN,en;q=0.8", .zhHans),
            (nil, nil, "en-GB,zh;q=0.5", .en), (nil, nil, "fr", .zhHans),
            (nil, "xx", "en;q=0", .zhHans),
            (nil, nil, "zh;q=0.2, en;q=0.25", .en), (nil, nil, ";;;,q=", .zhHans),
        ] as [(String?, String?, String?, Language)])
    func `the language follows session, cookie and browser`(
        session: String?, cookie: String?, header: String?, expected: Language
    ) {
        let session = session.flatMap(Language.init(rawValue:))
        #expect(
            Language.negotiate(session: session, cookie: cookie, acceptLanguage: header)
                == expected)
    }
}
