import Crypto
import Domain
import Foundation
import PostgresDriver
import WebSupport

@testable import HeadOffice

/// A small network on a fresh database: two programmes, a store, one person for each role, a card with money.
struct DeskWorld: Sendable {
    let office: TestOffice
    let passwords: PasswordWorker
    var store: OfficeStore { office.store }
    var now: Instant { office.time.now }
    static let password = "office-demo-1"
    static let cardNumber = "6232001234567890123"

    var accounts: Accounts { Accounts(store: store, passwords: passwords) }
    var stores: Stores {
        Stores(
            store: store,
            telephones: Self.telephones, passwords: passwords)
    }
    var programmes: Programmes { Programmes(store: store) }
    var cards: Cards { Cards(store: store) }
    var mailers: Mailers { Mailers(store: store) }
    var refunds: Refunds { Refunds(store: store) }
    var catalogue: Catalogue { Catalogue(store: store) }
    var audit: Audit { Audit(store: store) }
    var finance: Finance { Finance(store: store) }
    var settlements: Settlements { Settlements(store: store) }

    static let telephones = OfficeTelephones(service: "400-000-0001", fault: "400-000-0002")

    /// The staff pages and the JSON API, with passwords that cost little.
    func web(secondFactor: SecondFactorPolicy = .optional) throws -> OfficeWeb {
        try OfficeWeb(
            store: store, telephones: Self.telephones,
            exportFolder: FileManager.default.temporaryDirectory, secondFactor: secondFactor,
            passwordCost: Self.passwordCost)
    }

    static let passwordCost = StaffPassword.Cost(logRounds: 4, blockSize: 8, parallelism: 1)

    func actor(_ login: String) async throws -> StaffActor {
        try await accounts.actor(login: login)
    }

    /// Adds a login for a new person, or for somebody known.
    @discardableResult
    func addStaff(
        _ login: String, _ roles: Set<StaffRole>, person: Int64? = nil
    ) async throws -> StaffActor {
        try await accounts.addStaff(
            Accounts.NewStaff(
                person: person.map { .known(personID: $0) } ?? .named("\(login)某"), login: login,
                roles: roles, password: Self.password), by: .setUp, at: now)
        return try await actor(login)
    }

    func setUp() async throws {
        for role in StaffRole.allCases {
            try await addStaff(
                role.rawValue.replacingOccurrences(of: "_", with: "-"), [role])
        }
        try await programmes.create(
            Programmes.NewProgramme(
                code: "GD", name: "广东慧医卡", province: "44", prefix: "6160", scheme: .dated16,
                faceColour: "#0f766e", faceTitle: "慧医卡", acceptedIn: ["44", "32"]), by: .setUp,
            at: now)
        try await programmes.create(
            Programmes.NewProgramme(
                code: "JS", name: "江苏慧医卡", province: "32", prefix: "623200", scheme: .luhn19,
                faceColour: "#1d4ed8", faceTitle: "慧医卡", acceptedIn: ["32"]), by: .setUp, at: now)
        try await stores.create(
            Stores.NewStore(
                code: "GD0001", name: "广州中山路店", province: "44", address: "广州", telephone: "020"),
            by: .setUp, at: now)
        try await mailers.register(
            name: "信封厂",
            publicKey: mailerKey.publicKey.rawRepresentation.base64EncodedString(),
            by: try await actor("issuing-supervisor"), at: now)
        _ = try await store.write { session in
            try session.execute(
                """
                INSERT INTO till (store_id, number, code, name, durable_hash, last_beacon_at,
                                  created_at)
                SELECT store_id, 1, 'GD0001-01', '一号', \([UInt8](repeating: 0, count: 32)),
                       now(), now() FROM store WHERE code = 'GD0001'
                """)
        }
    }

    /// Opens the mailers.
    let mailerKey = Curve25519.KeyAgreement.PrivateKey()

    /// Issues a card with that much on it and gives its id.
    func issueCard(
        number: String, load: Int64, isTest: Bool = false, holder: String? = "张三",
        programme: String = "GD"
    ) async throws -> Int64 {
        try await cards.issueGiven(
            number: number, password: "079497", programme: programme, isTest: isTest,
            load: Money(fen: load), holder: holder, at: now)
        let fingerprint = store.cards.fingerprint(ofNumber: number)
        return try await store.read { session in
            try session.queryOne("SELECT card_id FROM card WHERE fingerprint = \(fingerprint)")?
                .decode("card_id", as: Int64.self) ?? 0
        }
    }

    func number(_ sql: SQL) async throws -> Int64 {
        try await store.read { session in
            try session.queryOne(sql)?.decode("n", as: Int64.self) ?? -1
        }
    }
}

/// Gives the body the small network.
func withDesk<Value>(_ body: (DeskWorld) async throws -> Value) async throws -> Value {
    try await withOffice { office in
        let world = DeskWorld(
            office: office,
            passwords: PasswordWorker(
                cost: DeskWorld.passwordCost))
        try await world.setUp()
        return try await body(world)
    }
}

/// A sale as taking it in leaves it, and requests on it.
extension DeskWorld {
    struct SoldLine {
        var price: Int64
        var quantity: Int
    }

    /// Books a sale; `paid` below the total leaves the rest in dispute.
    func sell(
        _ lines: [SoldLine], card: Int64, number: String, paid: Int64? = nil,
        at soldAt: Instant? = nil, isTest: Bool = false, mode: String = "authorised"
    ) async throws -> RecordID {
        let saleID = store.clock.makeID()
        let soldAt = soldAt ?? now
        let total = lines.reduce(0) { $0 + $1.price * Int64($1.quantity) }
        let paid = paid ?? total
        let json = lines.enumerated().map { index, line in
            """
            {"amount":\(line.price * Int64(line.quantity)),"list":\(line.price),"name":"药品\(index)",\
            "price":\(line.price),"quantity":\(line.quantity),"repricedBy":null,"sku":"10000\(index)",\
            "spec":"10g*9袋"}
            """
        }.joined(separator: ",")
        let fingerprint = store.cards.fingerprint(ofNumber: number)
        let book: Book = isTest ? .test : .real
        try await store.write { session in
            let storeID = try session.queryOne("SELECT store_id FROM store WHERE code = 'GD0001'")?
                .decode("store_id", as: Int64.self)
            guard let storeID else { throw RoleRefusal.roleMissing }
            try session.execute(
                """
                INSERT INTO sale (sale_id, store_id, till_id, receipt, cashier, card_id, card_mask,
                    fingerprint, test, mode, total, paid_by_card, lines, knew, business_at,
                    business_date, received_at, state, code)
                SELECT \(saleID), \(storeID), till_id,
                    'GD0001-01-' || \(BusinessDate(soldAt).compact) || '-0001', 'cashier1', \(card),
                    '6160 **** **** 0002', \(fingerprint), \(isTest), \(mode),
                    \(total), \(paid), \(PostgresJSON("[\(json)]")), '{}', \(soldAt),
                    \(BusinessDate(soldAt)), \(soldAt),
                    \(paid == total ? "posted" : "exception"),
                    \((paid == total ? nil : "insufficient_balance") as String?)
                FROM till WHERE code = 'GD0001-01'
                """)
            var transfers: [NewTransfer] = []
            if paid > 0 {
                transfers.append(
                    NewTransfer(
                        .sale, from: LedgerAccount(.card, of: card, in: book),
                        to: LedgerAccount(.storePayable, of: storeID, in: book),
                        amount: Money(fen: paid), businessAt: soldAt, sourceID: saleID,
                        storeID: storeID, cardID: card))
            }
            if paid < total {
                transfers.append(
                    NewTransfer(
                        .shortfall,
                        from: LedgerAccount(.exceptionsReceivable, of: storeID, in: book),
                        to: LedgerAccount(.storeInDispute, of: storeID, in: book),
                        amount: Money(fen: total - paid), businessAt: soldAt, sourceID: saleID,
                        storeID: storeID, cardID: card))
            }
            transfers += try SaleFees.transfers(
                session,
                beside: [
                    SaleFees.Sale(
                        saleID: saleID, soldOn: BusinessDate(soldAt),
                        transfers: transfers.filter { $0.kind == .sale })
                ])
            if paid < total {
                let (seq, code) = (store.clock.makeID().low >> 2, "insufficient_balance")
                try session.execute(
                    """
                    INSERT INTO exception (till_id, epoch, seq, record_id, store_id, code, amount,
                                           bearer, opened_at, sale_id, disputed)
                    SELECT till_id, 1, \(Int64(seq)), \(saleID), store_id, \(code),
                           \(total - paid), 'store', \(soldAt), \(saleID), \(total - paid)
                    FROM till WHERE code = 'GD0001-01'
                    """)
            }
            try Ledger.post(session, transfers, at: soldAt)
        }
        return saleID
    }

    /// Takes a request in: it reserves its quantities and fen.
    func request(
        _ saleID: RecordID, _ lines: [Int: Int], amount: Int64, number: String,
        at askedAt: Instant? = nil
    ) async throws -> RecordID {
        let requestID = store.clock.makeID()
        let askedAt = askedAt ?? now
        let fingerprint = store.cards.fingerprint(ofNumber: number)
        let wire = lines.sorted { $0.key < $1.key }.map {
            #"{"line":\#($0.key),"quantity":\#($0.value)}"#
        }
        try await store.write { session in
            try session.execute(
                """
                INSERT INTO refund_request (request_id, sale_id, store_id, till_id, lines, amount,
                    fingerprint, reason, asked_by, asked_at, received_at, deadline, state, digest)
                SELECT \(requestID), sale_id, store_id, till_id,
                    \(PostgresJSON("[" + wire.joined(separator: ",") + "]")), \(amount),
                    \(fingerprint), '买错了', 'manager', \(askedAt), \(askedAt),
                    \(TradingMonth(askedAt).end), 'pending', '\\x00'
                FROM sale WHERE sale_id = \(saleID)
                """)
            for (line, quantity) in lines {
                try session.execute(
                    """
                    INSERT INTO refund_line (request_id, sale_id, line_index, quantity)
                    VALUES (\(requestID), \(saleID), \(Int32(line)), \(Int32(quantity)))
                    """)
            }
            try session.execute(
                """
                UPDATE sale SET refund_reserved = refund_reserved + \(amount)
                WHERE sale_id = \(saleID)
                """)
        }
        return requestID
    }

    func digest(_ requestID: RecordID) async throws -> [UInt8] {
        try await refunds.show(requestID, by: try await actor("approver"), at: now).found.digest
    }
}
