import Crypto
import Domain
import Foundation
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

/// The reports against `Tests/Recomputation`, which reads the raw journal and people's decisions and no transfer, over
/// histories that hold what is rare: an exception of each kind, cards that took another's place, test sales.
struct RecomputationTests: PhoneScenes {
    /// A shop with two tills, its people and cards.
    private struct Scene {
        let shop: TestShop
        let till: TestTill
        let payments: PhonePayments
        let cards: [TestShop.Card]
        let testCard: TestShop.Card
        let finance: StaffActor
        let second: StaffActor
        let approver: StaffActor
        var store: OfficeStore { shop.office.store }

        /// Everything new of the journal arrives a minute later.
        func deliver() async throws {
            shop.office.time.move(milliseconds: 60_000)
            _ = try await till.verdicts()
            shop.office.time.move(milliseconds: 60_000)
        }

        func id() -> RecordID { store.clock.makeID() }
    }

    private func withScene(_ body: (Scene) async throws -> Void) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            office.time.move(milliseconds: 3_600_000)
            let till = try await TestTill.enrol(shop)
            let payments = PhonePayments(office.store)
            _ = try await payments.keys.current(for: till.known, holds: nil)
            _ = try await payments.keys.current(for: till.known, holds: 1)
            let supervisor = try await shop.staff("super", [.issuingSupervisor])
            try await Mailers(store: office.store).register(
                name: "信封厂",
                publicKey: Curve25519.KeyAgreement.PrivateKey().publicKey.rawRepresentation
                    .base64EncodedString(), by: supervisor, at: shop.now)
            let storeID = shop.storeID
            try await office.store.write { session in
                try session.execute(
                    """
                    UPDATE store SET settlement_account = '6222', fee_per_million = 6150
                    WHERE store_id = \(storeID)
                    """)
                try session.execute("UPDATE till SET last_contact_at = last_beacon_at")
                // The numbers below are given to the cards that the tests make themselves.
                try session.execute("UPDATE programme SET next_sequence = 202611255000")
            }
            var cards: [TestShop.Card] = []
            for number in 1...3 { cards.append(try await shop.card(number, balance: 0)) }
            for card in cards { try await shop.load(card, 30_000) }
            let testCard = try await shop.card(9, balance: 0, isTest: true)
            try await shop.load(testCard, 500)
            try await body(
                Scene(
                    shop: shop, till: till, payments: payments, cards: cards, testCard: testCard,
                    finance: try await shop.staff("fang", [.finance]),
                    second: try await shop.staff("finance2", [.finance]),
                    approver: try await shop.staff("bai", [.approver])))
        }
    }

    // MARK: What is rare

    /// Records in question of every kind but quarantine, and a withdrawal that came too late.
    private func putEachKindInQuestion(_ scene: Scene) async throws {
        let (shop, till, card) = (scene.shop, scene.till, scene.cards[0])
        let number = try CardNumber("6160202611259999")
        let key = scene.store.secrets.wireFingerprintKey
        try till.sell(
            TestShop.Card(
                id: 0, number: number, password: card.password,
                fingerprint: key.fingerprint(of: number), isTest: false), 510)
        for (number, state) in [(11, "frozen"), (12, "closed"), (13, "lost")] {
            try till.sell(try await shop.card(number, balance: 0, state: state), 520)
        }
        try till.sell(card, 530, password: "000000")
        try till.sell(card, 540, total: 900)
        try till.sell(card, 550, authorised: true)
        try till.sell(card, 560, seal: false)
        try till.sell(card, 570, sealedFor: 1)
        try till.sell(scene.testCard, 100)
        let locked = try await shop.card(14, balance: 0)
        for _ in 1...6 { try till.sell(locked, 580, password: "000000") }
        try till.sell(try await shop.card(15, balance: 0), 590)
        let sold = try till.sell(card, 610)
        cancel(sold, scene)
        let cancelled = scene.id()
        cancel(cancelled, scene)
        try till.sell(card, 620, id: cancelled)
        let differing = scene.id()
        _ = try await till.authorise(card, 2_000, payment: differing)
        try till.sell(card, 1_500, id: differing, authorised: true)
        sell(till, 630, payment: scene.id())
        try till.sell(card, 640, id: sold)
        till.append(.refundWithdrawn(RefundWithdrawn(request: scene.id(), by: "wang")))
        till.append(bytes: [0xFF, 0xFE])
        let unknown =
            #"{"at":1795572000000,"body":{},"id":"019f0000-0000-7000-8000-000000000001","#
            + #""kind":"day.counted","offset":null,"v":1}"#
        till.append(bytes: Array(unknown.utf8))
        let request = till.requestRefund(sold, quantity: 1, amount: 610, card: card)
        let tested = try till.sell(scene.testCard, 50)
        till.requestRefund(tested, quantity: 1, amount: 50, card: scene.testCard)
        try await scene.deliver()
        await Jobs(scene.store).runOnce(now: shop.now)
        try await shop.agreeToRefunds(by: scene.approver)
        till.append(.refundWithdrawn(RefundWithdrawn(request: request, by: "wang")))
        try await scene.store.write { try $0.execute("DELETE FROM programme_acceptance") }
        try till.sell(card, 650)
        try await scene.deliver()
        let programmeID = shop.programmeID
        try await scene.store.write { session in
            try session.execute("INSERT INTO programme_acceptance VALUES (\(programmeID), '44')")
        }
    }

    private func cancel(_ payment: RecordID, _ scene: Scene) {
        scene.till.append(
            .paymentCancelled(PaymentCancelled(payment: payment, reason: .cashier, by: "li")))
    }

    /// What a second, revoked till brings waits: one sale is let in, one refused, one is still to be decided.
    private func putTillInQuarantine(_ scene: Scene) async throws {
        let till = try await TestTill.enrol(scene.shop)
        for price in [710, 720, 730] as [Int64] { try till.sell(scene.cards[1], price) }
        till.append(
            .paymentCancelled(PaymentCancelled(payment: scene.id(), reason: .cashier, by: "li")))
        try await Tills(scene.store).revoke(
            tillCode: till.known.code, by: scene.shop.administrator)
        let verdicts = try await till.verdicts()
        #expect(verdicts == Array(repeating: "exception quarantined", count: 4))
        let quarantine = Quarantine(store: scene.store)
        func place(_ sequence: Int64) -> Quarantine.Place {
            .init(till: till.known.code, epoch: 1, sequence: sequence)
        }
        for sequence in [1, 4] as [Int64] {
            scene.shop.office.time.move(milliseconds: 60_000)
            let outcome = try await quarantine.release(
                place(sequence), by: scene.finance, at: scene.shop.now)
            #expect(outcome.code == nil)
        }
        scene.shop.office.time.move(milliseconds: 60_000)
        try await quarantine.refuse(
            place(2), reason: "不明", by: scene.finance, at: scene.shop.now)
    }

    /// Two lost cards are replaced, one of which a silent till may still have taken and one of which owed something; one is
    /// closed.
    private func replaceCards(_ scene: Scene) async throws {
        let (shop, till) = (scene.shop, scene.till)
        var lost: [TestShop.Card] = []
        for number in 20...22 {
            lost.append(try await shop.card(number, balance: 0))
            try await shop.load(lost[number - 20], 3_000)
        }
        let hold = scene.id()
        _ = try await till.authorise(lost[0], 100, payment: hold)
        cancel(hold, scene)
        let owing = try till.sell(lost[1], 4_000)
        try await scene.deliver()
        try await shop.decide(owing, .collect, by: scene.finance)
        try await shop.load(lost[1], 400)
        for card in lost[0...1] {
            scene.shop.office.time.move(milliseconds: 60_000)
            let issuer = try await shop.staff("lost\(card.id)", [.issuer])
            try await Cards(store: scene.store).reportLost(
                card.id, reason: "丢失", by: issuer, at: shop.now)
            try await carryOut(.replace, card, scene)
        }
        try await carryOut(.close, lost[2], scene)
        for card in lost[0...1] {
            scene.shop.office.time.move(milliseconds: 60_000)
            let end = try await shop.number(
                "SELECT next_card_id FROM card_chain WHERE card_id = \(card.id)")
            try await shop.load(
                TestShop.Card(
                    id: end, number: card.number, password: card.password,
                    fingerprint: card.fingerprint, isTest: false), 500)
        }
    }

    private func carryOut(
        _ kind: CardRequestKind, _ card: TestShop.Card, _ scene: Scene
    ) async throws {
        scene.shop.office.time.move(milliseconds: 60_000)
        let (cards, request) = (Cards(store: scene.store), scene.id())
        try await cards.ask(
            kind, request, card: card.id, reason: "持卡人要求",
            by: try await scene.shop.staff("asks\(card.id)", [.issuer]), at: scene.shop.now)
        try await cards.approveRequest(
            request, by: try await scene.shop.staff("agrees\(card.id)", [.issuingSupervisor]),
            at: scene.shop.now)
    }

    /// Of four holds that no record ended for eight days one is paid from a slip, one released, one ended by its record, and
    /// one stays; then the records of the first two come too.
    private func endHolds(_ holds: [RecordID], _ scene: Scene) async throws {
        let (shop, ends) = (scene.shop, PhoneHoldEnds(store: scene.store))
        for (hold, move) in zip(holds, [PhoneHoldEnds.Move.payStore, .release]) {
            shop.office.time.move(milliseconds: 60_000)
            let exception = try await overdue(hold, shop)
            try await ends.ask(
                exception, move, slip: "GD0001-01-20261125-0042", reason: "已核实",
                by: scene.finance, at: shop.now)
            try await ends.decide(exception, agrees: true, by: scene.approver, at: shop.now)
        }
        for hold in holds[0...2] { sell(scene.till, 1_850, payment: hold) }
        try await scene.deliver()
    }

    // MARK: What is common

    /// Sales, wrong passwords, refunds, loads, decisions and settlements, as they come.
    private func trade(_ scene: Scene, _ random: inout Splitmix64, steps: Int) async throws {
        let (shop, till) = (scene.shop, scene.till)
        var sales: [(id: RecordID, card: TestShop.Card, total: Int64)] = []
        for _ in 0..<steps {
            let card = scene.cards[random.below(scene.cards.count)]
            switch random.below(9) {
            case 0...2:
                let price = Int64(random.below(900)) + 1
                let isLate = random.below(4) == 0
                let id = try till.sell(
                    card, price, quantity: 2, password: random.below(5) == 0 ? "000000" : nil,
                    at: isLate ? shop.now.adding(milliseconds: -9 * 86_400_000) : nil)
                sales.append((id, card, price * 2))
            case 3:
                guard !sales.isEmpty else { continue }
                let sale = sales[random.below(sales.count)]
                till.requestRefund(
                    sale.id, quantity: 1, amount: sale.total / 2, card: sale.card)
            case 4:
                guard !sales.isEmpty else { continue }
                let moves = ExceptionPosting.Move.allCases
                try await shop.attempt(
                    moves[random.below(moves.count)], about: sales[random.below(sales.count)].id,
                    agrees: random.below(2) == 0, by: scene.finance, and: scene.approver)
            case 5: try await shop.load(card, Int64(random.below(600)) + 50)
            case 6: try till.sell(scene.testCard, Int64(random.below(30)) + 1)
            case 7: try await settle(scene)
            default: try await shop.agreeToRefunds(by: scene.approver)
            }
            try await scene.deliver()
        }
    }

    private func settle(_ scene: Scene) async throws {
        let (settlements, run) = (Settlements(store: scene.store), scene.id())
        do {
            try await settlements.make(run, by: scene.finance, at: scene.shop.now)
            try await settlements.decide(run, .approved, by: scene.second, at: scene.shop.now)
        } catch SettlementRefusal.nothingToSettle {}
    }

    // MARK: Proof

    /// What the recomputation says of a month's files.
    private func recompute(_ month: TradingMonth, _ scene: Scene) async throws -> String {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-test-recompute-\(scene.id())")
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try await MonthExport(store: scene.store).write(
            month: month, to: folder, by: scene.finance, at: scene.shop.now)
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-B", root.appending(path: "Recomputation/recompute.py").path,
            "--database", scene.shop.office.connectionString, "--month", "\(month)",
            "--reports", folder.path,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private func texts(_ query: SQL, _ scene: Scene) async throws -> Set<String> {
        try await scene.store.read { session in
            Set(try session.query(query).map { try $0["text"] as String })
        }
    }

    @Test(arguments: [5, 41] as [UInt64])
    func `every report comes out of the journal to the fen, whatever has happened`(
        seed: UInt64
    ) async throws {
        try await withScene { scene in
            let (time, store) = (scene.shop.office.time, scene.store)
            let november = TradingMonth(scene.shop.now)
            var random = Splitmix64(seed: seed)
            var holds: [RecordID] = []
            for _ in 1...4 {
                holds.append(try await hold(scene.till, scene.cards[2], scene.payments))
            }
            try await putEachKindInQuestion(scene)
            try await putTillInQuarantine(scene)
            try await replaceCards(scene)
            try await trade(scene, &random, steps: 25)
            try await expectAgreement([november], scene)
            try await waitEightDays(scene.till)
            try await endHolds(holds, scene)
            let closes = MonthCloses(store: store)
            try await closes.close(november, by: scene.finance, at: scene.shop.now)
            try await trade(scene, &random, steps: 25)
            time.set(november.next.end.adding(milliseconds: 3_600_000))
            await Jobs(store).runOnce(now: time.now)
            time.move(milliseconds: 60_000)
            try await closes.close(november.next, by: scene.finance, at: scene.shop.now)
            time.move(milliseconds: 40 * 86_400_000)
            await Jobs(store).runOnce(now: time.now)
            try await expectAgreement([november, november.next, TradingMonth(time.now)], scene)
            let codes = try await texts(
                "SELECT DISTINCT code AS text FROM journal_record WHERE code IS NOT NULL", scene)
            // A request for an unknown sale waits, and is no exception.
            let wanted = Set(RecordException.allCases.map(\.code)).subtracting(["unknown_sale"])
            #expect(codes == wanted)
            let kinds = try await texts("SELECT DISTINCT kind AS text FROM transfer", scene)
            #expect(
                kinds.isSuperset(of: [
                    "replacement", "closing", "test_reversal", "collection", "settlement",
                ]), "\(kinds)")
        }
    }

    /// The files of those months, and the transfers, say what the journal says.
    private func expectAgreement(_ months: [TradingMonth], _ scene: Scene) async throws {
        for month in months {
            let said = try await recompute(month, scene)
            #expect(said.contains("every cell agrees"), "\(month): \(said)")
        }
        let found =
            try await LedgerProof.make(scene.store).findings
            + FullScan.differences(scene.store)
        #expect(found.isEmpty, "\(found)")
    }
}
