import Domain
import Receipts

enum Samples {
    static let granules = SaleLine(
        sku: "100001", name: "感冒灵颗粒", spec: "10g*9袋", list: Money(fen: 1300),
        price: Money(fen: 1250), quantity: 2, repricedBy: "wang")
    static let longName = SaleLine(
        sku: "100002", name: String(repeating: "复方丹参滴丸", count: 10), spec: "",
        list: Money(fen: 123_456), price: Money(fen: 123_456), quantity: 1)

    static func facts(
        event: SlipFacts.Event = .authorisedSale, lines: [SaleLine] = [granules],
        total: Int64 = 2500, holder: String? = "张*芳", balance: Int64? = 7500,
        isTest: Bool = false, storeName: String = "广州天河店"
    ) -> SlipFacts {
        SlipFacts(
            event: event,
            store: SlipFacts.Store(
                name: storeName, address: "广东省广州市天河区体育西路 1 号",
                telephones: [.init(.service, "400-800-1234"), .init(.fault, "400-800-5678")]),
            till: "GD0001-01", number: "GD0001-01-20261125-0001",
            time: Instant(milliseconds: 1_795_570_867_000), cashier: "王芳", lines: lines,
            total: Money(fen: total),
            card: SlipFacts.Card(
                mask: "6160 **** **** 0002", holder: holder,
                balance: balance.map(Money.init(fen:))),
            isTest: isTest)
    }

    static let refund = facts(
        event: .approvedRefund(
            saleNumber: "GD0001-01-20261124-0007", opinion: "包装完好，同意退货。", decidedBy: "李明"))

    static let offlineTest = facts(
        event: .standInSale, lines: [granules, longName], total: 125_956, holder: nil,
        balance: nil, isTest: true)
}
