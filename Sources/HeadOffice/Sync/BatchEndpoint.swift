import Domain
import Journal
import PostgresDriver
import Synchronization

/// `POST /sync/v1/batches` (PROTOCOL §5).
final class BatchEndpoint: Sendable {
    private let door: SyncDoor
    private let ingest: BatchIngest
    private let limit: Int
    private let running = Mutex(0)

    /// - Parameter limit: batches taken in at once; the next one is asked to come back.
    init(door: SyncDoor, limit: Int) {
        self.door = door
        self.limit = limit
        ingest = BatchIngest(door.store)
    }

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        guard enter() else { return Self.reply(.tooManyRequests(retryAfter: 1)) }
        defer { running.withLock { $0 -= 1 } }
        let frame: BatchFrame
        do throws(BatchRefusal) {
            frame = try BatchFrame(decoding: request.body)
        } catch {
            return Self.reply(error)
        }
        do {
            switch try await ingest.take(frame, from: request.till) {
            case .refused(let refusal):
                return Self.reply(refusal)
            case .taken(var reply):
                reply.beacon =
                    Beacon(
                        issued: door.store.clock.now(), nonce: request.nonce,
                        till: request.till.code, key: door.key
                    ).token
                return SyncReply(reply)
            }
        } catch let error as PostgresError where error.isTransient {
            return Self.reply(.unavailable(retryAfter: 2))
        }
    }

    private func enter() -> Bool {
        running.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    private static func reply(_ refusal: BatchRefusal) -> SyncReply {
        SyncReply(refusal.body, status: refusal.status)
    }
}
