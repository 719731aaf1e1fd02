// The till's own machine fails: power, disk, a second program on the same data.

import Foundation
import Glibc
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct TillCrashTests {
        static let tracer = "/usr/bin/strace"

        @Test @MainActor func `a second till program on the same data is refused (O-03)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            _ = try await world.cashier(at: 0)
            let refused = #expect(throws: LabError.self) {
                try world.network.runTill(["serve", "--port", "0"], on: till)
            }
            #expect(refused?.description.contains("data_file_in_use") == true)
            _ = try await world.cashier(at: 0).call("GET", "/api/basket")
        }

        @Test @MainActor
        func `thirty kills in a stream of sales lose none that was acknowledged (O-27 c)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            let before = try await world.balance(of: card)
            try world.network.line.set(.cut)
            let began = ContinuousClock.now
            let first = try await cashier.sellOffline([("100001", 1)], price: 10, to: card)
            let sale = ContinuousClock.now - began
            var acknowledged = [first.id: first]
            for _ in 0..<30 {
                // Sells until the till is gone; the kill falls anywhere in that.
                let selling = Task { () -> [DemoSale] in
                    var sold: [DemoSale] = []
                    while let sale = try? await cashier.sellOffline(
                        [("100001", 1)], price: 10, to: card)
                    { sold.append(sale) }
                    return sold
                }
                try await Task.sleep(for: sale * .random(in: 0...4))
                try world.network.killTill(till)
                for sale in await selling.value { acknowledged[sale.id] = sale }
                try await world.network.startTill(till)
            }
            #expect(acknowledged.count >= 10)
            let sales = try await finishOpenPayments(cashier)
            for sale in acknowledged.values {
                let kept = try await cashier.call("GET", "/api/sales/\(sale.id)")
                let summary = kept["summary"] as? [String: Any]
                #expect(summary?["receipt"] as? String == sale.receipt)
            }
            try world.network.stopTill(till)
            #expect(try world.network.runTill(["verify"], on: till).contains("the chain holds"))
            try world.network.line.set(.whole)
            try await world.network.startTill(till)
            try await world.waitUntilSent(cashier)
            let unsentSales = sales.union(acknowledged.values.map(\.receipt))
            try await world.expectOnce(Array(unsentSales))
            // Not one more than the till says it sold.
            let fallen = before - (try await world.balance(of: card))
            #expect(fallen == Int64(try await soldTo(card, cashier).count - 1) * 10)
        }

        /// Ends what a kill left open, and gives the receipts of what turns out to be sold.
        @MainActor private func finishOpenPayments(_ cashier: Cashier) async throws -> Set<String> {
            let open = try await cashier.call("GET", "/api/payments")
            for payment in open["payments"] as? [[String: Any]] ?? [] {
                let id = payment["id"] as? String ?? ""
                _ = try await cashier.call("POST", "/api/payments/\(id)/cancel")
            }
            let found = try await cashier.client.post("/api/sales/search", json: [:])
            let orders = found.json["orders"] as? [[String: Any]] ?? []
            return Set(
                orders.filter { $0["state"] as? String == "unsent" }
                    .compactMap { $0["receipt"] as? String })
        }

        @MainActor private func soldTo(_ card: DemoCard, _ cashier: Cashier) async throws
            -> [[String: Any]]
        {
            let found = try await cashier.client.post(
                "/api/sales/search", json: ["card": card.number])
            return found.json["orders"] as? [[String: Any]] ?? []
        }

        @Test(.enabled(if: geteuid() == 0, "mounting a small disk needs root"))
        @MainActor
        func `a full disk refuses before money is taken, and room brings it back (O-27 a)`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[2]
            try FileManager.default.createDirectory(
                at: till.folder, withIntermediateDirectories: true)
            try NodeProcess.run(
                "/usr/bin/mount",
                ["-t", "tmpfs", "-o", "size=96m,mode=0700", "tmpfs", till.folder.path])
            defer { _ = umount2(till.folder.path, Int32(MNT_DETACH)) }
            try await world.enrol(till)
            let cashier = try await world.cashier(at: 2)
            let card = try await world.knownCard(at: 2)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            let kept = try await cashier.sellOffline([("100001", 1)], price: 120, to: card)
            let begun = try await cashier.ringUp([("100001", 1)], price: 140)
            let asked = try await cashier.pay(begun.payment, with: card)
            #expect(asked["state"] as? String == "no_answer")

            for leaving in [32 << 20, 0] as [Int] {
                try fill(till.folder, leaving: leaving)
                let path = "/api/payments/\(begun.payment)/stand-in"
                let answer = try await cashier.client.post(path, json: [:])
                #expect(answer.status == 507)
                #expect(answer.json["code"] as? String == "disk_nearly_full")
                #expect((answer.json["message"] as? String ?? "").contains("磁盘"))
                let next = try await cashier.client.post("/api/payments", json: [:])
                #expect(next.status == 507, "\(next.text)")
            }
            let order = try await cashier.call("GET", "/api/sales/\(kept.id)")
            #expect(
                (order["summary"] as? [String: Any])?["receipt"] as? String == kept.receipt)

            try FileManager.default.removeItem(at: till.folder.appending(path: "filler"))
            let sold = try cashier.sale(
                try await cashier.call("POST", "/api/payments/\(begun.payment)/stand-in"))
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            try await world.expectOnce([kept.receipt, sold.receipt])
            #expect(try await world.balance(of: card) == 10_000 - 1 - 120 - 140)
            try world.network.stopTill(till)
        }

        /// Writes a file until no more than so many bytes are free.
        private func fill(_ folder: URL, leaving count: Int) throws {
            let descriptor = open(
                folder.appending(path: "filler").path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            guard descriptor >= 0 else { throw LabError("no filler") }
            defer { close(descriptor) }
            let piece = [UInt8](repeating: 1, count: 64 << 10)
            var state = statvfs()
            while statvfs(folder.path, &state) == 0,
                Int(state.f_bavail) * Int(state.f_frsize) > count
            {
                if write(descriptor, piece, piece.count) <= 0 { return }
            }
        }

        @Test(.enabled(if: access(tracer, X_OK) == 0, "strace is not installed"))
        @MainActor func `a disk that fails to sync never makes a sale that exists look failed`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            let cashier = try await world.cashier(at: 0)
            let card = try await world.knownCard(at: 0)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            try world.network.stopTill(till)
            var receipts: [String] = []
            // The tracer counts for each thread of the till by itself.
            for number in [1, 1, 2, 2, 3, 4] {
                let process = try await world.network.startTill(till)
                let tracer = try await failSyncs(of: process, at: number, world)
                var answers: [String: String] = [:]
                for _ in 0..<3 {
                    guard let begun = try? await cashier.ringUp([("100001", 1)], price: 10) else {
                        continue
                    }
                    _ = try? await cashier.pay(begun.payment, with: card)
                    let answer = try await cashier.client.post(
                        "/api/payments/\(begun.payment)/stand-in", json: [:])
                    answers[begun.payment] = answer.json["state"] as? String ?? "refused"
                }
                tracer.kill()
                try world.network.stopTill(till)
                try await world.network.startTill(till)
                for (payment, answer) in answers {
                    let state = try await cashier.call("GET", "/api/payments/\(payment)")
                    let isSold = state["state"] as? String == "completed"
                    switch answer {
                    case "completed": #expect(isSold, "\(number): \(answer), then \(state)")
                    case "asking": break
                    default: #expect(!isSold, "\(number): \(answer), then \(state)")
                    }
                    if isSold { receipts.append(state["receipt"] as? String ?? "") }
                }
                _ = try await finishOpenPayments(cashier)
                try world.network.stopTill(till)
                #expect(
                    try world.network.runTill(["verify"], on: till).contains("the chain holds"))
            }
            try await world.network.startTill(till)
            try world.network.line.set(.whole)
            try await world.waitUntilSent(cashier)
            #expect(!receipts.isEmpty)
            let log = world.network.folder.appending(path: "till-\(till.port).log")
            #expect(
                try String(contentsOf: log, encoding: .utf8).contains("disk failed while writing"))
            try await world.expectOnce(receipts)
        }

        /// Lets the n-th sync of each of the till's threads fail from now on.
        @MainActor private func failSyncs(
            of process: NodeProcess, at number: Int, _ world: World
        ) async throws -> NodeProcess {
            let tracer = try NodeProcess.start(
                "tracer", program: Self.tracer,
                arguments: [
                    "-f", "-qq", "-o", "/dev/null", "-p", "\(process.processID)", "-e",
                    "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=\(number)",
                ], logFile: world.network.folder.appending(path: "tracer.log"))
            let threads = "/proc/\(process.processID)/task"
            _ = try await eventually("every thread traced") {
                try FileManager.default.contentsOfDirectory(atPath: threads).allSatisfy {
                    try !String(contentsOfFile: "\(threads)/\($0)/status", encoding: .utf8)
                        .contains("TracerPid:\t0\n")
                } ? true : nil
            }
            return tracer
        }
    }
}
