import Domain
import Journal

extension VoucherTemplate.Column: APIObject {
    static let shape = Shape<VoucherTemplate.Column>(
        "VoucherColumn", [Member("heading", \.heading), Member("field", \.field.rawValue)])
}

/// The package's account for a kind of head office's accounts.
private struct VoucherAccount: APIObject {
    let kind: AccountKind
    let account: VoucherTemplate.PackageAccount

    static let shape = Shape<VoucherAccount>(
        "VoucherAccount",
        [
            Member("kind", \.kind.rawValue), Member("code", \.account.code),
            Member("name", \.account.name),
        ])
}

extension VoucherTemplate: APIObject {
    static let shape = Shape<VoucherTemplate>(
        "VoucherTemplate",
        [
            Member("columns", \.columns), Member("accounts", \.accountRows),
            Member("encoding", \.encoding.rawValue), Member("word", \.word),
        ])

    private var accountRows: [VoucherAccount] {
        AccountKind.allCases.compactMap { kind in
            accounts[kind.rawValue].map { VoucherAccount(kind: kind, account: $0) }
        }
    }
}

extension VoucherTemplates {
    private static let heading = Field.text("heading", 1...40, example: "借方金额")
    private static let field = Field<VoucherTemplate.Field>.choice("field")
    private static let columns = Field<[VoucherTemplate.Column]>.list(
        "columns", 1...VoucherTemplate.columnCountMax, of: [heading, field]
    ) { column in
        VoucherTemplate.Column(heading: try column[heading], field: try column[field])
    }
    private static let kind = Field<AccountKind>.choice("kind")
    private static let code = Field.text("code", 1...60, example: "2241.01")
    private static let name = Field.text("name", 0...60, example: "其他应付款")
    private static let accounts = Field<[VoucherAccount]>.list(
        "accounts", 1...AccountKind.allCases.count, of: [kind, code, name]
    ) { account in
        VoucherAccount(
            kind: try account[kind],
            account: VoucherTemplate.PackageAccount(
                code: try account[code], name: try account[name]))
    }
    private static let encoding = Field<VoucherTemplate.Encoding>.choice("encoding")
    private static let word = Field.text("word", 0...10, example: "记")

    static let endpoints: [Endpoint] = [
        .get(
            "/voucher-template", "How summary vouchers are written for the accounting package.",
            Finance.readers
        ) { call in
            try await call.desk.voucherTemplates.current(by: call.actor)
        },
        .put(
            "/voucher-template", "Writes vouchers by another template from now on.",
            .of(.finance), [columns, accounts, encoding, word]
        ) { call in
            // An account twice leaves another without one, which is refused.
            let rows = try call[accounts].map { ($0.kind.rawValue, $0.account) }
            let template = VoucherTemplate(
                columns: try call[columns], accounts: Dictionary(rows) { first, _ in first },
                encoding: try call[encoding], word: try call[word])
            try await call.desk.voucherTemplates.change(to: template, by: call.actor, at: call.now)
        },
    ]
}
