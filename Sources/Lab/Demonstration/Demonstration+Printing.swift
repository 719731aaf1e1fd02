import Foundation

extension Demonstration {
    /// A till gets the printer beside it, for both kinds of slip.
    func setUpPrinter(at index: Int) async throws {
        let printer = network.printers[index].printer
        let manager = try await cashier(at: index, "manager")
        for slip in ["sale", "refund"] {
            _ = try await manager.call(
                "POST", "/api/printers",
                [
                    "slip": slip, "name": "前台打印机", "device": "tcp",
                    "address": "127.0.0.1:\(printer.port)",
                    "paper": printer.columns == 48 ? 80 : 58, "encoding": "gb18030",
                    "copies": 2, "language": "zh-Hans", "pictures": true,
                ])
        }
        let state: String = try await eventually("the printer's state", within: 30) {
            let answer = try await manager.call("GET", "/api/printers")
            let printers = answer["printers"] as? [[String: Any]] ?? []
            return printers.first?["state"] as? String
        }
        try report.expect("printer at \(network.tills[index].name)", state, "ready")
    }

    /// What came out of the printer after the sale.
    func lookAtThePaper() async throws {
        report.step("The slip came out of the printer by itself, in two copies")
        guard let sale = onlineSale else { throw LabError("nothing was sold") }
        let cashier = try await self.cashier(at: 0)
        let states: [String] = try await eventually("both copies printed", within: 30) {
            let answer = try await cashier.call("GET", "/api/sales/\(sale.id)/slips")
            let jobs = answer["jobs"] as? [[String: Any]] ?? []
            let states = jobs.compactMap { $0["state"] as? String }
            return states.count == 2 && states.allSatisfy { $0 == "printed" } ? states : nil
        }
        report.saw("print jobs: \(states.joined(separator: ", "))")
        let place = network.printers[0]
        let papers = place.printer.slips.enumerated()
            .filter { $0.element.text.contains(sale.receipt) }
        try report.expect("papers of \(sale.receipt)", papers.count, 2)
        guard let merchant = papers.first, let customer = papers.last else { return }
        try report.expect("the first is", merchant.element.text.contains("商户存根"), "商户存根")
        try report.expect("the second is", customer.element.text.contains("顾客联"), "顾客联")
        report.write(
            customer.element.text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { "     │ \($0)" }.joined(separator: "\n"))
        try FileManager.default.createDirectory(at: out, withIntermediateDirectories: true)
        if let picture = place.picture(of: merchant.offset + 1) {
            let kept = out.appending(path: "slip.png")
            try? FileManager.default.removeItem(at: kept)
            try FileManager.default.copyItem(at: picture, to: kept)
            report.saw("the merchant's copy as a picture: \(kept.lastPathComponent)")
        }
    }
}
