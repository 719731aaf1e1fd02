import Logging
import PostgresDriver
import ServiceLifecycle

/// Keeps head office's own PostgreSQL running: one that ended by itself is started again, and tills
/// are asked to come back until it answers.
struct DatabaseWatch: Service {
    static let interval: Duration = .milliseconds(500)

    let cluster: PrivateCluster
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    if try await cluster.restartIfGone() {
                        logger.notice("The private PostgreSQL answers again")
                    }
                } catch {
                    logger.error(
                        "The private PostgreSQL does not start", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }
}
