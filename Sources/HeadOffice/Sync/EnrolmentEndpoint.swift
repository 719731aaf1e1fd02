import Domain
import Hummingbird
import Journal
import PostgresDriver

/// `POST /sync/v1/enrolments` (PROTOCOL §4): signed by a key that has no till yet.
struct EnrolmentEndpoint: Sendable {
    let door: SyncDoor

    private static let bodyLimit = 4_096
    /// Nonces of keys without a till are kept under this id.
    private static let noTill: Int64 = 0

    func answer(_ request: Request) async -> Response {
        guard let url = door.url(of: request) else { return door.misdirected() }
        var nonce: RequestNonce?
        do {
            let body = try await SyncBody.collect(request.body, limit: Self.bodyLimit)
            let signature = try SyncDoor.signature(of: request)
            guard signature.keyID == .enrolment else { throw SignatureRefusal.unknownKey }
            let asked = try EnrolmentRequest(bytes: body)
            try signature.authenticate(
                method: request.method.rawValue, url: url, body: body, key: asked.publicKey)
            nonce = signature.nonce
            let reply = try await decide(asked, signature)
            return reply.response(signing: nonce, key: door.key)
        } catch let fault as SyncBodyFault {
            return SyncDoor.reply(to: fault).response(signing: nil, key: door.key)
        } catch let refusal as SignatureRefusal {
            return SyncReply(refusal).response(signing: nonce, key: door.key)
        } catch is WireFault {
            return SyncReply(
                refusing: 422, "unreadable_request", "The request is not the protocol's."
            )
            .response(signing: nonce, key: door.key)
        } catch {
            return door.unexpected(error).response(signing: nonce, key: door.key)
        }
    }

    private func decide(
        _ asked: EnrolmentRequest, _ signature: RequestSignature
    ) async throws -> SyncReply {
        let now = door.store.clock.now()
        guard signature.isFresh(now: now.milliseconds / 1_000) else {
            let beacon = Beacon(issued: now, nonce: signature.nonce, till: "", key: door.key)
            return SyncReply(.clock, beacon: beacon.token)
        }
        // Anybody can make a key: who has no code leaves nothing in the database.
        guard try await door.tills.isCode(asked.code) else { return Self.reply(.unknownCode) }
        guard try await door.tills.noteNonce(signature.nonce, tillID: Self.noTill) else {
            return SyncReply(.nonceSeen)
        }
        guard asked.version == 1 else { return Self.reply(.version) }
        guard (1...60).contains(asked.name.unicodeScalars.count) else {
            return SyncReply(
                refusing: 422, "unreadable_request", "The till's name has 1 to 60 characters.")
        }
        do {
            let state = try await door.tills.askEnrolment(
                code: asked.code, publicKey: asked.publicKey.rawRepresentation, name: asked.name)
            switch state {
            case .waiting(let enrolmentID):
                let reply = EnrolmentReply.waiting(
                    enrolment: RecordID(high: 0, low: UInt64(enrolmentID)))
                return SyncReply(reply, status: reply.status)
            case .approved(let tillID):
                let reply = EnrolmentReply.approved(
                    try await door.tills.grant(
                        tillID: tillID, nonce: signature.nonce, key: door.key))
                return SyncReply(reply, status: reply.status)
            }
        } catch let refusal as EnrolmentRefusal {
            return Self.reply(refusal)
        }
    }

    private static func reply(_ refusal: EnrolmentRefusal) -> SyncReply {
        let words =
            switch refusal {
            case .version: "This version of the protocol is not known here."
            case .unknownCode: "There is no such code, or it was used or has expired."
            case .refused: "Head office refused this till."
            }
        return SyncReply(refusing: refusal.status, refusal.code, words)
    }
}

extension Tills {
    /// What an approved till needs to work.
    func grant(
        tillID: Int64, nonce: RequestNonce, key: NamedSigningKey
    ) async throws -> EnrolmentGrant {
        let (till, epoch, shop) = try await store.read { session in
            let row = try session.queryOne(
                """
                SELECT till.code, till.epoch, store.code AS store_code, store.name, store.address,
                       store.province, store.telephone
                FROM till JOIN store USING (store_id)
                WHERE till_id = \(tillID)
                """)
            guard let row else { throw TillRefusal.unknownTill }
            return (
                try row["code"] as String, Int(try row["epoch"] as Int32),
                EnrolmentGrant.Store(
                    address: try row["address"], code: try row["store_code"],
                    name: try row["name"], province: try row["province"],
                    telephone: try row["telephone"])
            )
        }
        let beacon = Beacon(issued: store.clock.now(), nonce: nonce, till: till, key: key)
        return EnrolmentGrant(
            beacon: beacon.token, epoch: epoch,
            fingerprintKey: store.secrets.wireFingerprintKey,
            sealingKey: store.secrets.openingKey.sealingKey, signingKey: key.verifying,
            store: shop, till: till)
    }
}
