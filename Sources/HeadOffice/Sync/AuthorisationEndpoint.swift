import Domain
import Journal

/// `POST /sync/v1/authorisations` (PROTOCOL §6).
struct AuthorisationEndpoint: Sendable {
    let door: SyncDoor
    let authorisations: Authorisations

    init(door: SyncDoor) {
        self.door = door
        authorisations = Authorisations(door.store)
    }

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        let asked: AuthorisationRequest
        do throws(WireFault) {
            asked = try AuthorisationRequest(bytes: request.body)
        } catch {
            return SyncReply(
                refusing: 422, "unreadable_request", "The request is not the protocol's: \(error).")
        }
        guard asked.version == 1 else {
            return SyncReply(
                refusing: 426, "version", "This version of the protocol is not known here.")
        }
        try await door.tills.noteContact(tillID: request.till.tillID, head: asked.tillHead)
        var reply = try await authorisations.authorise(asked, from: request.till)
        reply.beacon =
            Beacon(
                issued: door.store.clock.now(), nonce: request.nonce, till: request.till.code,
                key: door.key
            ).token
        return SyncReply(reply)
    }
}
