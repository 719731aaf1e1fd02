// The sealing key is changed at the shell: the present one moves to the folder `sealing-earlier` under its id, a new one
// takes its place, and head office tells tills when it starts. An earlier one is removed when no till can hold records
// under it any more (R-W5).

import Crypto
public import Foundation

extension OfficeSecrets {
    private static let earlierFolder = "sealing-earlier"

    /// The earlier sealing keys of a secrets folder.
    ///
    /// - Refuses: `OfficeStartError.secretUnreadable`.
    static func earlierSealingKeys(
        in folder: URL
    ) throws -> [Curve25519.KeyAgreement.PrivateKey] {
        let earlier = folder.appending(path: earlierFolder)
        guard FileManager.default.fileExists(atPath: earlier.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(
            at: earlier, includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "key" }.sorted { $0.path < $1.path }.map { file in
            let data = try SecretFile(path: file.path).read() ?? Data()
            guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: data) else {
                throw OfficeStartError.secretUnreadable(
                    name: file.lastPathComponent, reason: "it holds no key")
            }
            return key
        }
    }

    /// Puts a new sealing key in place of the present one, which is kept as an earlier one.
    ///
    /// - Returns: the new key's id.
    /// - Refuses: `OfficeStartError.secretUnreadable`; nothing has changed then.
    /// - Repetition: every call makes another key. A stop in between leaves the present key in both places.
    public static func renewSealingKey(in folder: URL) throws -> String {
        let secrets = try OfficeSecrets(folder: folder)
        let earlier = folder.appending(path: earlierFolder)
        try FileManager.default.createDirectory(
            at: earlier, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let present = Data(secrets.sealingKey.rawRepresentation)
        _ = try SecretFile(path: earlier.appending(path: secrets.sealingKeyID + ".key").path)
            .readOrMake { present }
        let next = Curve25519.KeyAgreement.PrivateKey()
        try SecretFile(path: folder.appending(path: "sealing.key").path)
            .write(next.rawRepresentation)
        return keyID(next.publicKey.rawRepresentation)
    }

    /// Takes an earlier sealing key away; false when there is none of that id.
    public static func removeSealingKey(_ id: String, in folder: URL) throws -> Bool {
        let file = folder.appending(path: earlierFolder).appending(path: id + ".key")
        let isOne = try earlierSealingKeys(in: folder).contains {
            keyID($0.publicKey.rawRepresentation) == id
        }
        guard isOne else { return false }
        try FileManager.default.removeItem(at: file)
        return true
    }
}
