import Foundation

extension Demonstration {
    func payByPhoneOffline() async throws {
        report.step("Still without a line: a phone pays, the till checks the code that it shows")
        let cashier = try await self.cashier(at: 0)
        let begun = try await cashier.ringUp([("100002", 2)])
        _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/qr")
        let shown = try await cashier.call("GET", "/api/payments/\(begun.payment)/qr")
        guard let address = shown["address"] as? String, address.hasPrefix(network.officeBase)
        else { throw LabError("a QR without head office's address: \(shown)") }
        let code = try await payOnPhone(String(address.dropFirst(network.officeBase.count)))
        let last = code.last.flatMap(\.wholeNumberValue) ?? 0
        let refusal = try await cashier.refusal(
            "POST", "/api/payments/\(begun.payment)/code",
            ["code": "\(code.dropLast())\((last + 1) % 10)"])
        try report.expect("a code with one digit changed", refusal, "confirmation_code_wrong")
        let sale = try cashier.sale(
            try await cashier.call(
                "POST", "/api/payments/\(begun.payment)/code", ["code": code]))
        report.saw("\(sale.receipt) \(yuan(sale.amount)) \(sale.mode), code \(code)")
        try report.expect("mode", sale.mode, "phone")
        offlineSales.append(sale)
    }

    /// What a customer does on the phone; gives the confirmation code.
    private func payOnPhone(_ path: String) async throws -> String {
        let phone = WebClient(base: network.officeBase, transport: network.web)
        let page = try await phone.get(path + "/pay")
        guard page.status == 200,
            let form = page.text.firstMatch(of: /name="form" value="([^"]+)"/)
        else { throw LabError("the phone sees \(page.status) \(page.text.prefix(200))") }
        let paid = try await phone.post(
            path + "/pay",
            form: [
                "form": String(form.1), "number": cards[0].number, "password": cards[0].password,
            ])
        guard let receipt = paid.location else {
            throw LabError("the phone was refused: \(paid.status)")
        }
        let shown = try await phone.get(receipt)
        guard let code = shown.text.firstMatch(of: /id="code"[^>]*>(\d{4} \d{4})</) else {
            throw LabError("a receipt without a code: \(shown.status)")
        }
        return String(code.1)
    }
}
