import Domain
import GRDB
import Hummingbird
import Journal
import Receipts
import WebSupport

extension TillWeb {
    private struct PageView {
        struct Open {
            let id: String
            let login: String
            let amount: String
        }
        struct Former {
            let id: String
            let date: String
            let number: String
            let time: String
            let by: String
            let count: String
            let total: String
            let state: StateView
        }
        let date: String
        let first: String
        let figures: [DayCloseFigure]
        let facts: [StatementFacts.Figure]
        let unsent: StateView
        let hasUnsent: Bool
        let hasOpen: Bool
        let open: [Open]
        let isManager: Bool
        let mayClose: Bool
        let hasFormer: Bool
        let former: [Former]
    }

    private struct CloseBody: Decodable {
        let first: Int64
    }

    private struct ClosedAnswer: Encodable {
        let id: String
        let sequence: Int64
        let date: String
        let number: Int
        let unsentRecords: Int64
        let unsentSales: Int64
        let unsentValue: Int64
    }

    func addDayClose(to router: RouterGroup<WebContext>) {
        router.get("/day-close") { _, context in try await dayClosePage(context) }
        router.get("/api/day-close") { _, context in
            let login = try context.requireSession().account
            let now = world.now()
            let statement = try await store.read {
                try DayCloses.statement(by: login, at: now, in: $0)
            }
            return Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(bytes: statement.bytes)))
        }
        router.post("/api/day-closes") { request, context in
            let login = try context.requireSession().account
            let first = try await request.json(CloseBody.self).first
            let id = world.makeID()
            let made = try await commit {
                let id = try await store.closeDay(
                    by: login, first: first, id: id, at: world.now(), identity: identity)
                return try await store.read { try DayCloses.find(id, in: $0) }
            }
            guard let made else { throw RequestRefusal.notFound }
            let unsent = made.statement.unsent
            return try Response.json(
                ClosedAnswer(
                    id: made.id.description, sequence: made.sequence,
                    date: made.statement.date.description, number: made.statement.number,
                    unsentRecords: unsent.records, unsentSales: unsent.sales,
                    unsentValue: unsent.total.fen), status: .created)
        }
    }

    private func dayClosePage(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let session = try context.requireSession()
        let now = world.now()
        let (statement, open, former) = try await store.read { database in
            (
                try DayCloses.statement(by: session.account, at: now, in: database),
                try DayCloses.openPayments(in: database),
                try DayCloses.list(limit: 60, in: database)
            )
        }
        let isManager = session.roles.contains("manager")
        let view = PageView(
            date: statement.date.description, first: String(statement.first),
            figures: DayCloseFigure.all(statement, words),
            facts: statement.coveredFigures(words),
            unsent: StateView(statement.unsent, words),
            hasUnsent: statement.unsent.records > 0, hasOpen: !open.isEmpty,
            open: open.map {
                .init(id: $0.id, login: $0.login, amount: Texts.yuan($0.amount))
            }, isManager: isManager, mayClose: isManager && open.isEmpty,
            hasFormer: !former.isEmpty, former: former.map { row($0, words) })
        return try site.pages.page("day-close/page", view, context: context)
    }

    private func row(_ close: DayClose, _ words: Words) -> PageView.Former {
        let sum = close.statement.sum(isTest: false)
        return .init(
            id: close.id.description, date: close.statement.date.description,
            number: words("till.day.number", ["number": String(close.statement.number)]),
            time: Texts.time(close.closedAt.milliseconds), by: close.statement.by,
            count: String(sum.count), total: Texts.yuan(sum.total.fen),
            state: StateView(close, words))
    }
}

extension StateView {
    /// Whether head office has a closing.
    init(_ close: DayClose, _ words: Words) {
        self =
            close.isReceived
            ? StateView(text: words("till.order.received"), level: "good")
            : StateView(text: words("till.order.unsent"), level: "warn")
    }

    /// What a statement says is not at head office yet.
    init(_ unsent: DayClosed.Unsent, _ words: Words) {
        self =
            unsent.records == 0
            ? StateView(text: words("till.day.allSent"), level: "good")
            : StateView(
                text: words(
                    "till.day.unsentText",
                    [
                        "records": String(unsent.records), "sales": String(unsent.sales),
                        "value": Texts.yuan(unsent.total.fen),
                    ]), level: "warn")
    }
}

extension DayClosed {
    /// From when to where it counts.
    func coveredFigures(_ words: Words) -> [StatementFacts.Figure] {
        [
            .init(
                label: words("till.day.since"),
                value: from.map { Texts.time($0.milliseconds) } ?? words("till.day.sinceStart")),
            .init(label: words("till.day.receiptFirst"), value: receipts?.first ?? "–"),
            .init(label: words("till.day.receiptLast"), value: receipts?.last ?? "–"),
            .init(
                label: words("till.day.sequences"),
                value: last < first ? "–" : "\(first) – \(last)"),
        ]
    }
}

/// One line of a statement: how many, and what they come to.
struct DayCloseFigure {
    let name: String
    let count: String
    let amount: String
    let isTotal: Bool

    static func all(_ statement: DayClosed, _ words: Words) -> [DayCloseFigure] {
        func figure(
            _ key: String, _ sum: DayClosed.Sum, isTotal: Bool = false
        ) -> DayCloseFigure {
            DayCloseFigure(
                name: words(key), count: String(sum.count), amount: Texts.yuan(sum.total.fen),
                isTotal: isTotal)
        }
        let byMode = statement.sales.filter { !$0.isTest }.map { part in
            DayCloseFigure(
                name: words("till.mode.\(part.mode)"), count: String(part.count),
                amount: Texts.yuan(part.total.fen), isTotal: false)
        }
        var all = byMode
        all.append(figure("till.day.sales", statement.sum(isTest: false), isTotal: true))
        let test = statement.sum(isTest: true)
        if test.count > 0 { all.append(figure("till.day.testSales", test)) }
        return all + [
            figure("till.day.refundsRequested", statement.refundsRequested),
            figure("till.day.refundsApproved", statement.refundsApproved),
            figure("till.day.cancelled", statement.cancelled),
            figure("till.day.priceChanges", statement.priceChanges),
            DayCloseFigure(
                name: words("till.day.reprints"), count: String(statement.reprints), amount: "",
                isTotal: false),
        ]
    }
}
