import Domain
import Foundation
import Hummingbird
import HummingbirdTesting
import Testing
import WebSupport

@testable import HeadOffice

/// The table of `Fixtures/permissions.txt` against head office itself.
struct PermissionTableTests {
    private static let columns: [StaffRole] = [
        .approver, .issuer, .issuingSupervisor, .storeAdministrator, .finance, .auditor, .operator,
    ]

    /// The roles that may, by act.
    private static func table() throws -> [String: Set<StaffRole>] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/permissions.txt")
        var table: [String: Set<StaffRole>] = [:]
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            try #require(words.count == 2 + columns.count, "\(line)")
            let roles = zip(columns, words.dropFirst(2)).filter { $0.1 == "x" }.map(\.0)
            let act = "\(words[0]) \(words[1])"
            #expect(table.updateValue(Set(roles), forKey: act) == nil, "\(act) twice")
        }
        return table
    }

    private static let forRoles = OfficeAPI.endpoints.filter {
        if case .roles = $0.access { true } else { false }
    }

    private static func act(_ endpoint: Endpoint) -> String {
        "\(endpoint.method.rawValue) \(endpoint.path)"
    }

    @Test func `the table has every act once, and the document tells the same roles`() throws {
        let table = try Self.table()
        #expect(Set(StaffRole.allCases) == Set(Self.columns))
        #expect(Set(Self.forRoles.map(Self.act)) == Set(table.keys))
        for endpoint in Self.forRoles {
            #expect(
                endpoint.access == .roles(table[Self.act(endpoint)] ?? []),
                "\(Self.act(endpoint))")
        }
    }

    @Test(arguments: StaffRole.allCases)
    func `a role may do what the table says and nothing else`(role: StaffRole) async throws {
        let table = try Self.table()
        try await withAPI { _, client in
            var program = APIProgram(client: client)
            try await program.signIn(role.rawValue.replacing("_", with: "-"))
            for endpoint in Self.forRoles {
                let act = Self.act(endpoint)
                let answer = try await program.ask(endpoint)
                let isRefused = answer.code == "role_missing"
                #expect(
                    isRefused == !(try #require(table[act]).contains(role)),
                    "\(role) \(act): \(answer.status) \(answer.code)")
                #expect(isRefused == (answer.status == .forbidden), "\(role) \(act)")
                // An example fits its own description, and nothing breaks.
                #expect(
                    ![400, 401, 405, 415].contains(answer.status.code)
                        && answer.status.code < 500,
                    "\(role) \(act): \(answer.status) \(answer.code) \(answer.body)")
            }
        }
    }

    @Test func `without a token, and with a browser's cookie, every act is refused`() async throws {
        try await withAPI { _, client in
            var browser = OfficeWebTests.Browser(client: client)
            try await browser.signIn("operator")
            let (cookie, secret) = (browser.cookie, browser.token)
            let program = APIProgram(client: client)
            for endpoint in OfficeAPI.endpoints where endpoint.access != .everybody {
                let bare = try await program.ask(endpoint)
                #expect(bare.status == .unauthorized, "\(Self.act(endpoint))")
                var headers: HTTPFields = [.cookie: cookie, .contentType: "application/json"]
                if let name = HTTPFields.Element.Name("X-CSRF-Token") { headers[name] = secret }
                for root in ["", "/"] {
                    let answer = try await client.execute(
                        uri: root + OfficeAPI.root + endpoint.path, method: endpoint.method,
                        headers: headers, body: ByteBuffer(string: "{}"))
                    #expect(answer.status == .unauthorized, "\(root)\(Self.act(endpoint))")
                }
            }
        }
    }
}
