import Domain
import Foundation
import Hummingbird
import WebSupport

/// What every page works with.
struct OfficeDesk: Sendable {
    let site: WebSite
    let store: OfficeStore
    let commits = CommitTasks()
    let secondFactor: SecondFactorPolicy
    let accounts: Accounts
    let stores: Stores
    let tills: Tills
    let quarantine: Quarantine
    let catalogue: Catalogue
    let programmes: Programmes
    let cards: Cards
    let mailers: Mailers
    let loadFiles: LoadFiles
    let refunds: Refunds
    let exceptions: Exceptions
    let phoneHoldEnds: PhoneHoldEnds
    let exceptionBearers: ExceptionBearers
    let orders: Orders
    let finance: Finance
    let transfers: Transfers
    let exports: MonthExport
    let exportOrders: ExportOrders
    let exportFolder: URL
    let voucherTemplates: VoucherTemplates
    let closes: MonthCloses
    let settlements: Settlements
    let feeRates: FeeRates
    let audit: Audit
    let overview: Overview

    init(
        site: WebSite, store: OfficeStore, telephones: OfficeTelephones, passwords: PasswordWorker,
        secondFactor: SecondFactorPolicy, exportFolder: URL
    ) {
        self.site = site
        self.secondFactor = secondFactor
        self.store = store
        accounts = Accounts(store: store, passwords: passwords)
        stores = Stores(store: store, telephones: telephones, passwords: passwords)
        tills = Tills(store)
        quarantine = Quarantine(store: store)
        catalogue = Catalogue(store: store)
        programmes = Programmes(store: store)
        cards = Cards(store: store)
        mailers = Mailers(store: store)
        loadFiles = LoadFiles(store: store)
        refunds = Refunds(store: store)
        exceptions = Exceptions(store: store)
        phoneHoldEnds = PhoneHoldEnds(store: store)
        exceptionBearers = ExceptionBearers(store: store)
        orders = Orders(store: store)
        finance = Finance(store: store)
        transfers = Transfers(store: store)
        exports = MonthExport(store: store)
        exportOrders = ExportOrders(store: store)
        self.exportFolder = exportFolder
        voucherTemplates = VoucherTemplates(store: store)
        closes = MonthCloses(store: store)
        settlements = Settlements(store: store)
        feeRates = FeeRates(store: store)
        audit = Audit(store: store)
        overview = Overview(store: store)
    }

    /// Head office's time.
    var now: Instant { store.clock.now() }

    /// Who asks, with the roles held now.
    func actor(_ context: WebContext) async throws -> StaffActor {
        try await accounts.actor(login: try context.requireSession().account)
    }

    /// Runs what changes something outside the request's task: a closed tab cannot undo it.
    func commit<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await commits.run(work)
    }

    func page(
        _ template: String, _ view: Any, _ context: WebContext
    ) throws -> Response {
        try site.pages.page(template, view, context: context)
    }

    func text(_ context: WebContext) -> PageText {
        PageText(words: site.pages.words(context.language))
    }
}

/// Values as pages show them.
struct PageText {
    let words: Words

    /// `¥1,234.56`; a minus before the sign.
    func money(_ amount: Money) -> String {
        let text = amount.grouped
        return text.hasPrefix("-") ? "-¥" + text.dropFirst() : "¥" + text
    }

    /// `2026-11-25 17:43`, Asia/Shanghai.
    func time(_ instant: Instant) -> String {
        let date = BusinessDate(instant)
        let minutes = instant.milliseconds(since: date.start) / 60_000
        return "\(date) \(two(minutes / 60)):\(two(minutes % 60))"
    }

    func time(_ instant: Instant?) -> String {
        instant.map(time) ?? words("common.none")
    }

    private func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// How long until then, or since then: `3 天 4 小时`.
    func span(_ milliseconds: Int64) -> String {
        let minutes = milliseconds.magnitude / 60_000
        if minutes == 0 { return words("span.moment") }
        if minutes < 60 { return words("span.minutes", ["minutes": String(minutes)]) }
        if minutes < 48 * 60 {
            return words(
                "span.hours", ["hours": String(minutes / 60), "minutes": String(minutes % 60)])
        }
        return words(
            "span.days",
            ["days": String(minutes / 1_440), "hours": String(minutes % 1_440 / 60)])
    }

    /// A state with its colour.
    func state(_ state: String) -> StateView {
        StateView(text: words("state." + state), badge: Self.badges[state] ?? "badge-info")
    }

    private static let badges = [
        "pending": "badge-wait", "asked": "badge-wait", "waiting": "badge-wait",
        "frozen": "badge-wait", "behind": "badge-wait",
        "complete": "badge-good", "silent": "badge-bad", "amber": "badge-wait",
        "suspended": "badge-wait", "export.waiting": "badge-wait", "export.writing": "badge-wait",
        "export.done": "badge-good", "export.failed": "badge-bad", "month.closed": "badge-good",
        "month.open": "badge-info", "month.reopened": "badge-wait",
        "approved": "badge-good", "issued": "badge-good", "loaded": "badge-good",
        "done": "badge-good",
        "active": "badge-good", "posted": "badge-good", "on_sale": "badge-good",
        "green": "badge-good", "open": "badge-good", "enabled": "badge-good",
        "refused": "badge-bad", "expired": "badge-bad", "exception": "badge-bad",
        "lost": "badge-bad", "closed": "badge-bad", "red": "badge-bad", "stopped": "badge-bad",
        "disabled": "badge-bad", "revoked": "badge-bad", "forked": "badge-bad",
    ]

    /// A province's name.
    func province(_ code: String) -> String {
        guard let province = Province.all.first(where: { $0.code == code }) else { return code }
        return words.language == .en ? province.englishName : province.chineseName
    }
}

/// A state's word and the class of its badge.
struct StateView {
    let text: String
    let badge: String
}

/// A cell of a file that is turned down, and why.
struct BadCellView {
    let line: String
    let column: String
    let value: String
    let reason: String
}

/// One choice of a list or a row of choices.
struct ChoiceView {
    let value: String
    let label: String
    let isChosen: Bool
}

extension FormFields {
    /// An amount in yuan.
    func money(_ name: String) throws -> Money {
        try Money.parse(yuan: try require(name))
    }

    /// A whole number.
    func number(_ name: String) throws -> Int {
        guard let number = Int(try require(name).trimmedText.halfWidth) else {
            throw RequestRefusal.malformedBody
        }
        return number
    }

    /// The field's text without the white space around it, "" when it did not come.
    func text(_ name: String) throws -> String {
        try optional(name)?.trimmedText ?? ""
    }

    /// A day, nil when empty.
    func date(_ name: String) throws -> BusinessDate? {
        let text = try text(name)
        if text.isEmpty { return nil }
        guard let date = BusinessDate.parse(text) else { throw RequestRefusal.malformedBody }
        return date
    }
}

extension WebContext {
    /// An id in the path.
    func recordID(_ name: String) throws -> RecordID {
        guard let id = parameters.get(name).flatMap({ RecordID($0) }) else {
            throw RequestRefusal.notFound
        }
        return id
    }

    /// A number in the path.
    func number(_ name: String) throws -> Int64 {
        guard let number = parameters.get(name).flatMap({ Int64($0) }) else {
            throw RequestRefusal.notFound
        }
        return number
    }
}

/// An address with a query, from fields that are not empty.
func address(_ path: String, _ fields: [(String, String)]) -> String {
    let query = fields.filter { !$0.1.isEmpty }
        .map { "\($0.0)=\($0.1.queryEscaped)" }.joined(separator: "&")
    return query.isEmpty ? path : path + "?" + query
}

extension String {
    /// Nil when there is nothing in it.
    var nilIfEmpty: String? { isEmpty ? nil : self }

    /// Percent-encoded for a query.
    var queryEscaped: String {
        let digits = Array("0123456789ABCDEF")
        var text = ""
        for byte in utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                text +=
                    "%"
                    + [digits[Int(byte >> 4)], digits[Int(byte & 15)]].map(String.init).joined()
            }
        }
        return text
    }
}
