// Head office or its database dies in the middle of a batch.

import Foundation
import PostgresDriver
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct OfficeCrashTests {
        /// Sells offline until so many records wait: sales, their slips and reprints.
        @MainActor private func backlog(_ world: World, of recordCount: Int64) async throws
            -> [String]
        {
            let cashier = try await world.cashier(at: 1)
            let card = try await world.knownCard(at: 1)
            try await world.waitUntilSent(cashier)
            try world.network.line.set(.cut)
            var receipts: [String] = []
            while (integer(try await cashier.status()["unsentRecords"]) ?? 0) < recordCount {
                let sale = try await cashier.sellOffline([("100001", 1)], price: 10, to: card)
                receipts.append(sale.receipt)
                for _ in 0..<8 {
                    _ = try await cashier.call("POST", "/api/sales/\(sale.id)/slips")
                }
            }
            return receipts
        }

        /// Waits until head office's transaction stands before a table that is locked meanwhile, and does something
        /// to it there.
        @MainActor private func inTheMiddleOfABatch(
            _ world: World, _ act: @escaping @MainActor () throws -> Void
        ) async throws {
            let blocker = try LedgerWitness(officeFolder: world.network.officeFolder)
            let (locked, source) = AsyncStream.makeStream(of: Void.self)
            let holding = Task {
                try? await blocker.hold("LOCK TABLE exception, sale IN ACCESS EXCLUSIVE MODE") {
                    source.yield()
                }
            }
            for await _ in locked { break }
            try world.network.line.set(.whole)
            do {
                _ = try await eventually("head office standing in a batch", within: 60) {
                    let waiting = try await world.witness.number(
                        """
                        SELECT count(*) AS n FROM pg_stat_activity
                        WHERE wait_event_type = 'Lock' AND state = 'active'
                        """)
                    return waiting > 0 ? true : nil
                }
                try act()
            } catch {
                holding.cancel()
                blocker.release()
                await blocker.close()
                throw error
            }
            blocker.release()
            await holding.value
            await blocker.close()
        }

        @Test @MainActor func `head office killed in a batch of 600 takes each record once`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 1)
            let receipts = try await backlog(world, of: 600)
            try await inTheMiddleOfABatch(world) { world.network.killOffice() }
            #expect((integer(try await cashier.status()["unsentRecords"]) ?? 0) >= 600)
            try await world.network.startOffice()
            try await world.waitUntilSent(cashier)
            try await world.expectOnce(receipts)
        }

        @Test @MainActor func `PostgreSQL killed in a batch is started again and nothing is lost`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 1)
            let receipts = try await backlog(world, of: 60)
            let pidFile = world.network.officeFolder.appending(
                path: "postgres/data/postmaster.pid")
            let postmaster = try #require(
                pid_t(
                    String(contentsOf: pidFile, encoding: .utf8).split(separator: "\n").first ?? ""
                ))
            try await inTheMiddleOfABatch(world) { kill(postmaster, SIGKILL) }
            try await world.waitUntilSent(cashier)
            try await world.expectOnce(receipts)
            // The pages work again without anybody's help.
            _ = try await world.balance(of: world.takeCard())
        }
    }
}
