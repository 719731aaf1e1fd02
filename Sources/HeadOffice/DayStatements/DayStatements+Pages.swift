import Domain
import Hummingbird
import Journal
import WebSupport

/// A till's day statements beside what was received.
struct DayStatementPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/tills/{code}/days") { _, context in try await show(context) }
    }

    private struct View {
        let till: String
        let hasRows: Bool
        let rows: [RowView]
        let empty: EmptyView
    }

    private struct RowView {
        let date: String
        let number: String
        let closedAt: String
        let by: String
        let sequences: String
        let stated: String
        let received: String
        let test: String
        let questioned: String
        let refunds: String
        let cancelled: String
        let priceChanges: String
        let reprints: String
        let unsent: String
        let comparison: StateView
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let code = context.parameters.get("code") ?? ""
        guard
            let rows = try await DayStatements(store: desk.store)
                .of(tillCode: code, by: actor)
        else { throw RequestRefusal.notFound }
        let text = desk.text(context)
        return try desk.page(
            "days/list",
            View(
                till: code, hasRows: !rows.isEmpty, rows: rows.map { Self.row($0, text) },
                empty: EmptyView(
                    heading: text.words("days.none"), advice: text.words("days.noneAdvice"))),
            context)
    }

    private static func row(_ row: DayStatements.Row, _ text: PageText) -> RowView {
        func sum(_ sum: DayClosed.Sum) -> String {
            text.words(
                "days.sales", ["count": String(sum.count), "total": text.money(sum.total)])
        }
        let statement = row.statement
        let test = statement.sum(isTest: true)
        return RowView(
            date: statement.date.description, number: String(statement.number),
            closedAt: text.time(row.closedAt), by: statement.by,
            sequences: "\(row.epoch): \(statement.first)–\(statement.last)",
            stated: sum(statement.sum(isTest: false)), received: sum(row.received),
            test: test == row.receivedTest ? sum(test) : "\(sum(test)) / \(sum(row.receivedTest))",
            questioned: sum(row.questioned), refunds: sum(statement.refundsRequested),
            cancelled: sum(statement.cancelled),
            priceChanges: text.money(statement.priceChanges.total),
            reprints: String(statement.reprints),
            unsent: text.words(
                "days.sales",
                [
                    "count": String(statement.unsent.sales),
                    "total": text.money(statement.unsent.total),
                ]),
            comparison: row.agrees
                ? StateView(text: text.words("days.same"), badge: "badge-good")
                : StateView(text: text.words("days.differs"), badge: "badge-bad"))
    }
}
