import Domain
import Journal
import PostgresDriver

@testable import HeadOffice

/// A till without a screen: it enrols, keeps a journal and frames batches of it.
final class TestTill {
    let shop: TestShop
    let key: SigningKey
    private(set) var known: KnownTill
    private(set) var entries: [BatchEntry] = []
    private var genesis: JournalHead
    let ingest: BatchIngest
    /// What it says about itself in its batches.
    var status = TillStatus(
        clockOffset: 0, oldestUnsent: nil, unsentCount: 0, unsentValue: .zero, version: "1.0")

    /// What it knows when it sells.
    var knew = SaleCompleted.Knew(blockListVersion: 1, contactAge: 60, limitsVersion: 1)

    private init(shop: TestShop, key: SigningKey, known: KnownTill) {
        self.shop = shop
        self.key = key
        self.known = known
        genesis = JournalChain(till: known.code, epoch: known.epoch)
            .genesis(publicKey: key.verifyingKey)
        ingest = BatchIngest(shop.office.store)
    }

    /// What the door knows of it at its next request.
    func reload(_ known: KnownTill) { self.known = known }

    static func enrol(_ shop: TestShop) async throws -> TestTill {
        try await enrol(shop, renewing: nil, epoch: 1)
    }

    /// The same till under a new key and epoch, with everything it has in its journal.
    func renewed() async throws -> TestTill {
        let next = try await Self.enrol(
            shop, renewing: known.code, epoch: known.epoch + 1)
        next.entries = entries
        return next
    }

    private static func enrol(
        _ shop: TestShop, renewing renewed: String?, epoch: Int
    ) async throws -> TestTill {
        let store = shop.office.store
        guard let key = SigningKey(rawRepresentation: store.clock.randomBytes(32)) else {
            throw TestShop.TestFault.noRow
        }
        let tills = Tills(store)
        let code = try await tills.makeEnrolmentCode(
            storeCode: "GD0001", renewing: renewed, by: shop.administrator)
        let state = try await tills.askEnrolment(
            code: code.text, publicKey: key.verifyingKey.rawRepresentation, name: "柜台")
        guard case .waiting(let enrolmentID) = state else { throw TestShop.TestFault.noRow }
        let till = try await tills.approve(enrolmentID: enrolmentID, by: shop.administrator)
        guard let known = try await tills.known(code: till, epoch: epoch) else {
            throw TestShop.TestFault.noRow
        }
        return TestTill(shop: shop, key: key, known: known)
    }

    var time: TestTime { shop.office.time }
    var chain: JournalChain { JournalChain(till: known.code, epoch: known.epoch) }

    /// Writes a record into the journal.
    @discardableResult
    func append(
        _ body: RecordBody, id: RecordID? = nil, at: Instant? = nil, sealed: [UInt8]? = nil
    ) -> RecordID {
        let id = id ?? shop.office.store.clock.makeID()
        let record = Record(at: at ?? time.now, id: id, offset: 0, body: body)
        entries.append(BatchEntry(record: record.bytes, credential: sealed))
        return id
    }

    func append(bytes: [UInt8]) { entries.append(BatchEntry(record: bytes)) }

    /// What goes beside each record instead of the sealed bytes.
    func replaceCredentials(_ credentials: [[UInt8]?]) {
        entries = zip(entries, credentials).map {
            BatchEntry(record: $0.record, credential: $1)
        }
    }

    /// Goes back to an old copy of the journal.
    func forget(from count: Int) { entries = Array(entries.prefix(count)) }

    /// A sale of one line, taken offline unless it was authorised.
    @discardableResult
    func sell(
        _ card: TestShop.Card, _ fen: Int64, quantity: Int64 = 1, id: RecordID? = nil,
        password: String? = nil, authorised: Bool = false, seal: Bool = true, total: Int64? = nil,
        sealedFor other: Int64? = nil, at: Instant? = nil
    ) throws -> RecordID {
        let id = id ?? shop.office.store.clock.makeID()
        let amount = Money(fen: total ?? fen * quantity)
        var sealed: SealedCredential?
        if !authorised {
            let password = try password.map { try CardPassword($0) } ?? card.password
            sealed = SealedCredential.seal(
                .init(number: card.number, password: password), payment: id,
                amount: Money(fen: other ?? amount.fen),
                to: shop.office.store.secrets.openingKey.sealingKey)
        }
        let line = SaleCompleted.Line(
            amount: Money(fen: fen * quantity), list: Money(fen: fen), name: "感冒颗粒",
            price: Money(fen: fen), quantity: quantity, repricedBy: nil, sku: "A1", spec: "10g*9")
        let body = SaleCompleted(
            card: .init(fingerprint: card.fingerprint, mask: card.number.masked, programme: "GD"),
            cashier: "li", lines: [line],
            payment: .init(
                attempt: 1, credential: sealed?.hash,
                knew: knew,
                mode: authorised ? .authorised : .standIn),
            receipt: "GD0001-01-20261125-0001", isTest: card.isTest, total: amount)
        append(.saleCompleted(body), id: id, at: at, sealed: seal ? sealed?.bytes : nil)
        return id
    }

    @discardableResult
    func requestRefund(
        _ sale: RecordID, quantity: Int64, amount: Int64, card: TestShop.Card, line: Int = 0
    ) -> RecordID {
        append(
            .refundRequested(
                RefundRequested(
                    sale: sale, lines: [.init(line: line, quantity: quantity)],
                    amount: Money(fen: amount), card: card.fingerprint, reason: "不合适",
                    by: "wang")))
    }

    /// The frame of a part of the journal.
    func frame(_ range: Range<Int>? = nil) -> BatchFrame {
        let range = range ?? 0..<entries.count
        let heads = chain.heads(after: genesis, appending: entries.map(\.record))
        return BatchFrame(
            batch: shop.office.store.clock.makeID(), chain: chain,
            after: range.lowerBound == 0 ? genesis : heads[range.lowerBound - 1],
            entries: Array(entries[range]), tillHead: heads.last ?? genesis,
            status: status)
    }

    func push(_ range: Range<Int>? = nil) async throws -> BatchIngest.Result {
        try await ingest.take(frame(range), from: known)
    }

    /// Pushes everything and gives `state` or `state code`, record by record.
    func verdicts(_ range: Range<Int>? = nil) async throws -> [String] {
        switch try await push(range) {
        case .taken(let reply):
            reply.verdicts.map {
                [$0.state.rawValue, $0.code].compactMap { $0 }.joined(separator: " ")
            }
        case .refused(let refusal): [refusal.code]
        }
    }

    func authorise(
        _ card: TestShop.Card, _ fen: Int64, payment: RecordID? = nil, attempt: Int = 1,
        password: String? = nil, unsent: Int64 = 0, at desk: Authorisations? = nil
    ) async throws -> AuthorisationReply {
        let payment = payment ?? shop.office.store.clock.makeID()
        let password = try password.map { try CardPassword($0) } ?? card.password
        let sealed = SealedCredential.seal(
            .init(number: card.number, password: password), payment: payment,
            amount: Money(fen: fen), to: shop.office.store.secrets.openingKey.sealingKey)
        let desk = desk ?? Authorisations(shop.office.store)
        return try await desk.authorise(
            AuthorisationRequest(
                amount: Money(fen: fen), attempt: attempt, at: time.now,
                credential: sealed?.bytes ?? [], fingerprint: card.fingerprint, offset: 0,
                payment: payment, tillHead: genesis, unsentForCard: Money(fen: unsent),
                version: 1), from: known)
    }
}
