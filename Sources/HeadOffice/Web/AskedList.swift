// What one person asks and another decides looks the same everywhere: loads, files of loads, acts on cards. One filter, one
// order, one row, one page.

import Domain
import Hummingbird
import PostgresDriver
import WebSupport

/// Something that one person asked and another decides.
protocol Asked {
    var state: String { get }
    var askedBy: String { get }
    var askerID: Int64 { get }
    var askedAt: Instant { get }
    var decidedBy: String? { get }
    /// Names it in addresses and orders those asked in one moment.
    var askedID: RecordID { get }
}

/// Which of them a list shows, and where its page begins.
struct AskedFilter: Sendable, Equatable {
    /// What became of them.
    enum Standing: String, Sendable, CaseIterable {
        /// Waiting for the second person, those that wait longest first.
        case asked
        /// Decided either way, the newest first.
        case decided
        /// All of them, the newest first.
        case all
    }

    /// A row's place in the order.
    struct Position: Sendable, Equatable {
        let at: Instant
        let id: RecordID
    }

    var standing = Standing.asked
    var after: Position?

    /// Rows a page.
    static let pageSize = 50
    /// Rows of an export at most.
    static let exportSize = 10_000

    /// What stands after `WHERE` for a table with `state` and `asked_at`: condition, order and bound.
    ///
    /// - Parameter limit: rows; one more than a page tells that there is more.
    func sql(_ table: String, id: String, limit: Int = pageSize + 1) -> SQL {
        let (isOldestFirst, state) = (standing == .asked, "\(table).state")
        let condition: SQL =
            switch standing {
            case .asked: "\(unsafeSQL: state) = 'asked'"
            case .decided: "\(unsafeSQL: state) <> 'asked'"
            case .all: "true"
            }
        let side = isOldestFirst ? ">" : "<"
        let direction = isOldestFirst ? "ASC" : "DESC"
        let place = "(\(table).asked_at, \(table).\(id))"
        return """
            \(fragment: condition)
            AND (\(after == nil)
                 OR \(unsafeSQL: place) \(unsafeSQL: side) (\(after?.at as Instant?),
                                                            \(after?.id as RecordID?)))
            ORDER BY \(unsafeSQL: table).asked_at \(unsafeSQL: direction),
                     \(unsafeSQL: table).\(unsafeSQL: id) \(unsafeSQL: direction)
            LIMIT \(Int64(limit))
            """
    }
}

extension Fields {
    /// What became of what one person asks and another decides.
    static let standing = Field<AskedFilter.Standing>.choice("standing").or(.asked)
    static let askedAfter = Field<PageKey<RecordID>>.after(Field.id("after")).optional
}

extension AskedFilter {
    /// As a program asks with `Fields.standing` and `Fields.askedAfter`.
    init(_ call: APICall) throws {
        self.init(
            standing: try call[Fields.standing],
            after: try call[Fields.askedAfter].map { Position(at: $0.time, id: $0.id) })
    }
}

extension Page where Row: Asked {
    /// A page of them, of which one more was read.
    init(asked read: [Row]) {
        self.init(read, of: AskedFilter.pageSize) { PageKey.text($0.askedAt, $0.askedID) }
    }
}

/// One of them in a list or on a page.
struct AskedView {
    let id: String
    /// What it is about, with its page.
    let subject: String
    let href: String
    let what: String
    let reason: String
    let state: StateView
    let askedBy: String
    let askedAt: String
    let decidedBy: String
    let decideHref: String
    let canDecide: Bool
    let isOwn: Bool

    init(
        _ asked: some Asked, about subject: String, href: String, what: String, reason: String,
        decidedAt path: String, text: PageText, actor: StaffActor
    ) {
        id = asked.askedID.description
        self.subject = subject
        self.href = href
        self.what = what
        self.reason = reason
        state = text.state(asked.state)
        askedBy = asked.askedBy
        askedAt = text.time(asked.askedAt)
        decidedBy = asked.decidedBy ?? ""
        decideHref = path + "/" + id
        let isWaiting = asked.state == "asked"
        isOwn = isWaiting && asked.askerID == actor.personID
        canDecide = isWaiting && !isOwn && actor.roles.contains(.issuingSupervisor)
    }
}

/// The page of such a list.
struct AskedListView {
    let tabs: [SectionTab]
    let heading: String
    let about: String
    let subjectHead: String
    let whatHead: String
    let path: String
    let standings: [ChoiceView]
    let exportHref: String
    /// A file may be sent in here.
    let upload: UploadView?
    let hasRows: Bool
    let rows: [AskedView]
    let empty: EmptyView
    let pager: PagerView?

    /// Where the file that is sent gets its id.
    struct UploadView {
        let newID: String
    }
}

extension OfficeDesk {
    /// How one of the lists reads, takes apart and names its rows.
    struct AskedList<Row: Asked & Sendable>: Sendable {
        let path: String
        /// `loads`, `cardRequests`, `loadFiles`: the prefix of its words.
        let words: String
        let subjectKey: String
        let whatKey: String
        let read: @Sendable (AskedFilter, Int) async throws -> [Row]
        let view: @Sendable (Row, PageText, StaffActor) -> AskedView
        var upload: AskedListView.UploadView?
    }

    /// The list's page, or with `format=csv` everything the filter finds.
    func askedPage<Row>(
        _ list: AskedList<Row>, _ request: Request, _ context: WebContext
    ) async throws -> Response {
        let (actor, text, query) = (
            try await actor(context), text(context), try request.query()
        )
        var filter = AskedFilter()
        filter.standing = AskedFilter.Standing(rawValue: try query.text("state")) ?? .asked
        if try query.text("format") == "csv" {
            let rows = try await list.read(filter, AskedFilter.exportSize)
            return try await export(
                String(list.path.dropFirst()),
                [
                    "loads.askedAt", list.subjectKey, list.whatKey, "loads.reason", "loads.askedBy",
                    "common.state", "loads.decidedBy",
                ].map { text.words($0) },
                rows.map { row in
                    let shown = list.view(row, text, actor)
                    return [
                        .text(shown.askedAt), .text(shown.subject), .text(shown.what),
                        .text(shown.reason), .text(shown.askedBy), .text(shown.state.text),
                        .text(shown.decidedBy),
                    ]
                }, by: actor)
        }
        if let at = Int64(try query.text("afterTime")), let id = RecordID(try query.text("afterID"))
        {
            filter.after = .init(at: Instant(milliseconds: at), id: id)
        }
        let found = try await list.read(filter, AskedFilter.pageSize + 1)
        let rows = found.prefix(AskedFilter.pageSize)
        let state = filter.standing.rawValue
        let view = AskedListView(
            tabs: SectionTab.cards(list.path, to: actor, text: text),
            heading: text.words(list.words + ".title"), about: text.words(list.words + ".about"),
            subjectHead: text.words(list.subjectKey), whatHead: text.words(list.whatKey),
            path: list.path,
            standings: AskedFilter.Standing.allCases.map {
                ChoiceView(
                    value: $0.rawValue, label: text.words("asked." + $0.rawValue),
                    isChosen: $0 == filter.standing)
            }, exportHref: address(list.path, [("state", state), ("format", "csv")]),
            upload: list.upload, hasRows: !rows.isEmpty,
            rows: rows.map { list.view($0, text, actor) },
            empty: EmptyView(
                heading: text.words(list.words + ".none"),
                advice: text.words(list.words + ".noneAdvice")),
            pager: text.pager(
                found.count, of: AskedFilter.pageSize, path: list.path,
                [
                    ("state", state),
                    ("afterTime", rows.last.map { String($0.askedAt.milliseconds) } ?? ""),
                    ("afterID", rows.last?.askedID.description ?? ""),
                ]))
        return try page("cards/asked", view, context)
    }

    /// A list as a file for spreadsheets; that it was taken is in the audit trail.
    func export(
        _ name: String, _ columns: [String], _ rows: [[CSVWriter.Field]], by actor: StaffActor
    ) async throws -> Response {
        let (store, now) = (store, now)
        try await commit {
            try await store.write { session in
                try session.audit(
                    actor, "list.export", name, ["rows": String(rows.count)], at: now)
            }
        }
        let writer = CSVWriter()
        let text = writer.header(columns) + rows.map { writer.row($0) }.joined()
        return .attachment(
            Array(text.utf8), type: "text/csv; charset=utf-8",
            name: "\(name)-\(BusinessDate(now).compact).csv")
    }
}
