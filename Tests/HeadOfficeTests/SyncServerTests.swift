import Dispatch
import Domain
import Hummingbird
import HummingbirdTesting
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct SyncServerTests {
    /// Head office's tills' port without TLS, and a till.
    private func withPort(
        _ body:
            @escaping @Sendable (any TestClientProtocol, TestShop, TestTill) async throws -> Void
    ) async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let door = SyncDoor(store: office.store, names: ["localhost"])
            let application = Application(
                router: SyncServer.router(
                    door, watch: ChangeWatch(office.store), ingestCount: 2))
            try await application.test(.router) { client in
                try await body(client, shop, TestTill.enrol(shop))
            }
        }
    }

    private struct Answer {
        let status: Int
        let bytes: [UInt8]
        let isSigned: Bool
        var code: String? { try? WireError(bytes: bytes).code }
    }

    private struct Signing {
        var keyID: KeyID?
        var key: SigningKey?
        var created: Int64?
        var nonce: [UInt8]?
        var signedBody: [UInt8]?
        var isSent = true
    }

    private func send(
        _ client: any TestClientProtocol, _ till: TestTill, _ method: HTTPRequest.Method,
        _ path: String, _ body: [UInt8] = [], signing: Signing = Signing()
    ) async throws -> Answer {
        let store = till.shop.office.store
        let nonce = try #require(
            RequestNonce(bytes: signing.nonce ?? store.clock.randomBytes(16)))
        let signature = RequestSignature.sign(
            method: method.rawValue, url: "https://localhost\(path)",
            body: signing.signedBody ?? body,
            keyID: signing.keyID ?? .till(till.known.code, epoch: till.known.epoch),
            created: signing.created ?? till.time.now.milliseconds / 1_000, nonce: nonce,
            key: signing.key ?? till.key)
        var headers = HTTPFields()
        if signing.isSent {
            for (text, value) in signature.fields {
                let name = try #require(HTTPFields.Element.Name(text))
                headers[name] = value
            }
        }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: ByteBuffer(bytes: body)
        ) { response in
            let bytes = Array(buffer: response.body)
            let name = try #require(HTTPFields.Element.Name(ReplySignature.headerName))
            return Answer(
                status: response.status.code, bytes: bytes,
                isSigned: ReplySignature.isValid(
                    response.headers[name], nonce: nonce, status: response.status.code,
                    body: bytes, keys: [store.secrets.namedSigningKey.verifying]))
        }
    }

    @Test func `a signed batch is taken and the reply is head office's`() async throws {
        try await withPort { client, shop, till async throws in
            let card = try await shop.card(1, balance: 1_000)
            try till.sell(card, 300)
            let frame = till.frame()
            let answer = try await send(
                client, till, .post, "/sync/v1/batches", frame.encoded())
            #expect(answer.status == 200 && answer.isSigned)
            let reply = try BatchReply(bytes: answer.bytes)
            #expect(reply.answers(frame) && reply.verdicts.map(\.state) == [.posted])
            let keys = [shop.office.store.secrets.namedSigningKey.verifying]
            #expect(Beacon(token: reply.beacon, keys: keys)?.till == till.known.code)
        }
    }

    @Test func `each fault of a signature has its code, and answers to known keys are signed`()
        async throws
    {
        try await withPort { client, shop, till async throws in
            let path = "/sync/v1/batches"
            func code(_ signing: Signing) async throws -> String {
                let answer = try await send(client, till, .post, path, [1], signing: signing)
                return "\(answer.status) \(answer.code ?? "") \(answer.isSigned)"
            }
            let now = till.time.now.milliseconds / 1_000
            let stranger = try #require(
                SigningKey(rawRepresentation: Array(repeating: 9, count: 32)))
            #expect(
                try await code(Signing(isSent: false)) == "401 signature_missing false")
            #expect(
                try await code(Signing(keyID: .till("GD0001-77", epoch: 1)))
                    == "401 unknown_key false")
            #expect(
                try await code(Signing(signedBody: [2])) == "401 digest_mismatch true")
            #expect(try await code(Signing(key: stranger)) == "401 signature_invalid true")
            #expect(try await code(Signing(created: now - 301)) == "401 clock true")
            let nonce = Array(repeating: UInt8(3), count: 16)
            #expect(try await code(Signing(nonce: nonce)) == "422 unreadable_frame true")
            #expect(try await code(Signing(nonce: nonce)) == "401 nonce_seen true")
            try await Tills(shop.office.store).revoke(
                tillCode: till.known.code, by: shop.administrator)
            // A revoked key may deliver (S-7): it is turned away for what it sends, and everywhere else for itself.
            #expect(try await code(Signing()) == "422 unreadable_frame true")
            let asked = try await send(
                client, till, .post, "/sync/v1/authorisations", [1])
            #expect(
                "\(asked.status) \(asked.code ?? "") \(asked.isSigned)" == "403 till_revoked true")
        }
    }

    @Test func `a wrong clock is told the time, bound to the request`() async throws {
        try await withPort { client, shop, till async throws in
            let nonce = Array(repeating: UInt8(5), count: 16)
            let answer = try await send(
                client, till, .post, "/sync/v1/authorisations", [],
                signing: Signing(created: 1, nonce: nonce))
            let token = try #require(try WireError(bytes: answer.bytes).beacon)
            let keys = [shop.office.store.secrets.namedSigningKey.verifying]
            let beacon = try #require(Beacon(token: token, keys: keys))
            #expect(beacon.nonce.bytes == nonce && beacon.issued == till.time.now)
        }
    }

    @Test func `a body over the bound is refused with a signed answer`() async throws {
        try await withPort { client, _, till async throws in
            let answer = try await send(
                client, till, .post, "/sync/v1/authorisations",
                Array(repeating: 32, count: 64 * 1_024 + 1))
            #expect(answer.status == 413 && answer.isSigned && answer.code == "too_large")
        }
    }

    @Test func `a till pulls what changed, and the last page is complete`() async throws {
        try await withPort { client, shop, till async throws in
            let id = RecordID(high: 1, low: 2)
            let decision = DecisionChange(
                amount: Money(fen: 5), by: "", code: "card_differs", decidedAt: till.time.now,
                opinion: "", receipt: "r", sale: id, state: .refused)
            let change = Change(
                scope: "GD0001", topic: .decision, key: id.description,
                body: PostgresJSON(String(decoding: decision.bytes, as: UTF8.self)))
            try await shop.office.store.write { try ChangePublisher.publish($0, change) }
            let head = RecordHash(of: []).hex
            var cursor = ""
            var items: [ChangeItem] = []
            while true {
                let answer = try await send(
                    client, till, .get, "/sync/v1/changes?after=\(cursor)&wait=0&head=0:\(head)")
                #expect(answer.status == 200 && answer.isSigned)
                let reply = try ChangesReply(bytes: answer.bytes)
                items += reply.items
                cursor = reply.next.text
                if let complete = reply.complete {
                    #expect(complete.at == till.time.now && complete.version.text == cursor)
                    break
                }
            }
            #expect(items.map(\.body) == [.decision(decision)])
            let wrong = try await send(client, till, .get, "/sync/v1/changes?after=x!&wait=0")
            #expect(wrong.status == 422)
        }
    }

    @Test func `a new till asks, waits, and is granted what it needs`() async throws {
        try await withPort { client, shop, till async throws in
            let store = shop.office.store
            let key = try #require(SigningKey(rawRepresentation: store.clock.randomBytes(32)))
            let code = try await Tills(store).makeEnrolmentCode(
                storeCode: "GD0001", by: shop.administrator)
            let request = EnrolmentRequest(
                code: code.text.lowercased(), name: "新柜台", publicKey: key.verifyingKey,
                version: 1)
            func ask(_ signing: Signing, _ request: EnrolmentRequest) async throws -> Answer {
                try await send(
                    client, till, .post, "/sync/v1/enrolments", request.bytes, signing: signing)
            }
            let signing = Signing(keyID: .enrolment, key: key)
            #expect(try await ask(signing, request).status == 202)
            let waiting = try await Tills(store).waiting(by: .setUp)
            #expect(waiting.map(\.name) == ["新柜台"])
            // Another key with the same code learns nothing.
            let thief = Signing(keyID: .enrolment, key: till.key)
            var stolen = request
            stolen.publicKey = till.key.verifyingKey
            #expect(try await ask(thief, stolen).code == "unknown_code")
            let approved = try await Tills(store).approve(
                enrolmentID: try #require(waiting.first?.enrolmentID), by: shop.administrator)
            let answer = try await ask(signing, request)
            guard case .approved(let grant) = try EnrolmentReply(bytes: answer.bytes) else {
                Issue.record("not approved")
                return
            }
            #expect(answer.status == 200 && answer.isSigned)
            #expect(grant.till == approved && grant.store.code == "GD0001" && grant.epoch == 1)
            #expect(grant.fingerprintKey == store.secrets.wireFingerprintKey)
        }
    }

    @Test func `strangers who guess codes leave nothing behind`() async throws {
        try await withPort { client, shop, till async throws in
            let store = shop.office.store
            for _ in 0..<5 {
                let key = try #require(SigningKey(rawRepresentation: store.clock.randomBytes(32)))
                let guess = EnrolmentCode(randomBytes: store.clock.randomBytes(64))
                let request = EnrolmentRequest(
                    code: guess.text, name: "柜台", publicKey: key.verifyingKey, version: 1)
                let answer = try await send(
                    client, till, .post, "/sync/v1/enrolments", request.bytes,
                    signing: Signing(keyID: .enrolment, key: key))
                #expect(answer.status == 404 && answer.code == "unknown_code")
            }
            #expect(try await shop.number("SELECT count(*) FROM request_nonce") == 0)
        }
    }

    @Test func `a batch being taken in holds up no other request of its till`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let known = till.known
            let (begun, signal) = AsyncStream.makeStream(of: Void.self)
            let answered = DispatchSemaphore(value: 0)
            async let ingest = office.store.write { session in
                _ = try IngestTill.lock(session, known)
                signal.yield()
                return answered.wait(timeout: .now() + 20) == .success
            }
            for await _ in begun { break }
            try await Tills(office.store).noteContact(tillID: known.tillID, head: nil)
            answered.signal()
            let isAnswered = try await ingest
            #expect(isAnswered, "the request waited for the batch")
            office.time.move(milliseconds: 5)
            try await Tills(office.store).noteContact(tillID: known.tillID, head: nil)
            let contact = try await Tills(office.store).statuses(by: .setUp).first?.lastContact
            #expect(contact == office.time.now)
        }
    }

    @Test func `a code lives a day, and a refused till is told so`() async throws {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let tills = Tills(office.store)
            let code = try await tills.makeEnrolmentCode(
                storeCode: "GD0001", by: shop.administrator)
            let late = try await tills.makeEnrolmentCode(
                storeCode: "GD0001", by: shop.administrator)
            let key = Array(repeating: UInt8(1), count: 32)
            guard
                case .waiting(let id) = try await tills.askEnrolment(
                    code: code.text, publicKey: key, name: "a")
            else { return }
            try await tills.refuse(enrolmentID: id, by: shop.administrator)
            await #expect(throws: EnrolmentRefusal.refused) {
                try await tills.askEnrolment(code: code.text, publicKey: key, name: "a")
            }
            office.time.move(milliseconds: 24 * 3_600_000)
            await #expect(throws: EnrolmentRefusal.unknownCode) {
                try await tills.askEnrolment(
                    code: late.text, publicKey: Array(repeating: 2, count: 32), name: "b")
            }
            let nobody = StaffActor(accountID: 1, personID: 1, login: "x", roles: [.finance])
            await #expect(throws: RoleRefusal.roleMissing) {
                try await tills.makeEnrolmentCode(storeCode: "GD0001", by: nobody)
            }
        }
    }

    @Test func `a forked till goes on under a new key and epoch, and nothing doubles`() async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            try till.sell(card, 100)
            try till.sell(card, 200)
            _ = try await till.push()
            till.forget(from: 1)
            try till.sell(card, 300)
            #expect(try await till.push() == .refused(.fork))
            let next = try await till.renewed()
            #expect(try await till.push() == .refused(.fork))
            #expect(try await next.verdicts() == ["duplicate", "posted"])
            #expect(try await shop.balance(card) == (400, 0))
        }
    }

    @Test func `what a lost key never brought keeps its day and month under the new one`()
        async throws
    {
        try await withOffice { office in
            let shop = try await TestShop.open(office)
            let till = try await TestTill.enrol(shop)
            let card = try await shop.card(1, balance: 1_000)
            let lastDay = TradingMonth(office.time.now).end.adding(milliseconds: -60_000)
            office.time.set(lastDay)
            try till.sell(card, 100)
            office.time.move(milliseconds: 2 * 86_400_000)
            let next = try await till.renewed()
            #expect(try await next.verdicts() == ["posted"])
            #expect(
                try await shop.number(
                    """
                    SELECT count(*) FROM sale
                    WHERE business_at = \(lastDay) AND business_date = \(BusinessDate(lastDay))
                    """) == 1)
        }
    }
}
