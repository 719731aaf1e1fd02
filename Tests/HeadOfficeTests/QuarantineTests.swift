import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// A revoked key delivers, and a person decides (S-7).
struct QuarantineTests {
    private struct Scene {
        let shop: TestShop
        let till: TestTill
        let finance: StaffActor
        var quarantine: Quarantine { Quarantine(store: shop.office.store) }

        func place(_ sequence: Int64) -> Quarantine.Place {
            Quarantine.Place(till: till.known.code, epoch: till.known.epoch, sequence: sequence)
        }

        func release(_ sequence: Int64) async throws -> String? {
            try await quarantine.release(place(sequence), by: finance, at: till.time.now).code
        }

        func proof() async throws -> [String] {
            try await LedgerProof.make(shop.office.store).findings
                + FullScan.differences(shop.office.store)
        }

        func account(_ kind: String) async throws -> Int64 {
            try await shop.number(
                "SELECT coalesce(sum(balance), 0) FROM account WHERE kind = \(kind) AND book = 'real'"
            )
        }
    }

    private func withScene(_ body: (Scene) async throws -> Void) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let finance = try await shop.staff("qian", [.finance])
            try await body(Scene(shop: shop, till: TestTill.enrol(shop), finance: finance))
        }
    }

    @Test func `every record of a revoked till is stored and acknowledged, and no money moves`()
        async throws
    {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 10_000)
            try till.sell(card, 1_000)
            #expect(try await till.verdicts() == ["posted"])
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            let sold = try till.sell(card, 2_000)
            till.append(.tillStarted(TillStarted(version: "1")))
            till.append(
                .paymentCancelled(
                    PaymentCancelled(
                        payment: shop.office.store.clock.makeID(), reason: .cashier, by: "li")))
            till.requestRefund(sold, quantity: 1, amount: 2_000, card: card)
            let wanted = [
                "posted", "exception quarantined", "posted", "exception quarantined",
                "exception quarantined",
            ]
            #expect(try await till.verdicts() == wanted)
            let before = try await shop.counts()
            #expect(try await till.verdicts() == wanted)
            #expect(try await shop.counts() == before)
            #expect(try await shop.balance(card).balance == 9_000)
            #expect(try await scene.account("store_in_dispute") == 2_000)
            #expect(try await scene.proof() == [])
            #expect(
                try await shop.number("SELECT count(*) FROM exception WHERE code = 'quarantined'")
                    == 3)
        }
    }

    @Test func `a released sale is judged like any other, once`() async throws {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 2_500)
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            try till.sell(card, 2_000)
            try till.sell(card, 2_000)
            try till.sell(card, 100, password: "999999")
            _ = try await till.verdicts()
            #expect(try await scene.release(1) == nil)
            #expect(try await scene.release(2) == "insufficient_balance")
            #expect(try await scene.release(3) == "wrong_password")
            #expect(try await shop.balance(card).balance == 0)
            #expect(try await scene.account("store_payable") == 2_500)
            #expect(try await scene.account("store_in_dispute") == 1_600)
            #expect(try await scene.account("exceptions_receivable") == -1_600)
            #expect(try await scene.proof() == [])
            await #expect(throws: TillRefusal.alreadyDecided) { try await scene.release(1) }
            #expect(
                try await shop.number(
                    "SELECT count(*) FROM quarantined_record WHERE sealed IS NOT NULL") == 0)
            #expect(
                try await shop.number("SELECT count(*) FROM change WHERE topic = 'verdict'") == 3)
            #expect(
                try await shop.number("SELECT sum(amount) FROM exception WHERE state = 'open'")
                    == 1_600)
        }
    }

    @Test func `a refused sale is borne by the store and the card is not touched`() async throws {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 2_500)
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            try till.sell(card, 2_000)
            _ = try await till.verdicts()
            let finance = scene.finance
            await #expect(throws: TillRefusal.reasonMissing) {
                try await scene.quarantine.refuse(
                    scene.place(1), reason: " ", by: finance, at: till.time.now)
            }
            try await scene.quarantine.refuse(
                scene.place(1), reason: "收银台被盗", by: finance, at: till.time.now)
            #expect(try await shop.balance(card).balance == 2_500)
            #expect(try await scene.account("store_in_dispute") == 0)
            #expect(try await scene.account("exceptions_receivable") == 0)
            #expect(try await scene.proof() == [])
            await #expect(throws: TillRefusal.alreadyDecided) { try await scene.release(1) }
        }
    }

    @Test func `who revoked the till does not decide, and no other role does`() async throws {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 2_500)
            let both = StaffActor(
                accountID: shop.administrator.accountID, personID: shop.administrator.personID,
                login: "chen", roles: [.storeAdministrator, .finance])
            try await Tills(shop.office.store).revoke(tillCode: till.known.code, by: both)
            try till.sell(card, 2_000)
            _ = try await till.verdicts()
            await #expect(throws: TillRefusal.revokedByYou) {
                try await scene.quarantine.release(scene.place(1), by: both, at: till.time.now)
            }
            for role in StaffRole.allCases where role != .finance {
                let other = StaffActor(
                    accountID: scene.finance.accountID, personID: scene.finance.personID,
                    login: "qian", roles: [role])
                await #expect(throws: RoleRefusal.roleMissing) {
                    try await scene.quarantine.release(
                        scene.place(1), by: other, at: till.time.now)
                }
            }
        }
    }

    @Test func `an earlier epoch delivers too, and what was journalled again is a duplicate`()
        async throws
    {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 10_000)
            try till.sell(card, 100)
            _ = try await till.verdicts()
            try till.sell(card, 200)
            let next = try await till.renewed()
            try till.sell(card, 400)
            #expect(try await next.verdicts() == ["duplicate", "posted"])
            #expect(
                try await till.verdicts() == ["posted", "duplicate", "exception quarantined"])
            #expect(try await scene.release(3) == nil)
            #expect(try await shop.balance(card).balance == 9_300)
            #expect(try await scene.proof() == [])
            // The new epoch goes on where it was.
            try next.sell(card, 300)
            #expect(try await next.verdicts() == ["duplicate", "posted", "posted"])
        }
    }

    @Test func `a sale whose refund waits is not released`() async throws {
        try await withScene { scene in
            let (shop, till) = (scene.shop, scene.till)
            let card = try await shop.card(1, balance: 10_000)
            let other = try await TestTill.enrol(shop)
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            let sale = try till.sell(card, 1_000)
            _ = try await till.verdicts()
            other.requestRefund(sale, quantity: 1, amount: 1_000, card: card)
            #expect(try await other.verdicts() == ["posted"])
            await #expect(throws: TillRefusal.saleRefunded) { try await scene.release(1) }
        }
    }
}
