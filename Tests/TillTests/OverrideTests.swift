import Domain
import Foundation
import GRDB
import Journal
import Testing
import WebSupport

@testable import Till

struct OverrideTests {
    private let till: EnrolledTill
    private let approval: ManagerApproval

    init() async throws {
        till = try await EnrolledTill()
        let cheap = PasswordWorker(cost: .init(logRounds: 4, blockSize: 8, parallelism: 1))
        let verifier = try await cheap.make("manager word").text
        try await till.apply([
            ChangeItem(
                topic: .account, key: "chen", version: 2,
                body: .account(
                    .init(
                        isDisabled: false, login: "chen", name: "陈店长",
                        roles: [.cashier, .manager], verifier: verifier)))
        ])
        approval = ManagerApproval(
            signIn: StaffSignIn(
                store: till.store, passwords: PasswordWorker(), world: till.clock.world))
    }

    /// A payment of that many pieces at ¥26.80 that head office did not answer.
    private func unanswered(
        _ quantity: Int64, number: String = EnrolledTill.numbers.first
    ) async throws -> (Checkout, RecordID) {
        try await till.store.storeApproval(
            try till.fingerprint(number), at: till.clock.now)
        let checkout = till.makeCheckout(answerBudget: .milliseconds(1)) { _ in nil }
        _ = try await till.store.addToBasket(of: "li", code: "YP0002", quantity: quantity)
        let payment = try await checkout.begin(login: "li")
        try await checkout.attempt(payment, number: number, password: "123456")
        return (checkout, payment)
    }

    private func word(_ reason: String = "老顾客") async throws -> ManagerOverride {
        try await approval.check(
            OverrideEntry(login: "chen", password: "manager word", reason: reason))
    }

    private func recorded(_ payment: RecordID) async throws -> SaleCompleted? {
        try await till.store.read { database in
            guard
                let bytes = try Data.fetchOne(
                    database, sql: "SELECT bytes FROM journal_record WHERE id = ?",
                    arguments: [payment.description]),
                case .saleCompleted(let sale) = try JournalRecord(bytes: Array(bytes)).body
            else { return nil }
            return sale
        }
    }

    @Test func `a manager lifts the per-sale limit once, and the record says who, why and what`()
        async throws
    {
        let (checkout, payment) = try await unanswered(10)
        await #expect(throws: StandInRefusal.overSaleLimit(limit: Money(fen: 20_000))) {
            try await checkout.takeOffline(payment)
        }
        try await checkout.takeOffline(payment, allowedBy: try await word())
        let sale = try #require(try await recorded(payment))
        #expect(
            sale.override == .init(by: "chen", limit: Money(fen: 20_000), reason: "老顾客"))
        let order = try await till.store.read { try Orders.find(payment.description, in: $0) }
        #expect(order?.override?.by == "chen")
        // One sale: the next one needs its own word.
        let (next, other) = try await unanswered(8, number: EnrolledTill.numbers.second)
        await #expect(throws: StandInRefusal.overSaleLimit(limit: Money(fen: 20_000))) {
            try await next.takeOffline(other)
        }
    }

    @Test func `no manager lifts it beyond twice, nor any other limit`() async throws {
        let (checkout, payment) = try await unanswered(15)
        let given = try await word()
        await #expect(throws: StandInRefusal.overSaleLimit(limit: Money(fen: 40_000))) {
            try await checkout.takeOffline(payment, allowedBy: given)
        }
        try await checkout.cancel(payment, by: "li")
        _ = try await till.store.clearBasket(of: "li")
        // ¥268.00 unsent already: ¥241.20 more is within twice the sale's limit, not the card's.
        let (first, one) = try await unanswered(10)
        try await first.takeOffline(one, allowedBy: given)
        let (second, two) = try await unanswered(9)
        await #expect(
            throws: StandInRefusal.overCardLimit(
                limit: Money(fen: 50_000), used: Money(fen: 26_800))
        ) {
            try await second.takeOffline(two, allowedBy: given)
        }
        #expect(try await recorded(two) == nil)
    }

    @Test func `a sale within the limit takes no manager's word`() async throws {
        let (checkout, payment) = try await unanswered(2)
        let given = try await word()
        await #expect(throws: PaymentRefusal.overrideNotNeeded) {
            try await checkout.takeOffline(payment, allowedBy: given)
        }
        try await checkout.takeOffline(payment)
        #expect(try await recorded(payment)?.override == nil)
    }

    @Test func `a cashier, a wrong password and old knowledge are refused, and tries are counted`()
        async throws
    {
        await #expect(throws: OverrideRefusal.notManager) {
            try await approval.check(
                OverrideEntry(login: "li", password: EnrolledTill.password, reason: "好"))
        }
        let wrong = OverrideEntry(login: "chen", password: "no", reason: "好")
        for _ in 1...5 {
            await #expect(throws: ShownRefusal.self) { try await approval.check(wrong) }
        }
        await #expect(throws: RequestRefusal.self) { try await word() }
        till.clock.advance(seconds: 8 * 86_400)
        await #expect(throws: OverrideRefusal.knowledgeTooOld) { try await word() }
    }

    @Test func `what head office approves after all carries no override`() async throws {
        let (checkout, payment) = try await unanswered(10)
        try await till.store.storeOverride(
            try await word(), limit: Money(fen: 20_000), payment: payment)
        let identity = till.identity
        let asked = AuthorisationRequest(
            amount: Money(fen: 26_800), attempt: 1, at: till.clock.now, credential: [],
            fingerprint: try till.fingerprint(EnrolledTill.numbers.first), offset: nil,
            payment: payment, tillHead: try await till.store.read { try JournalBook.head(in: $0) },
            unsentForCard: .zero, version: 1)
        _ = try await till.store.commitSale(
            payment, acceptance: .authorised(EnrolledTill.reply(asked)), at: till.clock.now,
            identity: identity)
        #expect(try await recorded(payment)?.override == nil)
        _ = checkout
    }
}
