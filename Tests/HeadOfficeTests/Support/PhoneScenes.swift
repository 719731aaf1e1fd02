import Domain
import Journal
import PostgresDriver
import Testing
import WebSupport

@testable import HeadOffice

/// What the tests of payments by phone begin with.
protocol PhoneScenes {}

extension PhoneScenes {
    /// A shop with a till that has its confirmation key, and a card with ¥100.00.
    func withPhone(
        _ body: (TestShop, TestTill, TestShop.Card, PhonePayments) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 10_000)
            let payments = PhonePayments(office.store)
            _ = try await payments.keys.current(for: till.known, holds: nil)
            _ = try await payments.keys.current(for: till.known, holds: 1)
            try await body(shop, till, card, payments)
            #expect(try await LedgerProof.make(office.store).isRight)
        }
    }

    func token(
        _ till: TestTill, _ fen: Int64, payment: RecordID, key: Int = 1, made: Instant? = nil,
        signedBy signer: SigningKey? = nil
    ) -> String {
        PhoneRequest(
            till: till.known.code, epoch: till.known.epoch, payment: payment,
            amount: Money(fen: fen), made: made ?? till.time.now, lifetime: 300,
            head: JournalHead(sequence: 0, hash: RecordHash(of: [])), key: key,
            items: [PhoneItem(amount: Money(fen: fen), name: "感冒颗粒", quantity: 1)],
            signedBy: signer ?? till.key
        ).token
    }

    func entry(
        _ card: TestShop.Card, password: String? = nil, form: RecordID
    ) throws -> PhonePayments.Entry {
        .init(
            card: card.fingerprint,
            password: try password.map { try CardPassword($0) } ?? card.password, form: form)
    }

    /// What a till's journal says of a sale that a phone has paid.
    func sell(
        _ till: TestTill, _ fen: Int64, payment: RecordID,
        by way: SaleCompleted.Confirmation.Way = .code
    ) {
        let line = SaleCompleted.Line(
            amount: Money(fen: fen), list: Money(fen: fen), name: "感冒颗粒",
            price: Money(fen: fen), quantity: 1, repricedBy: nil, sku: "A1", spec: "10g*9")
        till.append(
            .saleCompleted(
                SaleCompleted(
                    card: nil, cashier: "li", lines: [line],
                    payment: .init(
                        attempt: 0, credential: nil,
                        knew: till.knew,
                        mode: .phone, confirmation: .init(by: way, key: 1)),
                    receipt: "GD0001-01-20261125-0001", isTest: false, total: Money(fen: fen))),
            id: payment)
    }

    /// A hold of ¥18.50 by a phone.
    func hold(
        _ till: TestTill, _ card: TestShop.Card, _ payments: PhonePayments
    ) async throws -> RecordID {
        let id = till.shop.office.store.clock.makeID()
        let demand = try await payments.demand(token(till, 1_850, payment: id))
        _ = try await payments.confirm(demand, try entry(card, form: id))
        return id
    }

    /// Eight days go by, and the jobs run.
    func waitEightDays(_ till: TestTill) async throws {
        till.time.move(milliseconds: 8 * 86_400_000)
        await Jobs(till.shop.office.store).runOnce(now: till.time.now)
    }

    /// The exception of a hold that nobody has ended.
    func overdue(_ payment: RecordID, _ shop: TestShop) async throws -> Int64 {
        try await shop.number(
            """
            SELECT exception_id FROM exception
            WHERE record_id = \(payment) AND code = 'phone_hold_unresolved'
            """)
    }

    /// A hold that nobody has ended for seven days, and its exception.
    func overdueHold(
        _ till: TestTill, _ card: TestShop.Card, _ payments: PhonePayments
    ) async throws -> (payment: RecordID, exception: Int64) {
        let id = try await hold(till, card, payments)
        try await waitEightDays(till)
        return (id, try await overdue(id, till.shop))
    }
}
