import Crypto
import Domain
import Foundation
import HTTPTransport
import PostgresDriver

extension Demonstration {
    func refund() async throws {
        report.step("A refund is asked for offline, approved with an opinion, and comes back")
        guard let sale = offlineSales.first else { throw LabError("nothing to refund") }
        try network.line.set(.cut)
        let cashier = try await self.cashier(at: 0)
        let other = try await cashier.refusal(
            "POST", "/api/sales/\(sale.id)/refunds",
            ["card": cards[1].number, "reason": "退货", "lines": NSNull()])
        try report.expect("another card's number", other, "card_differs")
        let asked = try await cashier.call(
            "POST", "/api/sales/\(sale.id)/refunds",
            ["card": cards[0].number, "reason": "顾客退货，未拆封", "lines": NSNull()])
        guard let request = asked["id"] as? String else { throw LabError("no request: \(asked)") }
        try report.expect("state at the till", asked["state"] as? String, "unsent")

        let issuer = try await clerk("issuer")
        let before = try await issuer.balance(of: cards[0])
        try network.line.set(.whole)
        try await waitUntilSent(cashier)
        try report.expect(
            "no money moves by the request", try await issuer.balance(of: cards[0]), before)
        try await decide(request)
        let decided: [String: Any] = try await eventually("the decision at the till", within: 60) {
            let seen = try await cashier.call("GET", "/api/refunds/\(request)")
            return seen["state"] as? String == "approved" ? seen : nil
        }
        try report.expect("opinion at the till", decided["opinion"] as? String, "已核对小票，同意")
        try report.expect(
            "balance after", try await issuer.balance(of: cards[0]), before + sale.amount)
        let slip = try await cashier.call("GET", "/api/refunds/\(request)/slip")
        let text = slip["merchant"] as? String ?? ""
        try report.expect("the slip names the sale", text.contains(sale.receipt), text)
        report.write(text.split(separator: "\n").map { "     │ \($0)" }.joined(separator: "\n"))
    }

    private func decide(_ request: String) async throws {
        let approver = try await clerk("approver")
        let digest = try await approver.digest(request)
        let silent = try await approver.refusal(
            "POST", "/refunds/\(request)/decide",
            ["verdict": "approved", "opinion": "", "digest": digest])
        try report.expect("no opinion, no decision", silent, "opinion_empty")
        try await approver.approveRefund(request, opinion: "已核对小票，同意")
        let twice = try await approver.refusal(
            "POST", "/refunds/\(request)/decide",
            ["verdict": "approved", "opinion": "再次", "digest": digest])
        try report.expect("a second decision", twice, "already_decided")
    }

    func refuseLastMonth() async throws {
        report.step("A refund of last month's sale is refused with the month rule's reason")
        guard let (sale, card) = lastMonthSale else { throw LabError("no sale of last month") }
        let cashier = try await self.cashier(at: 0)
        let answer = try await cashier.client.post(
            "/api/sales/\(sale.id)/refunds",
            json: ["card": card.number, "reason": "退货", "lines": NSNull()])
        try report.expect("code", answer.json["code"] as? String ?? "", "refund_month_over")
        report.saw("\(sale.receipt): \(answer.json["message"] ?? "")")
    }

    func useTheTestCard() async throws {
        report.step("A test card is refused at ¥1.00 and taken at ¥0.99")
        let cashier = try await self.cashier(at: 0)
        let begun = try await cashier.ringUp([("100001", 1)], price: 100)
        _ = try await cashier.call(
            "POST", "/api/payments/\(begun.payment)/card", ["number": testCard.number])
        let code = try await cashier.refusal(
            "POST", "/api/payments/\(begun.payment)/attempts",
            ["number": testCard.number, "password": testCard.password])
        try report.expect("¥1.00", code, "test_card_limit")
        _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/cancel")
        let sale = try await cashier.sell([("100001", 1)], price: 99, to: testCard)
        report.saw("\(sale.receipt) \(yuan(sale.amount)) \(sale.mode)")
        try await waitUntilSent(cashier)
    }

    func exportTheMonth() async throws {
        report.step(
            "Finance downloads the month; its totals equal the ledger's, which sums to zero")
        let month = TradingMonth(LabClock.now())
        let finance = try await clerk("finance")
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
        for name in ["monthly-sales", "ledger-detail"] {
            let file = Data(
                try await finance.download("GET", "/months/\(month)/reports/\(name)/file").utf8)
            let path = out.appending(path: "\(name)-\(month).csv")
            try file.write(to: path)
            let hash = SHA256.hash(data: file).map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            report.saw("\(path.lastPathComponent)  sha256 \(hash.prefix(16))…")
        }
        try await compareWithLedger(month)
        report.saw(try network.runOffice(["ledger", "verify"]).trimmed.replacing("\n", with: "; "))
        let written = try network.runOffice(
            ["report", "monthly", "--month", "\(month)", "--out", out.path])
        report.saw("the same from the shell: \(written.split(separator: "\n").count) files")
    }

    private func compareWithLedger(_ month: TradingMonth) async throws {
        let csv = try String(
            contentsOf: out.appending(path: "monthly-sales-\(month).csv"), encoding: .utf8)
        let rows = csv.split(whereSeparator: \.isNewline).map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: "\u{FEFF}\""))
            }
        }
        guard let heading = rows.first, let gross = heading.firstIndex(of: "销售额"),
            let refunds = heading.firstIndex(of: "退款"),
            let total = rows.first(where: { $0.first == "合计" })
        else { throw LabError("the export has no totals: \(csv)") }
        let witness = try LedgerWitness(officeFolder: network.officeFolder)
        let first = "\(month.firstDay)"
        let sold = try await witness.number(
            """
            SELECT coalesce(sum(amount), 0)::bigint AS n
            FROM transfer JOIN account ON account_id = to_account_id
            WHERE transfer.kind IN ('sale', 'shortfall') AND book = 'real'
              AND accounting_month = \(first)::text::date
            """)
        let refunded = try await witness.number(
            """
            SELECT coalesce(sum(amount), 0)::bigint AS n
            FROM transfer JOIN account ON account_id = to_account_id
            WHERE transfer.kind = 'refund' AND book = 'real'
              AND accounting_month = \(first)::text::date
            """)
        await witness.close()
        try report.expect("sales in the file", total[gross], Money(fen: sold).description)
        try report.expect("refunds in the file", total[refunds], Money(fen: refunded).description)
    }
}
