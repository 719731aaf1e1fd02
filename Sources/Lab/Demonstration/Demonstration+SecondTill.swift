import Foundation

extension Demonstration {
    /// A till beside the first one: what another till of the store sold is found, printed and taken back there too.
    func openSecondTill() async throws {
        let index = network.tills.index(before: network.tills.endIndex)
        report.step("A second till is opened at \(network.tills[index].store)")
        try await letIn(network.tills[index])
        try await network.startTill(network.tills[index])
        try await setUpPrinter(at: index)
    }

    /// The sale of the first till, as the second one finds and prints it.
    func lookFromTheSecondTill() async throws {
        guard let sale = onlineSale else { throw LabError("nothing was sold") }
        let index = network.tills.index(before: network.tills.endIndex)
        let cashier = try await self.cashier(at: index)
        let found: [String: Any] = try await eventually("the whole store's orders") {
            let answer = try await cashier.call(
                "POST", "/api/sales/search", ["number": sale.receipt])
            return answer["wholeStore"] as? Bool == true ? answer : nil
        }
        let orders = found["orders"] as? [[String: Any]] ?? []
        try report.expect("orders \(sale.receipt)", orders.count, 1)
        try report.expect("sold at", orders.first?["till"] as? String, network.tills[0].name)
        _ = try await cashier.call("POST", "/api/sales/\(sale.id)/slips")
        let paper = try await eventually("the slip at the second till") {
            network.printers[index].printer.slips.first { $0.text.contains(sale.receipt) }
        }
        let mark = "补打第 1 次 · \(network.tills[index].name)"
        try report.expect("its paper there says “\(mark)”", paper.text.contains(mark), paper.text)
    }
}
