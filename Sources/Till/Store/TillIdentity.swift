import Domain
import Foundation
import GRDB
import Journal

/// The keys that never stand in the database: a copy of the database is not a copy of the till.
struct TillSecrets: Codable, Sendable {
    /// Ed25519, 32 bytes.
    var signingKey: Data
    /// The key of card fingerprints, 32 bytes; nil until head office has approved the till.
    var fingerprintKey: Data?
    /// The key that shall follow `signingKey`, from the asking until the database names it (S-5).
    var renewalKey: Data?

    /// The secrets in the folder; nil when none were made.
    static func load(from folder: DataFolder) throws -> TillSecrets? {
        guard let content = FileManager.default.contents(atPath: folder.secretsPath) else {
            return nil
        }
        return try JSONDecoder().decode(TillSecrets.self, from: content)
    }

    /// The key that the database names; nil when it is neither.
    func key(publicKey: [UInt8]) -> SigningKey? {
        [signingKey, renewalKey].compactMap { $0 }
            .compactMap { SigningKey(rawRepresentation: Array($0)) }
            .first { $0.verifyingKey.rawRepresentation == publicKey }
    }

    func save(in folder: DataFolder) throws {
        try folder.replacePrivateFile(
            at: folder.secretsPath, with: try JSONEncoder().encode(self))
    }
}

/// Who this till is, and whom it trusts.
struct TillIdentity: Sendable {
    let till: String
    let epoch: Int
    /// Head office's address, `https://host:port`, without a slash at the end.
    let office: String
    let signingKey: SigningKey
    let fingerprintKey: FingerprintKey
    let officeKey: NamedVerifyingKey

    var chain: JournalChain { JournalChain(till: till, epoch: epoch) }
    var keyID: KeyID { .till(till, epoch: epoch) }

    /// Reads the identity; nil when the till is not enrolled.
    ///
    /// - Refuses: a database and a secrets file that do not belong together.
    static func load(_ secrets: TillSecrets?, in database: Database) throws -> TillIdentity? {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT till, epoch, office, public_key, signing_key_id, signing_key FROM identity
                """)
        guard let row else { return nil }
        guard let secrets,
            let signingKey = secrets.key(publicKey: Array(row["public_key"] as Data)),
            let fingerprintKey = secrets.fingerprintKey.flatMap({
                FingerprintKey(rawRepresentation: Array($0))
            }),
            let officeKey = VerifyingKey(rawRepresentation: Array(row["signing_key"] as Data))
        else {
            throw TillStoreError(
                .foreignSchema,
                "the secrets file is missing or is not this database's: a restored copy needs "
                    + "huiyika-till enrol --renew")
        }
        return TillIdentity(
            till: row["till"], epoch: row["epoch"], office: row["office"], signingKey: signingKey,
            fingerprintKey: fingerprintKey,
            officeKey: NamedVerifyingKey(id: row["signing_key_id"], key: officeKey))
    }

    /// The key to seal to: head office may change it while the till runs.
    static func sealingKey(in database: Database) throws -> SealingKey {
        let row = try Row.fetchOne(
            database, sql: "SELECT sealing_key_id, sealing_key FROM identity")
        guard let row,
            let key = SealingKey(
                id: row["sealing_key_id"], rawRepresentation: Array(row["sealing_key"] as Data))
        else { throw TillStoreError(.unavailable, "the till has no sealing key") }
        return key
    }

    /// Writes what head office granted, with the journal's genesis; once.
    static func save(
        _ grant: EnrolmentGrant, office: String, publicKey: VerifyingKey, at now: Instant,
        in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO identity (single, till, epoch, office, public_key, sealing_key_id,
                    sealing_key, signing_key_id, signing_key, enrolled_at)
                VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                grant.till, grant.epoch, office, Data(publicKey.rawRepresentation),
                grant.sealingKey.id, Data(grant.sealingKey.rawRepresentation),
                grant.signingKey.id, Data(grant.signingKey.key.rawRepresentation),
                now.milliseconds,
            ])
        let genesis = JournalChain(till: grant.till, epoch: grant.epoch)
            .genesis(publicKey: publicKey)
        try database.execute(
            sql: "INSERT INTO head (single, seq, hash) VALUES (1, 0, ?)",
            arguments: [Data(genesis.hash.bytes)])
        try database.execute(
            sql: """
                INSERT INTO store_info (single, code, name, address, province, telephone)
                VALUES (1, ?, ?, ?, ?, ?)
                """,
            arguments: [
                grant.store.code, grant.store.name, grant.store.address, grant.store.province,
                grant.store.telephone,
            ])
    }
}
