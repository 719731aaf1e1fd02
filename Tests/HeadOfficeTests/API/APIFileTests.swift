import Domain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// Files that the JSON API hands over, and how vouchers are written.
struct APIFileTests {
    @Test func `a program takes the card printer's file and the sealed passwords, once each`()
        async throws
    {
        try await withAPI { world, client in
            var issuer = APIProgram(client: client)
            try await issuer.signIn("issuer")
            let asked = try await issuer.post(
                "/batches",
                [
                    "programme": .text("JS"), "quantity": .integer(2), "initialLoad": .integer(0),
                ])
            let printer = "/batches/\(asked.text("id"))/printer-file"
            #expect(try await issuer.post(printer).code == "batch_not_issued")
            var supervisor = APIProgram(client: client)
            try await supervisor.signIn("issuing-supervisor")
            let made = try await supervisor.post(
                "/batches/\(asked.text("id"))/decide", ["verdict": .text("approved")])
            #expect(made["cards"] == .integer(2))

            let file = try await issuer.file(.post, printer)
            #expect(file.headers[.contentType] == "text/csv; charset=utf-8")
            #expect(file.headers[.cacheControl] == "no-store")
            let numbers = String(buffer: file.body).matches(of: /\d{4} \d{4} \d{4} \d{4}/)
            #expect(numbers.count == 2)
            for program in [issuer, supervisor] {
                let again = try await program.post(printer)
                #expect(again.code == "already_exported" && again.status == .conflict)
            }

            let listed = try await issuer.get("/batches?state=issued").rows.first
            guard case .object(let batch)? = listed, case .text(let mailer)? = batch["mailer"]
            else {
                Issue.record("no mailer")
                return
            }
            let sealed = try await supervisor.post("/mailers/\(mailer)/fetch")
            #expect(sealed.text("format") == "huiyika/mailers/1")
            #expect(try await supervisor.post("/mailers/\(mailer)/fetch").code == "already_fetched")
            let looks = try await world.number(
                """
                SELECT count(*) AS n FROM audit
                WHERE action IN ('card_batch.export', 'password_mailer.fetch')
                """)
            #expect(looks == 2)
        }
    }

    @Test func `a download that broke off goes on where it stopped, and the description says how`()
        async throws
    {
        try await withAPI { world, client in
            var finance = APIProgram(client: client)
            try await finance.signIn("finance")
            let order = world.store.clock.makeID()
            let path = "/export-orders/\(order)"
            let wish: [String: JSONValue] = [
                "report": .text("trial-balance"),
                "month": .text(TradingMonth(world.now).description),
            ]
            #expect(try await finance.put(path, wish).status == .noContent)
            #expect(try await finance.get(path + "/file").code == "export_not_ready")
            // Where the web face looks for it.
            let writer = ExportWriter(
                store: world.store, accounts: world.accounts,
                folder: FileManager.default.temporaryDirectory)
            defer {
                try? FileManager.default.removeItem(
                    at: ExportWriter.folder(of: order, in: writer.folder))
            }
            #expect(await writer.writeNext())

            let whole = try await finance.file(.get, path + "/file")
            let size = whole.body.readableBytes
            #expect(whole.status == .ok && size > 10)
            let rest = try await finance.file(.get, path + "/file", [.range: "bytes=10-"])
            #expect(rest.status == .partialContent)
            #expect(rest.headers[.contentRange] == "bytes 10-\(size - 1)/\(size)")
            #expect(rest.body == whole.body.getSlice(at: 10, length: size - 10))
            let beyond = try await finance.file(.get, path + "/file", [.range: "bytes=\(size)-"])
            #expect(beyond.status == .rangeNotSatisfiable)
            #expect(beyond.headers[.contentRange] == "bytes */\(size)")
            #expect(beyond.headers[.contentType] == nil && beyond.body.readableBytes == 0)

            let described = try responses("/export-orders/{order}/file")
            #expect(described == ["200", "206", "416", "4XX"])
            #expect(try responses("/months/{month}/reports/{report}/file") == ["200", "4XX"])
        }
    }

    /// The statuses that the document names for a GET.
    private func responses(_ path: String) throws -> Set<String> {
        var value = OpenAPIDocument.make(OfficeAPI.endpoints)
        for name in ["paths", path, "get", "responses"] {
            guard case .object(let members) = value else { return [] }
            value = try #require(members[name])
        }
        guard case .object(let members) = value else { return [] }
        return Set(members.keys)
    }

    @Test func `the voucher's template is read and set, and what was read may be set again`()
        async throws
    {
        try await withAPI { world, client in
            var auditor = APIProgram(client: client)
            try await auditor.signIn("auditor")
            var finance = APIProgram(client: client)
            try await finance.signIn("finance")
            let path = "/voucher-template"
            guard case .object(var template) = try await auditor.get(path).body,
                case .array(let accounts)? = template["accounts"]
            else {
                Issue.record("no template")
                return
            }
            #expect(accounts.count == AccountKind.allCases.count)
            #expect(try await auditor.put(path, template).code == "role_missing")
            #expect(try await finance.put(path, template).status == .noContent)
            #expect(try await world.number("SELECT count(*) AS n FROM voucher_template") == 0)

            let columns = ["accountCode", "debit", "credit"].map { column("列 \($0)", $0) }
            template["columns"] = .array(columns)
            template["encoding"] = .text("gb18030")
            template["word"] = .text("转")
            for _ in 0..<2 {
                #expect(try await finance.put(path, template).status == .noContent)
            }
            #expect(try await auditor.get(path).body == .object(template))
            #expect(try await world.number("SELECT count(*) AS n FROM voucher_template") == 1)

            func refused(_ name: String, _ elements: [JSONValue]) async throws -> String {
                var wrong = template
                wrong[name] = .array(elements)
                let answer = try await finance.put(path, wrong)
                return "\(answer.status.code) \(answer.code)"
            }
            let unknown = columns + [column("钱", "money")]
            #expect(try await refused("columns", unknown) == "400 field_invalid")
            #expect(try await refused("columns", [.text("debit")]) == "400 field_invalid")
            #expect(try await refused("columns", []) == "400 field_invalid")
            let lacking = Array(columns.dropLast())
            #expect(try await refused("columns", lacking) == "422 voucher_columns_invalid")
            for heading in ["a = b", " a", "a\nb"] {
                let wrong = columns + [column(heading, "owner")]
                #expect(
                    try await refused("columns", wrong) == "422 voucher_columns_invalid",
                    "\(heading)")
            }
            let twice = Array(accounts.dropLast()) + accounts.prefix(1)
            #expect(try await refused("accounts", twice) == "422 voucher_accounts_invalid")
            #expect(try await refused("accounts", accounts + twice) == "400 field_invalid")
            #expect(try await auditor.get(path).body == .object(template))
        }
    }

    private func column(_ heading: String, _ field: String) -> JSONValue {
        .object(["heading": .text(heading), "field": .text(field)])
    }
}

extension APIProgram {
    /// Asks for a file, whatever comes of it.
    fileprivate func file(
        _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        var headers = headers
        headers[.authorization] = "Bearer \(token)"
        return try await client.execute(
            uri: OfficeAPI.root + path, method: method, headers: headers)
    }
}
