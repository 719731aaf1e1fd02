// Faults that other shops met, played against the real programs; the numbers are theirs.

import Foundation
import Glibc
import PostgresDriver
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct FieldFaultTests {
        @Test @MainActor
        func `a lost reply doubles nothing through restarts on both sides and a double tap (O-01)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let before = try await world.balance(of: card)
            try world.network.line.set(.cut)
            let begun = try await cashier.ringUp([("100001", 1)], price: 3_500)
            _ = try await cashier.pay(begun.payment, with: card)
            // Two taps at once.
            let path = "/api/payments/\(begun.payment)/stand-in"
            async let first = cashier.client.post(path, json: [:])
            async let second = cashier.client.post(path, json: [:])
            let taps = [try await first, try await second]
            #expect(taps.contains { $0.json["state"] as? String == "completed" })
            let paid = try await cashier.call("GET", "/api/payments/\(begun.payment)")
            let sale = try cashier.sale(paid)

            let lost = world.network.line.repliesLost
            try world.network.line.set(.losesReplies)
            _ = try await eventually("the sale stored, its reply lost", within: 60) {
                let stored = try await world.witness.sales([sale.receipt]).sales == 1
                return stored && world.network.line.repliesLost > lost ? true : nil
            }
            try world.network.killTill(till)
            try await world.network.startTill(till)
            let again = world.network.line.repliesLost
            _ = try await eventually("a reply lost after the till's restart", within: 60) {
                world.network.line.repliesLost > again ? true : nil
            }
            try world.network.stopOffice()
            try await world.network.startOffice()
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
            #expect(try await world.balance(of: card) == before - 3_500)
            let kept = try await cashier.call("GET", "/api/sales/\(sale.id)")
            let summary = kept["summary"] as? [String: Any]
            #expect(summary?["receipt"] as? String == sale.receipt)
        }

        @Test @MainActor
        func `sales rung up while a backlog drains are each charged once (O-02)`() async throws {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let cards = [
                try await world.knownCard(at: 0), try await world.knownCard(at: 0),
            ]
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            var receipts: [String] = []
            for (index, price) in (1_001...1_008).enumerated() {
                receipts.append(
                    try await cashier.sellOffline(
                        [("100001", 1)], price: Int64(price), to: cards[index / 4]
                    ).receipt)
            }
            for (index, price) in (1_009...1_012).enumerated() {
                try world.network.line.set(.whole)
                try world.network.line.set(index.isMultiple(of: 2) ? .cut : .losesReplies)
                let begun = try await cashier.ringUp([("100001", 1)], price: Int64(price))
                var state = try await cashier.pay(begun.payment, with: cards[index / 2])
                if state["state"] as? String != "completed" {
                    state = try await cashier.call(
                        "POST", "/api/payments/\(begun.payment)/stand-in")
                }
                receipts.append(try cashier.sale(state).receipt)
            }
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            #expect(receipts.count == 12)
            try await world.expectOnce(receipts)
            var charged: Int64 = 0
            for card in cards { charged += 10_000 - 1 - (try await world.balance(of: card)) }
            #expect(charged == 8_036 + 4_042)
        }

        @Test @MainActor
        func
            `twelve sales over a line of two seconds are charged once, each under the id it got first (O-02)`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let cards = [
                try await world.knownCard(at: 0), try await world.knownCard(at: 0),
            ]
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            /// Receipts by the id that was on disk before anything was sent.
            var sold: [String: String] = [:]
            for price in 1_001...1_008 as ClosedRange<Int64> {
                let sale = try await cashier.sellOffline(
                    [("100001", 1)], price: price, to: cards[0])
                sold[sale.id] = sale.receipt
            }
            try await SlowLine.with(
                try world.officeStandIn(), to: world.network.directSyncAddress,
                through: world.sync, delay: .seconds(2)
            ) { port, slow in
                for price in 1_009...1_012 as ClosedRange<Int64> {
                    let count = slow.batches.count
                    try world.network.line.set(.leadsElsewhere(port: port))
                    try await eventually("a batch on its way", within: 60) {
                        slow.batches.count > count || sold.count > 8 ? () : nil
                    }
                    try world.network.line.set(.cut)
                    let begun = try await cashier.ringUp([("100001", 1)], price: price)
                    try world.network.line.set(.leadsElsewhere(port: port))
                    var state = try await cashier.pay(begun.payment, with: cards[1])
                    if state["state"] as? String == "no_answer" {
                        state = try await cashier.call(
                            "POST", "/api/payments/\(begun.payment)/stand-in")
                    }
                    let sale = try cashier.sale(state)
                    #expect(sale.id == begun.payment)
                    sold[sale.id] = sale.receipt
                }
                try await world.waitUntilSent(cashier)
                let carried = slow.batches.flatMap(\.self)
                print("O-02: ids carried by each batch:", slow.batches.map { $0.map(\.id) })
                print("O-02: ids asked to be authorised:", slow.authorisations)
                // The line was cut while the first batch was on its way, so it had to be sent again.
                #expect(carried.count > sold.count)
                #expect(
                    Set(carried)
                        == Set(sold.map { SlowLine.Carried(id: $0.key, receipt: $0.value) }))
                #expect(Set(slow.authorisations).isSubset(of: sold.keys))
            }
            try world.network.line.set(.whole)
            try await world.expectOnce(Array(sold.values))
            #expect(sold.count == 12)
            var charged: Int64 = 0
            for card in cards { charged += 10_000 - 1 - (try await world.balance(of: card)) }
            #expect(charged == 8_036 + 4_042)
        }

        @Test @MainActor
        func
            `two programs started at once on one queue send five sales once, twenty times over (O-03)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let before = try await world.balance(of: card)
            var receipts: [String] = []
            for round in 1...20 {
                try world.network.line.set(.cut)
                for _ in 0..<5 {
                    receipts.append(
                        try await cashier.sellOffline([("100001", 1)], price: 10, to: card).receipt)
                }
                try world.network.stopTill(till)
                let copies = try (1...2).map { try startCopy($0, of: till, round, world) }
                try world.network.line.set(.whole)
                try await eventually("one of the two gives up") {
                    copies.contains { !$0.isRunning } ? () : nil
                }
                try await world.waitUntilSent(cashier)
                let running = copies.filter(\.isRunning)
                #expect(running.count == 1)
                for copy in copies where !copy.isRunning {
                    #expect(copy.lastLines().contains("data_file_in_use"))
                }
                for copy in running { #expect(copy.stop()) }
                try await world.network.startTill(till)
            }
            #expect(receipts.count == 100)
            try await world.expectOnce(receipts)
            #expect(try await world.balance(of: card) == before - 1_000)
        }

        @MainActor private func startCopy(
            _ number: Int, of till: DemoNetwork.TillPlace, _ round: Int, _ world: World
        ) throws -> NodeProcess {
            try NodeProcess.start(
                "copy \(number)",
                program: world.network.programs.appending(path: "huiyika-till").path,
                arguments: ["serve", "--data", till.folder.path, "--port", "\(till.port)"],
                logFile: world.network.folder.appending(path: "copy-\(round)-\(number).log"))
        }

        /// What becomes of the original before the copy goes on.
        enum Original: CaseIterable {
            /// It never sent what the copy holds.
            case silent
            /// It sent all of it.
            case sentAll
            /// The whole folder came back to an older state, keys and all: a clone.
            case cloned
        }

        @Test(arguments: Original.allCases)
        @MainActor
        func `a till restored from a copy goes on under a new key, doubling nothing (O-28, S-5)`(
            original: Original
        ) async throws {
            let world = try await World.shared()
            let till = world.network.tills[1]
            var cashier = try await world.cashier(at: 1)
            let card = try await world.knownCard(at: 1)
            try await world.waitUntilSent(cashier)
            let code = (try await cashier.status())["till"] as? String ?? ""
            try world.network.line.set(.cut)
            var receipts: [String] = []
            for _ in 0..<5 {
                receipts.append(
                    try await cashier.sellOffline([("100001", 1)], price: 10, to: card).receipt)
            }
            let copy = world.network.folder.appending(path: "copy-\(original)").path
            if original == .cloned {
                try world.network.stopTill(till)
                try FileManager.default.copyItem(atPath: till.folder.path, toPath: copy)
                try await world.network.startTill(till)
            } else {
                let said = try world.network.runTill(["backup", "--to", copy], on: till)
                #expect(said.contains("unsent sales: 5"))
            }
            if original != .silent {
                try world.network.line.set(.whole)
                try await world.waitUntilSent(cashier)
            }
            try world.network.stopTill(till)
            try FileManager.default.removeItem(at: till.folder)
            if original == .cloned {
                try FileManager.default.copyItem(atPath: copy, toPath: till.folder.path)
                try await world.network.startTill(till)
                _ = try await eventually("the clone noticed", within: 60) {
                    try await cashier.status()["stopped"] as? String == "fork" ? true : nil
                }
                let refused = try await cashier.client.post(
                    "/api/basket/lines", json: ["code": "100001"])
                #expect(refused.status == 200)
                #expect(try await cashier.refusal("POST", "/api/payments") == "till_forked")
                try world.network.stopTill(till)
            } else {
                let said = try world.network.runTill(["restore", "--from", copy], on: till)
                #expect(said.contains("unsent sales: 5"))
            }
            try world.network.line.set(.whole)
            try await world.renew(till, as: code)
            world.forgetCashier(at: 1)
            cashier = try await world.cashier(at: 1)
            try await world.waitUntilSent(cashier)
            let status = try await cashier.status()
            #expect(status["till"] as? String == code)
            #expect(status["stopped"] == nil || status["stopped"] is NSNull)
            try await world.expectOnce(receipts)
            #expect(try await world.balance(of: card) == 10_000 - 1 - 50)
            let next = try await cashier.sell([("100001", 1)], price: 10, to: card)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce(receipts + [next.receipt])
            _ = try await eventually("everything acknowledged under the new key", within: 60) {
                try await world.witness.number(
                    """
                    SELECT count(*) AS n FROM till
                    WHERE code = \(code) AND durable_seq >= stated_seq AND epoch > 1
                    """) == 1 ? true : nil
            }
        }

        @Test @MainActor
        func
            `a file of unsent records is taken in by hand, and sending them later changes nothing`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            let sale = try await cashier.sellOffline([("100001", 1)], price: 210, to: card)
            let file = world.network.folder.appending(path: "unsent.json").path
            _ = try world.network.runTill(["export-unsent", "--to", file], on: till)
            // The private database runs in head office's own process.
            try world.network.stopOffice()
            let said = try world.network.runOffice(["import-unsent", "--from", file])
            #expect(said.contains("posted"))
            #expect(try world.network.runOffice(["import-unsent", "--from", file]) == said)
            try await world.network.startOffice()
            #expect(try await world.witness.sales([sale.receipt]).sales == 1)
            #expect(integer(try await cashier.status()["unsentSales"]) == 1)
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([sale.receipt])
        }

        @Test(.enabled(if: geteuid() == 0, "mounting a volume needs root"))
        @MainActor func `a read-only volume is refused in words (O-27 d)`() async throws {
            let world = try await World.shared()
            let folder = world.network.folder.appending(path: "read-only")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true)
            try NodeProcess.run(
                "/usr/bin/mount", ["-t", "tmpfs", "-o", "size=8m,ro", "tmpfs", folder.path])
            defer { _ = umount2(folder.path, Int32(MNT_DETACH)) }
            let place = DemoNetwork.TillPlace(
                store: "GD0001", name: "GD0001-01", port: 0, folder: folder)
            let refused = #expect(throws: LabError.self) {
                try world.network.runTill(["serve", "--port", "0"], on: place)
            }
            #expect(refused?.description.contains("data_file_unavailable") == true)
        }
    }
}
