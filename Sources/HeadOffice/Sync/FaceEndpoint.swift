import Journal
import PostgresDriver

/// `GET /sync/v1/faces?content=HEX` (PROTOCOL §7): the picture that a programme's change names.
struct FaceEndpoint: Sendable {
    let door: SyncDoor

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        guard let content = request.query["content"].flatMap({ [UInt8](hex: $0) }),
            content.count == 32
        else { return .unreadable("no content is named") }
        let picture = try await door.store.read { session in
            try session.queryOne(
                "SELECT picture FROM programme_face WHERE content = \(content) LIMIT 1"
            )?.decode("picture", as: [UInt8].self)
        }
        guard let picture else {
            return SyncReply(refusing: 404, "unknown_face", "No programme has this picture now.")
        }
        return SyncReply(FaceReply(beacon: door.beacon(for: request), picture: picture))
    }
}
