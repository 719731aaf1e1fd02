import Domain
import Foundation
import GRDB
import Journal
import Testing

@testable import Till

struct HeldBasketTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func ringUp(_ sku: String = "YP0001", quantity: Int64 = 2) async throws {
        _ = try await till.store.addToBasket(of: "li", code: sku, quantity: quantity)
    }

    private func hold(_ note: String = "") async throws -> RecordID {
        let id = till.clock.world.makeID()
        _ = try await till.store.holdBasket(of: "li", note: note, id: id, at: till.clock.now)
        return id
    }

    @Test
    func
        `a held basket survives a restart with its prices and reasons, and any cashier resumes it`()
        async throws
    {
        try await ringUp()
        _ = try await till.store.changeBasketLine(
            of: "li", line: 1, quantity: nil, price: 1_700, reason: " 会员价 ")
        let before = try await till.store.basket(of: "li")
        let held = try await hold("张女士")
        #expect(try await till.store.basket(of: "li") == .empty)
        try till.store.close()
        let store = try till.folder.openStore()
        let list = try await store.heldBaskets()
        #expect(list.map(\.note) == ["张女士"])
        #expect(list.first?.total == 3_400)
        let resumed = try await store.resumeBasket(held, by: "wang")
        #expect(resumed.basket == before)
        #expect(resumed.basket.lines.first?.repriceReason == "会员价")
        #expect(resumed.dropped == 0)
        #expect(try await store.heldBaskets().isEmpty)
        await #expect(throws: BasketRefusal.unknownHeld) {
            try await store.resumeBasket(held, by: "li")
        }
    }

    @Test func `a basket taken up again is a new sale`() async throws {
        let checkout = till.makeCheckout { EnrolledTill.reply($0) }
        try await ringUp()
        let first = try await checkout.begin(login: "li")
        await #expect(throws: BasketRefusal.paymentOpen) { try await hold() }
        try await checkout.cancel(first, by: "li")
        let held = try await hold()
        _ = try await till.store.resumeBasket(held, by: "li")
        let second = try await checkout.begin(login: "li")
        #expect(second != first)
    }

    @Test func `goods in hand are not mixed with those held, and an empty basket is not held`()
        async throws
    {
        await #expect(throws: BasketRefusal.nothingToHold) { try await hold() }
        try await ringUp()
        await #expect(throws: BasketRefusal.noteLength) {
            try await hold(String(repeating: "长", count: 61))
        }
        let held = try await hold()
        try await ringUp("YP0002", quantity: 1)
        await #expect(throws: BasketRefusal.basketNotEmpty) {
            try await till.store.resumeBasket(held, by: "li")
        }
        #expect(try await till.store.heldBaskets().count == 1)
        #expect(try await till.store.discardBasket(held).isEmpty)
        #expect(try await till.store.basket(of: "li").total == 2_680)
    }

    @Test func `goods withdrawn meanwhile fall out, and the cashier is told`() async throws {
        try await ringUp()
        try await ringUp("YP0002", quantity: 1)
        let held = try await hold()
        try await till.apply([
            ChangeItem(topic: .product, key: "YP0002", version: 9, body: .removed)
        ])
        let resumed = try await till.store.resumeBasket(held, by: "li")
        #expect(resumed.dropped == 1)
        #expect(resumed.basket.lines.map(\.sku) == ["YP0001"])
    }

    @Test func `another price needs a reason, the list price none`() async throws {
        try await ringUp()
        for reason in [nil, " ", String(repeating: "长", count: 101)] {
            await #expect(throws: BasketRefusal.repriceReasonLength) {
                try await till.store.changeBasketLine(
                    of: "li", line: 1, quantity: nil, price: 1_700, reason: reason)
            }
        }
        _ = try await till.store.changeBasketLine(
            of: "li", line: 1, quantity: nil, price: 1_700, reason: "近效期")
        let kept = try await till.store.changeBasketLine(
            of: "li", line: 1, quantity: 5, price: nil)
        #expect(kept.lines.first?.repriceReason == "近效期")
        let back = try await till.store.changeBasketLine(
            of: "li", line: 1, quantity: nil, price: 1_850)
        #expect(back.lines.first?.repriceReason == nil)
        #expect(back.lines.first?.repricedBy == nil)
    }

    @Test func `O-04: a basket held, then paid without a line, stays paid after pull and restart`()
        async throws
    {
        try await ringUp()
        let held = try await hold()
        _ = try await till.store.resumeBasket(held, by: "li")
        try await till.store.storeApproval(
            try till.fingerprint(EnrolledTill.numbers.first), at: till.clock.now)
        let checkout = till.makeCheckout(answerBudget: .milliseconds(1)) { _ in nil }
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(
            payment, number: EnrolledTill.numbers.first, password: "123456")
        try await checkout.takeOffline(payment)
        // The next pull brings everything head office has, and nothing of it is a basket.
        try await till.apply([
            EnrolledTill.product("YP0001", "", "感冒颗粒", "10g×9袋", 1_900, version: 5)
        ])
        try till.store.close()
        let store = try till.folder.openStore()
        #expect(try await store.heldBaskets().isEmpty)
        #expect(try await store.basket(of: "li") == .empty)
        #expect(try await store.openPayments().isEmpty)
        let order = try await store.read { try Orders.find(payment.description, in: $0) }
        #expect(order?.summary.state == .unsent)
        #expect(order?.summary.total == 3_700)
        let count = try await store.read {
            try Int.fetchOne(
                $0, sql: "SELECT count(*) FROM journal_record WHERE kind = 'sale.completed'")
        }
        #expect(count == 1)
    }
}
