// Trouble on the line: replies that are lost, and somebody else who answers.

import Foundation
import Hummingbird
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct LineTests {
        @Test @MainActor func `a reply lost three times in a row doubles nothing (O-01)`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let before = try await world.balance(of: card)
            try world.network.line.set(.cut)
            let sale = try await cashier.sellOffline([("100001", 1)], price: 150, to: card)
            let lost = world.network.line.repliesLost
            try world.network.line.set(.losesReplies)
            _ = try await eventually("three lost replies and the sale stored", within: 60) {
                let stored = try await world.witness.sales([sale.receipt]).sales == 1
                return stored && world.network.line.repliesLost >= lost + 3 ? true : nil
            }
            #expect(integer(try await cashier.status()["unsentSales"]) == 1)
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
            #expect(try await world.balance(of: card) == before - 150)
        }

        @Test(arguments: ["foreign", "own"])
        @MainActor func `somebody else's answers are no answers (O-05)`(certificate: String)
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let server =
                certificate == "own" ? try world.officeStandIn() : try strangersServer(world)
            try world.network.line.set(.cut)
            let sale = try await cashier.sellOffline([("100001", 1)], price: 130, to: card)
            let answers = [
                ("<html><body>请先登录网络</body></html>", "text/html", HTTPResponse.Status.ok),
                ("", "text/html", .found), ("", "text/html", .ok),
                (#"{"batch":"x","verdicts":[]}"#, "application/json", .ok),
                ("", "text/html", .noContent), (#"{"batch":"01"#, "application/json", .ok),
            ]
            for (text, type, status) in answers {
                try await Portal.with(server, answering: text, type: type, status: status) {
                    port, portal in
                    try world.network.line.set(.leadsElsewhere(port: port))
                    let begun = try await cashier.ringUp([("100001", 1)], price: 100)
                    let asked = try await cashier.pay(begun.payment, with: card)
                    #expect(asked["state"] as? String == "no_answer")
                    _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/cancel")
                    if certificate == "own" {
                        _ = try await eventually("the till asking the portal") {
                            portal.requestCount >= 1 ? true : nil
                        }
                    } else {
                        #expect(portal.requestCount == 0)
                    }
                    let status = try await cashier.status()
                    #expect(status["online"] as? Bool == false)
                    #expect(integer(status["unsentSales"]) == 1)
                    #expect(try await world.witness.sales([sale.receipt]).sales == 0)
                }
            }
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
            #expect(try await cashier.status()["online"] as? Bool == true)
        }

        /// A server with a certificate of nobody the till knows.
        @MainActor private func strangersServer(_ world: World) throws -> TLSAnswerer {
            let files = ["portal.pem", "portal.key"].map {
                world.network.folder.appending(path: $0)
            }
            try NodeProcess.run(
                "/usr/bin/openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", files[1].path, "-out",
                    files[0].path,
                ])
            return TLSAnswerer(
                certificate: try String(contentsOf: files[0], encoding: .utf8),
                key: try String(contentsOf: files[1], encoding: .utf8))
        }
    }
}
