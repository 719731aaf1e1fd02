import Domain
import Foundation
import PostgresDriver

extension Demonstration {
    func sellOnline() async throws {
        report.step("A sale online: the balance falls by exactly the total")
        let cashier = try await self.cashier(at: 0)
        let issuer = try await clerk("issuer")
        let before = try await issuer.balance(of: cards[0])
        let sale = try await cashier.sell([("100001", 2), ("100002", 1)], to: cards[0])
        onlineSale = sale
        report.saw("\(sale.receipt) \(yuan(sale.amount)) \(sale.mode)")
        try report.expect("mode", sale.mode, "authorised")
        try await waitUntilSent(cashier)
        try report.expect(
            "balance after", try await issuer.balance(of: cards[0]), before - sale.amount)
        try report.expect("balance on the slip", sale.remaining, before - sale.amount)
    }

    func sellOffline() async throws {
        report.step("The line is cut; three sales within the limits, one above is refused")
        try network.line.set(.cut)
        let cashier = try await self.cashier(at: 0)
        for (product, quantity) in [("100001", 3), ("100003", 2), ("100004", 1)] {
            let sale = try await cashier.sellOffline([(product, quantity)], to: cards[0])
            offlineSales.append(sale)
            report.saw("\(sale.receipt) \(yuan(sale.amount)) \(sale.mode)")
            try report.expect("mode", sale.mode, "stand_in")
        }
        let large = try await cashier.ringUp([("100005", 7)])
        _ = try await cashier.pay(large.payment, with: cards[0])
        let code = try await cashier.refusal("POST", "/api/payments/\(large.payment)/stand-in")
        try report.expect("\(yuan(large.amount)) offline", code, "over_sale_limit")
        _ = try await cashier.call("POST", "/api/payments/\(large.payment)/cancel")
        let unsent = integer(try await cashier.status()["unsentSales"]) ?? -1
        try report.expect("sales waiting at the till", unsent, 3)
    }

    func surviveTheKill() async throws {
        report.step("The till is killed while it sells, and started again")
        let till = network.tills[0]
        let cashier = try await self.cashier(at: 0)
        let begun = try await cashier.ringUp([("100010", 1)])
        _ = try await cashier.pay(begun.payment, with: cards[0])
        let accepting = Task { [client = cashier.client] in
            try? await client.post("/api/payments/\(begun.payment)/stand-in", json: [:])
        }
        try network.killTill(till)
        _ = await accepting.value
        try await network.startTill(till)
        let again = try await self.cashier(at: 0)
        for sale in offlineSales {
            let kept = try await again.call("GET", "/api/sales/\(sale.id)")
            let summary = kept["summary"] as? [String: Any]
            try report.expect("still there", summary?["receipt"] as? String, sale.receipt)
        }
        let state = try await again.call("GET", "/api/payments/\(begun.payment)")
        report.saw("the payment in the middle of it: \(state["state"] ?? "?")")
        if state["state"] as? String == "completed" {
            offlineSales.append(try again.sale(state))
        } else {
            _ = try await again.call("POST", "/api/payments/\(begun.payment)/cancel")
            report.saw("it was cancelled; nothing was sold, and its id can never be charged")
        }
    }

    func restoreTheLine() async throws {
        report.step("The line is back: everything arrives once, the balance is right")
        let issuer = try await clerk("issuer")
        let before = try await issuer.balance(of: cards[0])
        try network.line.set(.whole)
        let cashier = try await self.cashier(at: 0)
        try await waitUntilSent(cashier)
        try await expectOnce(offlineSales.map(\.receipt))
        let total = offlineSales.reduce(0) { $0 + $1.amount }
        try report.expect(
            "balance after \(offlineSales.count) sales of \(yuan(total))",
            try await issuer.balance(of: cards[0]), before - total)
    }

    func loseAReply() async throws {
        report.step(
            "A reply is lost after head office committed: the till sends the batch again, nothing changes"
        )
        let cashier = try await self.cashier(at: 0)
        let issuer = try await clerk("issuer")
        let before = try await issuer.balance(of: cards[0])
        try network.line.set(.cut)
        let sale = try await cashier.sellOffline([("100006", 1)], to: cards[0])
        try network.line.set(.losesReplies)
        let witness = try LedgerWitness(officeFolder: network.officeFolder)
        _ = try await eventually("the sale at head office", within: 60) {
            try await witness.sales([sale.receipt]).sales == 1 ? true : nil
        }
        await witness.close()
        let unsent = integer(try await cashier.status()["unsentSales"]) ?? -1
        try report.expect("the till does not know it yet; unsent sales", unsent, 1)
        try network.line.set(.whole)
        try await waitUntilSent(cashier)
        try report.expect("replies lost on the way", network.line.repliesLost > 0)
        try await expectOnce([sale.receipt])
        try report.expect(
            "balance fell once", try await issuer.balance(of: cards[0]), before - sale.amount)
        try await replayByHand()
    }

    /// The till's last batch is sent again by the operator's command, while the till is stopped.
    private func replayByHand() async throws {
        report.step("The last batch is replayed by hand: the same verdicts, no new row")
        let till = network.tills[0]
        let witness = try LedgerWitness(officeFolder: network.officeFolder)
        let before = try await rowCounts(witness)
        try network.stopTill(till)
        let lines = try network.runTill(["resend", "--last", "5"], on: till)
        report.write(
            lines.trimmed.split(separator: "\n").map { "     │ \($0)" }.joined(separator: "\n"))
        try report.expect(
            "records sent again", lines.trimmed.split(separator: "\n").count, 5)
        try report.expect(
            "sales, transfers and journal records", try await rowCounts(witness), before)
        await witness.close()
        try await network.startTill(till)
    }

    private func rowCounts(_ witness: LedgerWitness) async throws -> [Int64] {
        [
            try await witness.number("SELECT count(*) AS n FROM sale"),
            try await witness.number("SELECT count(*) AS n FROM transfer"),
            try await witness.number("SELECT count(*) AS n FROM journal_record"),
        ]
    }

    private func expectOnce(_ receipts: [String]) async throws {
        let witness = try LedgerWitness(officeFolder: network.officeFolder)
        let found = try await witness.sales(receipts)
        await witness.close()
        try report.expect("sales at head office", found.sales, Int64(receipts.count))
        try report.expect("transfers they made", found.transfers, Int64(receipts.count))
    }
}
