import Domain
import Foundation
import GRDB
import Journal
import Logging
import ServiceLifecycle

/// The pictures of card faces, for the cashier to compare with the plastic (PRODUCT §2.4).
enum CardFaces {
    /// Contents that a programme taken here names and this till has not fetched.
    static func missing(in database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT DISTINCT face_picture FROM programme
                WHERE face_picture IS NOT NULL AND accepted = 1
                    AND NOT EXISTS (SELECT 1 FROM face_picture WHERE content = programme.face_picture)
                """)
    }

    /// Keeps a picture and lets go of those that no programme names any more.
    ///
    /// - Shape: false when the bytes are not what their name says; nothing is kept then.
    static func keep(_ picture: [UInt8], as content: String, in database: Database) throws -> Bool {
        guard RecordHash(of: picture).hex == content else { return false }
        try database.execute(
            sql: "INSERT INTO face_picture (content, picture) VALUES (?, ?) ON CONFLICT DO NOTHING",
            arguments: [content, Data(picture)])
        try database.execute(
            sql: """
                DELETE FROM face_picture WHERE content NOT IN (
                    SELECT face_picture FROM programme WHERE face_picture IS NOT NULL)
                """)
        return true
    }

    /// The picture, nil when it is not here.
    static func picture(_ content: String, in database: Database) throws -> [UInt8]? {
        try Data.fetchOne(
            database, sql: "SELECT picture FROM face_picture WHERE content = ?",
            arguments: [content]
        ).map { Array($0) }
    }
}

/// Fetches the pictures that programmes name.
struct CardFaceWatch: Service {
    static let interval: Duration = .seconds(30)

    let store: TillStore
    let contact: OfficeContact
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await fetchMissing() } catch {
                    logger.error(
                        "a card face could not be kept", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// One try for each; what is not answered is asked again later.
    private func fetchMissing() async throws {
        for content in try await store.read({ try CardFaces.missing(in: $0) }) {
            let answer = await contact.exchange(
                "GET", "/sync/v1/faces?content=\(content)", timeout: .seconds(60),
                beacon: { (try? FaceReply(bytes: $0))?.beacon })
            guard let answer, answer.status == 200, let reply = try? FaceReply(bytes: answer.body)
            else { continue }
            let isKept = try await store.write {
                try CardFaces.keep(reply.picture, as: content, in: $0)
            }
            if !isKept { logger.warning("a card face is not the one that was named") }
        }
    }
}
