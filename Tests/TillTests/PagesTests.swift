import Domain
import Testing
import WebSupport

@testable import Till

struct PagesTests {
    @Test func `every template, word and asset fits`() throws {
        #expect(try TillWeb.makePages().lint() == [])
    }

    @Test func `every refusal has its words in both languages`() throws {
        let pages = try TillWeb.makePages()
        let refusals: [any Error] =
            BasketRefusal.allCases + CustomerRefusal.allCases + OverrideRefusal.allCases
            + PaymentRefusal.allCases
            + RefundRequestRefusal.allCases + OtherTillRefusal.allCases
            + AccountRefusal.allCases + CardRefusal.allCases + MoneyRefusal.allCases
            + DayCloseRefusal.examples
        let codes =
            refusals.compactMap { ShownRefusal($0)?.wordKey }
            + (AuthorisationRefusal.allCases.map(\.rawValue)
            + RecordException.allCases.map(\.rawValue)).map { "refusal." + $0 }
        #expect(codes.count > 60)
        #expect(pages.languages.missingKeys(among: codes) == [])
        let states =
            OrderState.allCases.map { "till.order.\($0.rawValue)" }
            + OrderRefundState.allCases.map { "till.orderRefund.\($0.rawValue)" }
            + RefundState.allCases.map { "till.refund.\($0.rawValue)" }
        #expect(pages.languages.missingKeys(among: states) == [])
        let conditions = OfflineCheck.Condition.allCases.flatMap {
            ["till.offline.\($0.rawValue)", "till.offline.\($0.rawValue).advice"]
        }
        #expect(pages.languages.missingKeys(among: conditions) == [])
    }
}
