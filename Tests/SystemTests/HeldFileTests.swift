// Another program keeps the till's file, or the whole till dies beside a printer that is not done.

import Foundation
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct HeldFileTests {
        static let python = "/usr/bin/python3"

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: python)))
        @MainActor
        func
            `another program that holds the till's file for half a minute freezes nothing and halves no sale (O-27 e)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let before = try await world.balance(of: card)
            try world.network.line.set(.cut)
            let begun = try await cashier.ringUp([("100001", 1)], price: 270)
            _ = try await cashier.pay(begun.payment, with: card)
            let holder = try await holdFile(of: till, seconds: 30, world)
            let payment = "/api/payments/\(begun.payment)"
            var state = try await cashier.call("POST", payment + "/stand-in")
            var refusals = 0
            while holder.isRunning, state["state"] as? String != "completed" {
                #expect(state["state"] as? String == "not_stored", "\(state)")
                #expect((state["message"] as? String ?? "").contains("磁盘"), "\(state)")
                // What else writes is refused in words; what only reads goes on: the counter is not frozen.
                let basket = try await cashier.client.post(
                    "/api/basket/lines", json: ["code": "100016"])
                if holder.isRunning {
                    #expect(basket.status == 503, "\(basket.text)")
                    #expect(basket.json["code"] as? String == "data_file_unavailable")
                }
                #expect(try await cashier.client.get("/api/products?q=ganmao").status == 200)
                #expect(try await cashier.client.get("/api/status").status == 200)
                refusals += 1
                try await Task.sleep(for: .milliseconds(500))
                state = try await cashier.call("POST", payment + "/retry")
            }
            print("O-27 e: \(refusals) refusals while the file was held")
            // Only the first waits out its five seconds; were each to wait, six would fill the time.
            #expect(refusals > 6)
            try await eventually("the file is let go") { holder.isRunning ? nil : () }
            if state["state"] as? String != "completed" {
                state = try await cashier.call("POST", payment + "/retry")
            }
            let sale = try cashier.sale(state)
            _ = try await cashier.call("DELETE", "/api/basket")
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
            #expect(try await world.balance(of: card) == before - 270)
        }

        /// Another program's write transaction on the till's file.
        @MainActor private func holdFile(
            of till: DemoNetwork.TillPlace, seconds: Int, _ world: World
        ) async throws -> NodeProcess {
            let program = """
                import sqlite3, sys, time
                held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
                held.execute("BEGIN IMMEDIATE")
                print("held", flush=True)
                time.sleep(int(sys.argv[2]))
                held.execute("ROLLBACK")
                """
            let holder = try NodeProcess.start(
                "holder", program: Self.python,
                arguments: [
                    "-c", program, till.folder.appending(path: "till.sqlite").path, "\(seconds)",
                ], logFile: world.network.folder.appending(path: "holder.log"))
            try await eventually("the file is held") {
                holder.lastLines().contains("held") ? () : nil
            }
            return holder
        }

        /// What a person says who has looked at the paper of a slip in question.
        enum Look: String, CaseIterable {
            /// It is whole.
            case printed
            /// It is torn or nowhere: print it again.
            case again
        }

        @Test(arguments: Look.allCases)
        @MainActor
        func `a till killed beside a slow printer counts and marks its papers right (O-22, O-27 c)`(
            look: Look
        ) async throws {
            let world = try await World.shared()
            let till = world.network.tills[1]
            let printer = world.network.printers[1].printer
            let manager = Cashier(
                client: WebClient(base: till.base, transport: world.network.web))
            let cashier = try await world.cashier(at: 1)
            let card = try await world.knownCard(at: 1)
            try await world.waitUntilSent(cashier)
            try await manager.client.signIn("manager", "manager-demo-1")
            let added = try await manager.call(
                "POST", "/api/printers",
                [
                    "slip": "sale", "name": "慢打印机 \(look)", "device": "tcp",
                    "address": "127.0.0.1:\(printer.port)", "paper": 58, "encoding": "gb18030",
                    "copies": 2, "language": "zh-Hans",
                ])
            let first = printer.slips.count
            printer.becomes(.slow, afterBytes: 200)
            let sale = try await cashier.sell([("100001", 1)], price: 50, to: card)
            _ = try await jobs(of: sale, cashier, until: ["sending", "waiting"])
            try world.network.killTill(till)
            try await world.network.startTill(till)
            let stopped = try await jobs(of: sale, cashier, until: ["unknown", "waiting"])
            try printer.set([])
            _ = try await jobs(of: sale, cashier, until: ["unknown", "printed"])
            // The printer had the first paper whole in its memory; the till cannot know that.
            let question = try #require(stopped.first { $0["state"] as? String == "unknown" })
            let id = try #require(integer(question["id"]))
            _ = try await manager.call("POST", "/api/print-jobs/\(id)/\(look)")
            _ = try await jobs(
                of: sale, cashier,
                until: ["printed", "printed"] + (look == .again ? ["dropped"] : []))
            let papers = printer.slips.dropFirst(first).map { paper in
                (paper.text.contains("商户存根") ? "merchant" : "customer")
                    + (paper.text.contains("补打第 1 次") ? " again" : "")
            }
            #expect(
                papers == ["merchant", "customer"] + (look == .again ? ["merchant again"] : []))
            #expect(printer.slips.dropFirst(first).allSatisfy { $0.text.contains(sale.receipt) })
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
            let printerID = try #require(added["id"] as? String)
            _ = try await manager.call("DELETE", "/api/printers/\(printerID)")
        }

        /// Waits for the states of a sale's papers, in any order, and gives them.
        @MainActor private func jobs(
            of sale: DemoSale, _ cashier: Cashier, until states: [String]
        ) async throws -> [[String: Any]] {
            var seen: [String] = []
            do {
                return try await eventually("the papers' states", within: 60) {
                    let answer = try await cashier.call("GET", "/api/sales/\(sale.id)/slips")
                    let jobs = answer["jobs"] as? [[String: Any]] ?? []
                    seen = jobs.compactMap { $0["state"] as? String }.sorted()
                    return seen == states.sorted() ? jobs : nil
                }
            } catch {
                throw LabError("\(states): \(seen)")
            }
        }
    }
}
