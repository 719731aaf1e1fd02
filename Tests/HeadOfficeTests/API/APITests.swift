import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Journal
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

struct APITests {
    @Test func `the document in the checkout is the one that the endpoints make`() async throws {
        let made = try OfficeWeb.openAPIDocument()
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Docs/openapi.json")
        #expect(try String(contentsOf: file, encoding: .utf8) == made, "run make openapi")
        try await withAPI { _, client in
            let served = try await APIProgram(client: client).get("/openapi.json")
            #expect(served.body == (try JSONValue(parsing: Array(made.utf8))))
        }
    }

    @Test func `what is not in the description is refused, and the refusal names it`()
        async throws
    {
        try await withAPI { _, client in
            var program = APIProgram(client: client)
            try await program.signIn("issuer")
            let path = "/cards/1/freeze"
            func refused(
                _ body: String, type: String = "application/json"
            ) async throws -> String {
                let answer = try await program.send(
                    .post, path, headers: [.contentType: type], body: Array(body.utf8))
                guard case .object(let details)? = answer["details"] else { return "no details" }
                let field: String
                if case .text(let name)? = details["field"] {
                    field = " " + name
                } else {
                    field = ""
                }
                return "\(answer.status.code) \(answer.code)\(field)"
            }
            #expect(try await refused("{}") == "400 field_missing reason")
            #expect(try await refused(#"{"reason":1}"#) == "400 field_invalid reason")
            #expect(try await refused(#"{"reason":"\u0001"}"#) == "400 field_invalid reason")
            #expect(try await refused(#"{"reason":"a","x":1}"#) == "400 field_unknown x")
            #expect(try await refused(#"{"reason":"a","reason":"b"}"#) == "400 malformed_body")
            #expect(try await refused(#"{"reason":1.5}"#) == "400 malformed_body")
            #expect(try await refused("[]") == "400 malformed_body")
            #expect(
                try await refused("reason=a", type: "application/x-www-form-urlencoded")
                    == "415 media_type_not_taken")
            let long = String(repeating: "a", count: 70_000)
            #expect(try await refused(#"{"reason":"\#(long)"}"#) == "413 body_too_large")
            #expect(try await refused(#"{"reason":"核实"}"#) == "404 unknown_card")
            for (query, code) in [
                ("state=nowhere", "field_invalid"), ("states=active", "field_unknown"),
                ("after=01", "field_invalid"), ("test=1", "field_invalid"),
                ("test=true&test=true", "field_repeated"), ("state=active&after=9", ""),
            ] {
                #expect(try await program.get("/cards?" + query).code == code, "\(query)")
            }
            let wrong = try await program.send(.delete, "/cards/1/freeze")
            #expect(wrong.status == .methodNotAllowed && wrong.headers[.allow] == "POST")
        }
    }

    @Test func `a refusal speaks the language that was asked for`() async throws {
        try await withAPI { _, client in
            var program = APIProgram(client: client)
            try await program.signIn("issuer")
            let english = try await program.get("/cards/9", language: "en")
            #expect(english.text("message") == "There is no such card.")
            let chinese = try await program.get("/cards/9", language: "zh-CN")
            #expect(chinese.text("message") == "没有此卡。")
            #expect(english.code == "unknown_card" && chinese.code == "unknown_card")
        }
    }

    @Test func `pages of a list follow each other without a gap and end`() async throws {
        try await withAPI { world, client in
            for number in 0..<120 {
                try await world.stores.create(
                    Stores.NewStore(
                        code: "TT\(1_000 + number)", name: "店", province: "44", address: "街",
                        telephone: "020"), by: .setUp, at: world.now)
            }
            var program = APIProgram(client: client)
            try await program.signIn("store-administrator")
            var (codes, sizes): ([String], [Int]) = ([], [])
            var next: String? = ""
            while let after = next {
                let query = after.isEmpty ? "" : "&after=\(after)"
                let page = try await program.get("/stores?text=TT" + query)
                sizes.append(page.rows.count)
                codes += page.rows.compactMap { row in
                    guard case .object(let members) = row, case .text(let code)? = members["store"]
                    else { return nil }
                    return code
                }
                next = page["next"] == nil ? nil : page.text("next")
            }
            #expect(sizes == [50, 50, 20])
            #expect(codes == (0..<120).map { "TT\(1_000 + $0)" })
        }
    }

    @Test func `who asks by one login does not decide by another, whether page or program`()
        async throws
    {
        try await withAPI { world, client in
            let issuer = try await world.actor("issuer")
            try await world.addStaff(
                "second-self", [.issuingSupervisor], person: issuer.personID)
            let card = try await world.issueCard(
                number: DeskWorld.cardNumber, load: 0, programme: "JS")
            var asking = APIProgram(client: client)
            try await asking.signIn("issuer")
            let load = world.store.clock.makeID()
            let body: [String: JSONValue] = [
                "load": .text(load.description), "amount": .integer(10_000),
                "reason": .text("充值"),
            ]
            for _ in 0..<2 {
                #expect(try await asking.post("/cards/\(card)/loads", body).status == .noContent)
            }
            let verdict: [String: JSONValue] = ["verdict": .text("approved")]
            var own = APIProgram(client: client)
            try await own.signIn("second-self")
            let refused = try await own.post("/loads/\(load)/decide", verdict)
            #expect(refused.code == "same_person" && refused.status == .forbidden)
            var page = OfficeWebTests.Browser(client: client)
            try await page.signIn("second-self")
            let form = try await page.post("/loads/\(load)", "verdict=approved")
            #expect(form.status == .forbidden)
            #expect(String(buffer: form.body).contains("same_person"))
            var other = APIProgram(client: client)
            try await other.signIn("issuing-supervisor")
            #expect(try await other.post("/loads/\(load)/decide", verdict).status == .noContent)
            let again = try await other.post("/loads/\(load)/decide", verdict)
            #expect(again.code == "already_decided" && again.status == .conflict)
            let shown = try await other.get("/cards/\(card)")
            guard case .object(let members)? = shown["card"] else { return }
            #expect(members["balance"] == .integer(10_000))
            #expect(members["number"] == .text("6232 **** **** 0123"))
        }
    }

    @Test func `what belongs to another store, login or run is not reached through this one`()
        async throws
    {
        try await withAPI { world, client in
            let administrator = try await world.actor("store-administrator")
            try await world.stores.create(
                Stores.NewStore(
                    code: "JS0001", name: "南京店", province: "32", address: "南京", telephone: "025"),
                by: .setUp, at: world.now)
            try await world.stores.addAccount(
                Stores.NewAccount(
                    login: "cashier1", name: "收银员", roles: [.cashier],
                    password: DeskWorld.password), toStore: "GD0001", by: administrator,
                at: world.now)
            var stores = APIProgram(client: client)
            try await stores.signIn("store-administrator")
            func disable(_ store: String) async throws -> APIProgram.Answer {
                try await stores.put(
                    "/stores/\(store)/accounts/cashier1/disabled", ["disabled": .bool(true)])
            }
            #expect(try await disable("JS0001").code == "unknown_account")
            #expect(try await disable("GD0001").status == .noContent)

            var auditor = APIProgram(client: client)
            try await auditor.signIn("auditor")
            var head = APIProgram(client: client)
            try await head.signIn("operator")
            let sessions = try await head.get("/staff/auditor/sessions")
            guard case .object(let session)? = sessions.rows.first,
                case .text(let id)? = session["session"]
            else {
                Issue.record("no session")
                return
            }
            let wrong = try await head.send(.delete, "/staff/finance/sessions/\(id)")
            #expect(wrong.code == "unknown_session")
            #expect(try await auditor.get("/session").status == .ok)
            let right = try await head.send(.delete, "/staff/auditor/sessions/\(id)")
            #expect(right.status == .noContent)
            #expect(try await auditor.get("/session").status == .unauthorized)
        }
    }

    @Test func `lists of more than a page are read to their end, each row once`() async throws {
        try await withAPI { world, client in
            let card = try await world.issueCard(number: "6160201901100002", load: 0)
            let issuer = try await world.actor("issuer")
            let loads = (0..<120).map { _ in world.store.clock.makeID() }
            let (now, ids) = (world.now, loads.map(\.description).sorted())
            try await world.store.write { session in
                try session.execute(
                    """
                    INSERT INTO card_load (load_id, card_id, amount, reason, asked_by, asked_at)
                    SELECT load_id, \(card), 100, '补', \(issuer.accountID), \(now)
                    FROM unnest(\(loads)) AS row (load_id)
                    """)
                try session.execute(
                    """
                    INSERT INTO staff_account (person_id, login, verifier, roles, created_at)
                    SELECT \(issuer.personID), 'zz-' || n, 'none', '{auditor}', \(now)
                    FROM generate_series(1, 120) AS n
                    """)
            }
            var program = APIProgram(client: client)
            try await program.signIn("auditor")
            func all(_ path: String, _ name: String) async throws -> [String] {
                var (found, next): ([String], String) = ([], "")
                repeat {
                    let page = try await program.get(
                        path + (next.isEmpty ? "" : "&after=\(next)"))
                    #expect(page.rows.count <= 50)
                    found += page.rows.compactMap { row in
                        guard case .object(let members) = row, case .text(let id)? = members[name]
                        else { return nil }
                        return id
                    }
                    next = page.text("next")
                } while !next.isEmpty
                return found
            }
            #expect(try await all("/loads?standing=asked", "load") == ids)
            #expect(
                try await all("/loads?standing=all", "load") == ids.reversed())
            #expect(try await all("/loads?standing=decided", "load").isEmpty)
            #expect(try await Set(all("/staff?text=zz-", "login")).count == 120)
            #expect(try await all("/mailers?state=waiting", "mailer").isEmpty)
            #expect(try await all("/load-files?standing=all", "file").isEmpty)
            #expect(try await all("/card-requests?standing=all", "request").isEmpty)
        }
    }

    @Test func `cards of one programme are not among another's`() async throws {
        try await withAPI { world, client in
            _ = try await world.issueCard(number: "6160201901100002", load: 0)
            _ = try await world.issueCard(number: DeskWorld.cardNumber, load: 0, programme: "JS")
            var program = APIProgram(client: client)
            try await program.signIn("issuer")
            for code in ["GD", "JS"] {
                let rows = try await program.get("/cards?programme=\(code)").rows
                #expect(rows.count == 1)
                for case .object(let card) in rows {
                    #expect(card["programme"] == .text(code))
                }
            }
            #expect(try await program.get("/cards?programme=ZZ").rows.isEmpty)
        }
    }
}
