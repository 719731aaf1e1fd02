import Domain
import Foundation
import Journal
import Logging
import Synchronization
import WebSupport

@testable import Till

/// Time and chance of a test: the clock stands still until it is moved.
final class TestWorld: Sendable {
    private let time: Mutex<Int64>

    init(at milliseconds: Int64) { time = Mutex(milliseconds) }

    var now: Instant { Instant(milliseconds: time.withLock { $0 }) }

    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000 } }

    var world: TillWorld {
        TillWorld(
            now: { self.now },
            random: {
                var generator = SystemRandomNumberGenerator()
                return generator.next()
            })
    }
}

/// A till as head office would have enrolled it, with a programme, limits, products and people.
final class EnrolledTill: Sendable {
    static let numbers = (first: "6160202511010002", second: "6160202511010003")
    static let noon: Int64 = 1_795_579_200_000

    let folder: TemporaryFolder
    let store: TillStore
    let identity: TillIdentity
    let clock: TestWorld
    let officeKey: NamedSigningKey
    let openingKey: OpeningKey
    let slipSource: SlipSource

    init(folder: TemporaryFolder? = nil, at milliseconds: Int64 = noon) async throws {
        let folder = try folder ?? TemporaryFolder()
        let store = try folder.openStore()
        let clock = TestWorld(at: milliseconds)
        self.folder = folder
        self.store = store
        self.clock = clock
        let bytes = clock.world.bytes
        guard let officeSecret = SigningKey(rawRepresentation: bytes(32)),
            let openingKey = OpeningKey(id: "s1", rawRepresentation: bytes(32)),
            let fingerprintKey = FingerprintKey(rawRepresentation: bytes(32))
        else { throw TillStoreError(.unavailable, "no keys") }
        self.openingKey = openingKey
        let officeKey = NamedSigningKey(id: "o1", key: officeSecret)
        self.officeKey = officeKey
        let secrets = TillSecrets(
            signingKey: Data(bytes(32)), fingerprintKey: Data(fingerprintKey.rawRepresentation))
        try secrets.save(in: store.folder)
        guard let key = SigningKey(rawRepresentation: Array(secrets.signingKey)) else {
            throw TillStoreError(.unavailable, "no keys")
        }
        let grant = EnrolmentGrant(
            beacon: "", epoch: 1, fingerprintKey: fingerprintKey,
            sealingKey: openingKey.sealingKey, signingKey: officeKey.verifying,
            store: .init(
                address: "天河路 1 号", code: "GD0001", name: "康民大药房天河店", province: "44",
                telephone: "020-12345678"), till: "GD0001-01")
        try await store.write { database in
            try TillIdentity.save(
                grant, office: "https://office.test", publicKey: key.verifyingKey, at: clock.now,
                in: database)
        }
        guard let identity = try await store.read({ try TillIdentity.load(secrets, in: $0) })
        else { throw TillStoreError(.unavailable, "not enrolled") }
        self.identity = identity
        slipSource = SlipSource(
            identity: identity, languages: try TillWeb.makePages().languages)
        try await apply(try await Self.items())
    }

    static let password = "long enough"

    private static func items() async throws -> [ChangeItem] {
        let cheap = PasswordWorker(cost: .init(logRounds: 4, blockSize: 8, parallelism: 1))
        let verifier = try await cheap.make(password).text
        return [
            ChangeItem(
                topic: .programme, key: "GD", version: 1,
                body: .programme(
                    .init(
                        isAccepted: true, face: .init(colour: "#0b6e5f", title: "粤健卡"),
                        name: "广东慧医卡", prefix: "6160", province: "44", scheme: .dated16))),
            ChangeItem(
                topic: .limits, key: "GD", version: 7,
                body: .programmeLimits(
                    .init(perCard: Money(fen: 50_000), perSale: Money(fen: 20_000)))),
            ChangeItem(
                topic: .limits, key: "*", version: 8,
                body: .tillLimits(
                    .init(
                        amberAfter: 14_400, redAfter: 86_400, tillCount: 500,
                        tillTotal: Money(fen: 2_000_000)))),
            ChangeItem(
                topic: .account, key: "li", version: 1,
                body: .account(
                    .init(
                        isDisabled: false, login: "li", name: "李丽", roles: [.cashier],
                        verifier: verifier))),
            product("YP0001", "6901234567892", "感冒颗粒", "10g×9袋", 1_850),
            product("YP0002", "", "阿莫西林胶囊", "0.25g×24粒", 2_680),
            product("YP0003", "", "棉签", "50支", 99),
        ]
    }

    static func product(
        _ sku: String, _ barcode: String, _ name: String, _ spec: String, _ price: Int64,
        version: Int64 = 1
    ) -> ChangeItem {
        ChangeItem(
            topic: .product, key: sku, version: version,
            body: .product(
                .init(
                    barcode: barcode, name: name, pinyin: nil, price: Money(fen: price), sku: sku,
                    spec: spec, status: .onSale)))
    }

    /// Applies items as a complete pull of now.
    func apply(_ items: [ChangeItem]) async throws {
        guard let cursor = Cursor("v\(clock.now.milliseconds)") else { return }
        try await store.applyChanges(
            ChangesReply(
                beacon: "", complete: .init(at: clock.now, version: cursor), items: items,
                next: cursor))
    }

    func fingerprint(_ number: String) throws -> CardFingerprint {
        identity.fingerprintKey.fingerprint(of: try CardNumber(number))
    }

    func makeCheckout(
        answerBudget: Duration = .seconds(20),
        ask: @escaping @Sendable (AuthorisationRequest) async -> AuthorisationReply?
    ) -> Checkout {
        Checkout(
            store: store, identity: identity, world: clock.world,
            authoriser: Authoriser(ask: ask), logger: Logger(label: "test"),
            answerBudget: answerBudget)
    }

    /// What head office would say.
    static func reply(
        _ request: AuthorisationRequest, refused code: String? = nil
    ) -> AuthorisationReply {
        AuthorisationReply(
            attempt: request.attempt, beacon: "", code: code, holder: code == nil ? "张*" : nil,
            mask: nil, payment: request.payment, programme: "GD",
            remaining: code == nil ? Money(fen: 88_000) : nil,
            result: code == nil ? .approved : .refused, state: code == nil ? .held : .none,
            triesLeft: code == "wrong_password" ? 4 : nil)
    }
}
