import Domain
import Hummingbird
import WebSupport

/// The transfers behind a figure, with the way on to each one's order, exception or card.
struct TransferPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/transfers") { request, context in try await list(request, context) }
    }

    private struct View {
        let tabs: [SectionTab]
        let month: String
        let store: String
        let programme: String
        let day: String
        let kinds: [ChoiceView]
        let kept: [KeptView]
        let scope: [String]
        let hasScope: Bool
        let showsNet: Bool
        let sums: [SumView]
        let sourceCount: String
        let net: String
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
        let pager: PagerView?
    }

    /// A part of the filter that the form has no field for.
    private struct KeptView {
        let name: String
        let value: String
    }

    private struct SumView {
        let kind: String
        let count: String
        let amount: String
        let net: String
    }

    private struct RowView {
        let number: String
        let kind: String
        let payer: String
        let payee: String
        let amount: String
        let day: String
        let happened: String
        let posted: String
        let store: String
        let isLate: Bool
        let href: String
        let link: String
        let hasLink: Bool
    }

    private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        let query = try request.query()
        let filter = try TransferFilter(query, now: desk.now)
        let after = Int64(try query.text("after")) ?? 0
        let actor = try await desk.actor(context)
        let rows = try await desk.transfers.list(filter, after: after, by: actor)
        let sums = try await desk.transfers.sums(filter, by: actor)
        let text = desk.text(context)
        let shown = rows.prefix(Transfers.pageSize)
        var pager: PagerView?
        if rows.count > Transfers.pageSize, let last = shown.last {
            pager = PagerView(
                position: text.words("common.shown", ["count": String(shown.count)]),
                previous: nil, next: filter.address(after: last.number))
        }
        let fields: Set = ["month", "kind", "store", "programme", "day"]
        let scope = Self.scope(filter, text)
        let view = View(
            tabs: SectionTab.finance("/finance", to: actor, text: text),
            month: filter.month.description,
            store: filter.store, programme: filter.programme,
            day: filter.day?.description ?? "", kinds: Self.kinds(filter, text),
            kept: filter.fields.filter { !fields.contains($0.0) && !$0.1.isEmpty }.map {
                KeptView(name: $0.0, value: $0.1)
            }, scope: scope, hasScope: !scope.isEmpty, showsNet: filter.account != nil,
            sums: sums.kinds.map {
                SumView(
                    kind: text.words("transfer.\($0.kind.rawValue)"), count: String($0.count),
                    amount: text.money($0.amount), net: text.money($0.net))
            }, sourceCount: String(sums.sourceCount),
            net: text.money(Money(fen: sums.kinds.reduce(0) { $0 + $1.net.fen })),
            hasRows: !shown.isEmpty, rows: shown.map { Self.row($0, text) },
            empty: EmptyView(
                heading: text.words("transfers.none"), advice: text.words("transfers.noneAdvice")),
            pager: pager)
        return try desk.page("transfers/list", view, context)
    }

    private static func kinds(_ filter: TransferFilter, _ text: PageText) -> [ChoiceView] {
        let chosen = filter.kindText
        var choices = [("", text.words("transfers.everyKind"))]
        if filter.kinds.count > 1 {
            let words = TransferKind.allCases.filter(filter.kinds.contains)
                .map { text.words("transfer.\($0.rawValue)") }
            choices.append((chosen, words.joined(separator: "、")))
        }
        choices += TransferKind.allCases.map {
            ($0.rawValue, text.words("transfer.\($0.rawValue)"))
        }
        return choices.map { ChoiceView(value: $0.0, label: $0.1, isChosen: $0.0 == chosen) }
    }

    /// What narrows the list beside the form's fields, in words.
    private static func scope(_ filter: TransferFilter, _ text: PageText) -> [String] {
        var scope: [String] = []
        if let account = filter.account {
            scope.append(
                [
                    text.words("account.\(account.kind.rawValue)"), account.owner,
                    account.side.map { text.words("transfers.side.\($0.rawValue)") } ?? "",
                ].filter { !$0.isEmpty }.joined(separator: " · "))
        }
        if filter.book == .test { scope.append(text.words("book.test")) }
        if !filter.province.isEmpty { scope.append(text.province(filter.province)) }
        if filter.isStandIn { scope.append(text.words("transfers.standIn")) }
        if filter.isLate { scope.append(text.words("column.late")) }
        if let load = filter.load { scope.append(text.words("transfers.load.\(load.rawValue)")) }
        if let position = filter.position {
            scope.append(text.words("transfers.upTo", ["number": String(position)]))
        }
        return scope
    }

    private static func row(_ row: Transfers.Listed, _ text: PageText) -> RowView {
        func party(_ kind: String, _ owner: String) -> String {
            let name = text.words("account.\(kind)")
            return owner.isEmpty ? name : "\(name) \(owner)"
        }
        let (href, link) =
            if let sale = row.saleID {
                ("/orders/\(sale)", row.receipt)
            } else if let card = row.cardID {
                ("/cards/\(card)", row.cardMask)
            } else {
                ("", "")
            }
        return RowView(
            number: String(row.number), kind: text.words("transfer.\(row.kind)"),
            payer: party(row.payerKind, row.payer), payee: party(row.payeeKind, row.payee),
            amount: text.money(row.amount), day: row.day.description,
            happened: text.time(row.happenedAt), posted: text.time(row.postedAt),
            store: row.storeCode, isLate: row.isLate, href: href, link: link,
            hasLink: !href.isEmpty)
    }
}

extension TransferFilter {
    /// From an address.
    ///
    /// - Refuses: `.monthInvalid`, `.malformedBody`.
    init(_ query: FormFields, now: Instant) throws {
        self.init(
            month: try FinancePages.month(query, now),
            position: Int64(try query.text("position")))
        func choice<Value: RawRepresentable<String>>(_ name: String) throws -> Value? {
            let text = try query.text(name)
            if text.isEmpty { return nil }
            guard let value = Value(rawValue: text) else { throw RequestRefusal.malformedBody }
            return value
        }
        book = try choice("book") ?? .real
        kinds = Set(
            try query.text("kind").split(separator: ",").map { name in
                guard let kind = TransferKind(rawValue: String(name)) else {
                    throw RequestRefusal.malformedBody
                }
                return kind
            })
        store = try query.text("store")
        province = try query.text("province")
        programme = try query.text("programme")
        day = try query.date("day")
        isStandIn = try query.text("standIn") == "1"
        isLate = try query.text("late") == "1"
        load = try choice("load")
        if let kind: AccountKind = try choice("account") {
            account = AccountChoice(
                kind: kind, owner: try query.text("owner"), side: try choice("side"))
        }
    }

    /// Kinds in the order of the ledger, joined by commas.
    var kindText: String {
        TransferKind.allCases.filter(kinds.contains).map(\.rawValue).joined(separator: ",")
    }

    /// Name and value of each part, empty where it does not narrow.
    var fields: [(String, String)] {
        [
            ("month", month.description), ("kind", kindText), ("store", store),
            ("programme", programme), ("day", day?.description ?? ""), ("province", province),
            ("book", book == .real ? "" : book.rawValue), ("standIn", isStandIn ? "1" : ""),
            ("late", isLate ? "1" : ""), ("account", account?.kind.rawValue ?? ""),
            ("owner", account?.owner ?? ""), ("side", account?.side?.rawValue ?? ""),
            ("load", load?.rawValue ?? ""), ("position", position.map(String.init) ?? ""),
        ]
    }

    /// The page that lists them.
    func address(after number: Int64? = nil) -> String {
        HeadOffice.address(
            "/finance/transfers", fields + [("after", number.map(String.init) ?? "")])
    }
}
