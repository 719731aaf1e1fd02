import Domain
import Foundation
import Hummingbird
import WebSupport

/// How vouchers are written for the accounting package, and what this month's would hold.
struct VoucherPages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/voucher") { request, context in try await show(request, context) }
        group.post("/finance/voucher") { _, context in try await change(context) }
    }

    private struct View {
        let tabs: [SectionTab]
        let month: String
        let canChange: Bool
        let columns: String
        let fields: [FieldView]
        let word: String
        let encodings: [ChoiceView]
        let accounts: [AccountView]
        let hasLines: Bool
        let lines: [LineView]
        let debits: String
        let credits: String
        let isBalanced: Bool
        let isCut: Bool
        let download: String
    }

    private struct FieldView {
        let name: String
        let meaning: String
    }

    private struct AccountView {
        let kind: String
        let label: String
        let code: String
        let name: String
    }

    private struct LineView {
        let account: String
        let name: String
        let owner: String
        let debit: String
        let credit: String
    }

    private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let month = try FinancePages.month(try request.query(), desk.now)
        let template = try await desk.voucherTemplates.current(by: actor)
        let voucher = Voucher(
            try await desk.finance.show(.trialBalance, month, closing: nil, by: actor))
        let text = desk.text(context)
        let view = View(
            tabs: SectionTab.finance("/finance/files", to: actor, text: text),
            month: month.description,
            canChange: actor.roles.contains(.finance), columns: template.columnText,
            fields: VoucherTemplate.Field.allCases.map {
                FieldView(name: $0.rawValue, meaning: text.words("voucher.field.\($0.rawValue)"))
            }, word: template.word,
            encodings: VoucherTemplate.Encoding.allCases.map {
                ChoiceView(
                    value: $0.rawValue, label: text.words("voucher.encodes.\($0.rawValue)"),
                    isChosen: $0 == template.encoding)
            },
            accounts: AccountKind.allCases.map {
                let account = template.accounts[$0.rawValue]
                return AccountView(
                    kind: $0.rawValue, label: text.words("account.\($0.rawValue)"),
                    code: account?.code ?? "", name: account?.name ?? "")
            }, hasLines: !voucher.lines.isEmpty,
            lines: voucher.lines.map { line in
                let account = template.accounts[line.kind.rawValue]
                return LineView(
                    account: account?.code ?? "", name: account?.name ?? "", owner: line.owner,
                    debit: line.isDebit ? line.amount : "", credit: line.isDebit ? "" : line.amount)
            }, debits: text.money(voucher.debits), credits: text.money(voucher.credits),
            isBalanced: voucher.isBalanced, isCut: voucher.isCut,
            download: "/finance/exports/trial-balance?month=\(month)&format=voucher")
        return try desk.page("exports/voucher", view, context)
    }

    private func change(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        guard let encoding = VoucherTemplate.Encoding(rawValue: try form.require("encoding"))
        else { throw RequestRefusal.malformedBody }
        var accounts: [String: VoucherTemplate.PackageAccount] = [:]
        for kind in AccountKind.allCases {
            accounts[kind.rawValue] = VoucherTemplate.PackageAccount(
                code: try form.text("code.\(kind.rawValue)"),
                name: try form.text("name.\(kind.rawValue)"))
        }
        let template = VoucherTemplate(
            columns: try VoucherTemplate.columns(try form.require("columns")), accounts: accounts,
            encoding: encoding, word: try form.text("word"))
        let (actor, desk) = (try await desk.actor(context), desk)
        try await desk.commit {
            try await desk.voucherTemplates.change(to: template, by: actor, at: desk.now)
        }
        return .redirect(to: "/finance/voucher", notice: Notice(.success, "voucher.changed"))
    }
}
