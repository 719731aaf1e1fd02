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
            `two programs on one queue send five sales once, with the numbers on the paper (O-03)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            var receipts: [String] = []
            for _ in 0..<5 {
                receipts.append(
                    try await cashier.sellOffline([("100001", 1)], price: 10, to: card).receipt)
            }
            try world.network.line.set(.whole)
            for _ in 0..<5 {
                let refused = #expect(throws: LabError.self) {
                    try world.network.runTill(["serve", "--port", "0"], on: till)
                }
                #expect(refused?.description.contains("data_file_in_use") == true)
            }
            try await world.waitUntilSent(cashier)
            try await world.expectOnce(receipts)
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
            let place = DemoNetwork.TillPlace(store: "GD0001", port: 0, folder: folder)
            let refused = #expect(throws: LabError.self) {
                try world.network.runTill(["serve", "--port", "0"], on: place)
            }
            #expect(refused?.description.contains("data_file_unavailable") == true)
        }

        /// A measurement: `HUIYIKA_MEASURE=1`. 20,000 records wait; how long until they are at head
        /// office, and how long a customer waits for an authorisation meanwhile.
        @Test(.enabled(if: ProcessInfo.processInfo.environment["HUIYIKA_MEASURE"] == "1"))
        @MainActor func `a backlog of 20,000 records drains while new sales go on (S-4)`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            let sale = try await cashier.sellOffline([("100001", 1)], price: 10, to: card)
            let path = "/api/sales/\(sale.id)/slips"
            while (integer(try await cashier.status()["unsentRecords"]) ?? 0) < 20_000 {
                for _ in 0..<200 { _ = try await cashier.client.post(path, json: [:]) }
            }
            let clock = ContinuousClock()
            try world.network.line.set(.whole)
            let began = clock.now
            var waits: [Duration] = []
            var left: Int64 = .max
            while left > 0 {
                let begun = try await cashier.ringUp([("100001", 1)], price: 1)
                let asked = clock.now
                let state = try await cashier.pay(begun.payment, with: card)
                guard state["state"] as? String == "completed" else {
                    _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/cancel")
                    continue
                }
                waits.append(clock.now - asked)
                left = integer(try await cashier.status()["unsentRecords"]) ?? 0
                if clock.now - began > .seconds(240) { break }
                if left < 20 { break }
            }
            let sorted = waits.sorted()
            try await world.waitUntilSent(cashier)
            let drained = clock.now - began
            let middle = try #require(sorted.dropFirst(sorted.count / 2).first)
            let worst = try #require(sorted.last)
            FileHandle.standardError.write(
                Data(
                    "measured: drained in \(drained), \(sorted.count) sales meanwhile, authorisation median \(middle), longest \(worst)\n"
                        .utf8))
            #expect(worst < .seconds(3))
        }
    }
}
