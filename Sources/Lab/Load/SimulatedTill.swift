public import Domain
import Foundation
public import HTTPTransport
public import Journal

/// A card whose number and password the lab knows.
public struct LabCard: Sendable {
    /// The number.
    public let number: CardNumber
    /// The password.
    public let password: CardPassword
    /// The programme's code.
    public let programme: String

    /// A card as the issuer's file names it.
    ///
    /// - Refuses: `CardRefusal` when number or password is malformed.
    public init(number: String, password: String, programme: String) throws {
        self.number = try CardNumber(number)
        self.password = try CardPassword(password)
        self.programme = programme
    }
}

/// A till that speaks the protocol and has no screen: for load, for hostile requests and for replays.
///
/// It keeps its journal in memory, so it is for tests and measurements only. Not for use from two tasks at once.
public final class SimulatedTill {
    /// What head office granted; nil before the approval.
    public private(set) var grant: EnrolmentGrant?
    /// The newest record.
    public private(set) var head = JournalHead(sequence: 0, hash: RecordHash(of: []))
    /// The key, so that hostile tests can sign what they like.
    public let key: SigningKey

    private let base: String
    private let transport: HTTPTransport
    private var receiptCounter = 0

    /// A till that talks to head office's sync port at `base`.
    public init(base: String, transport: HTTPTransport) throws {
        let seed = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        guard let key = SigningKey(rawRepresentation: seed) else {
            throw LabError("32 bytes are no signing key")
        }
        self.key = key
        self.base = base
        self.transport = transport
    }

    /// Asks for enrolment once more.
    ///
    /// - Shape: true when approved; then `grant` and `head` are set.
    /// - Refuses: `LabError` on any refusal.
    public func enrol(code: String, name: String) async throws -> Bool {
        let request = EnrolmentRequest(
            code: code, name: name, publicKey: key.verifyingKey, version: 1)
        let answer = try await send(
            "POST", "/sync/v1/enrolments", body: request.wire.canonicalBytes, keyID: .enrolment)
        switch answer.status {
        case 202: return false
        case 200:
            let reply = try EnrolmentReply(
                wire: JSONValue(parsing: answer.body), at: "enrolment")
            guard case .approved(let grant) = reply else { throw LabError("200 without a grant") }
            self.grant = grant
            head = JournalChain(till: grant.till, epoch: grant.epoch)
                .genesis(publicKey: key.verifyingKey)
            return true
        default:
            throw LabError(
                "enrolment: \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
    }

    /// A stand-in sale of one line, sealed and ready for the journal.
    public func sale(on card: LabCard, amount: Money) throws -> BatchEntry {
        guard let grant else { throw LabError("not enrolled") }
        let now = LabClock.now()
        let id = LabClock.recordID(at: now)
        guard
            let sealed = SealedCredential.seal(
                .init(number: card.number, password: card.password), payment: id, amount: amount,
                to: grant.sealingKey)
        else { throw LabError("the sealing key is no key") }
        receiptCounter += 1
        let line = SaleCompleted.Line(
            amount: amount, list: amount, name: "感冒灵颗粒", price: amount, quantity: 1,
            repricedBy: nil, sku: "100001", spec: "10g*9袋")
        let sale = SaleCompleted(
            card: .init(
                fingerprint: grant.fingerprintKey.fingerprint(of: card.number),
                mask: card.number.masked, programme: card.programme),
            cashier: "cashier1", lines: [line],
            payment: .init(
                attempt: 1, credential: sealed.hash,
                knew: .init(blockListVersion: 0, contactAge: 0, limitsVersion: 0), mode: .standIn),
            receipt: "\(grant.till)-\(BusinessDate(now).compact)-\(10_000 + receiptCounter)",
            isTest: false, total: amount)
        let record = Record(at: now, id: id, offset: 0, body: .saleCompleted(sale))
        return BatchEntry(record: record.bytes, credential: sealed.bytes)
    }

    /// Any record, sealed by nothing: as a till of another version or a hostile one writes it.
    public func entry(_ text: String) -> BatchEntry { BatchEntry(record: Array(text.utf8)) }

    /// The same record with one more member in its body, and the credential it came with.
    ///
    /// - Refuses: `LabError` when the record is no object.
    public func adding(_ name: String, _ value: JSONValue, to entry: BatchEntry) throws
        -> BatchEntry
    {
        guard case .object(var record) = try JSONValue(parsing: entry.record),
            case .object(var body) = record["body"]
        else { throw LabError("no record") }
        body[name] = value
        record["body"] = .object(body)
        return BatchEntry(
            record: JSONValue.object(record).canonicalBytes, credential: entry.credential)
    }

    /// Frames entries behind a head that is not moved: for what must not be accepted.
    public func frame(_ entries: [BatchEntry], after previous: JournalHead) throws -> BatchFrame {
        let kept = head
        defer { head = kept }
        head = previous
        return try frame(entries)
    }

    /// Frames entries behind the head and moves the head on.
    public func frame(_ entries: [BatchEntry]) throws -> BatchFrame {
        guard let grant else { throw LabError("not enrolled") }
        let chain = JournalChain(till: grant.till, epoch: grant.epoch)
        let after = head
        let heads = chain.heads(after: after, appending: entries.map(\.record))
        guard let last = heads.last else { throw LabError("a frame without records") }
        head = last
        return BatchFrame(
            batch: LabClock.recordID(at: LabClock.now()), chain: chain, after: after,
            entries: entries, tillHead: last,
            status: TillStatus(
                clockOffset: 0, oldestUnsent: nil, unsentCount: entries.count,
                unsentValue: .zero, version: "lab"))
    }

    /// Pushes a frame and returns the answer as it came.
    public func push(_ frame: BatchFrame) async throws -> HTTPTransport.Response {
        try await push(body: frame.encoded())
    }

    /// What pushing needs of this till, for a task of its own.
    func pusher() throws -> BatchPusher {
        guard let grant else { throw LabError("not enrolled") }
        return BatchPusher(
            base: base, keyID: .till(grant.till, epoch: grant.epoch), key: key,
            transport: transport)
    }

    /// Pushes any bytes as a batch, signed by this till.
    public func push(body: [UInt8]) async throws -> HTTPTransport.Response {
        guard let grant else { throw LabError("not enrolled") }
        return try await send(
            "POST", "/sync/v1/batches", body: body,
            keyID: .till(grant.till, epoch: grant.epoch))
    }

    /// Sends a signed request.
    public func send(
        _ method: String, _ path: String, body: [UInt8], keyID: KeyID
    ) async throws -> HTTPTransport.Response {
        try await transport.send(request(method, path, body: body, keyID: keyID))
    }

    /// Sends a request as it is, so that a test can spoil it first or send it twice.
    public func send(_ request: HTTPTransport.Request) async throws -> HTTPTransport.Response {
        try await transport.send(request)
    }

    /// A signed batch that is not sent.
    public func batchRequest(
        body: [UInt8], secondsOff: Int64 = 0, signedBy stranger: SigningKey? = nil
    ) throws -> HTTPTransport.Request {
        guard let grant else { throw LabError("not enrolled") }
        return try request(
            "POST", "/sync/v1/batches", body: body, keyID: .till(grant.till, epoch: grant.epoch),
            secondsOff: secondsOff, signedBy: stranger)
    }

    /// A signed request that is not sent.
    ///
    /// - Shape: `secondsOff` is what the till's clock is ahead by; `stranger` signs instead of the till.
    public func request(
        _ method: String, _ path: String, body: [UInt8], keyID: KeyID, secondsOff: Int64 = 0,
        signedBy stranger: SigningKey? = nil
    ) throws -> HTTPTransport.Request {
        let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        guard let nonce = RequestNonce(bytes: nonce) else { throw LabError("16 bytes, no nonce") }
        let headers = RequestSignature.sign(
            method: method, url: base + path, body: body, keyID: keyID,
            created: LabClock.now().milliseconds / 1000 + secondsOff, nonce: nonce,
            key: stranger ?? key)
        return HTTPTransport.Request(
            method: method, url: base + path,
            headers: headers.fields.map { HTTPField($0.name, $0.value) }, body: body)
    }

    /// Asks for one attempt of a payment.
    public func authorisation(of payment: RecordID, on card: LabCard, amount: Money) throws
        -> HTTPTransport.Request
    {
        guard let grant else { throw LabError("not enrolled") }
        guard
            let sealed = SealedCredential.seal(
                .init(number: card.number, password: card.password), payment: payment,
                amount: amount, to: grant.sealingKey)
        else { throw LabError("the sealing key is no key") }
        let asked = AuthorisationRequest(
            amount: amount, attempt: 1, at: LabClock.now(), credential: sealed.bytes,
            fingerprint: grant.fingerprintKey.fingerprint(of: card.number), offset: 0,
            payment: payment, tillHead: head, unsentForCard: .zero, version: 1)
        return try request(
            "POST", "/sync/v1/authorisations", body: asked.wire.canonicalBytes,
            keyID: .till(grant.till, epoch: grant.epoch))
    }
}

/// Time and ids for the lab: the real ones.
public enum LabClock {
    /// Now.
    public static func now() -> Instant {
        Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded()))
    }

    /// A fresh id for a moment.
    public static func recordID(at time: Instant) -> RecordID {
        RecordID.version7(
            at: time, random: (.random(in: .min ... .max), .random(in: .min ... .max)))
    }
}
