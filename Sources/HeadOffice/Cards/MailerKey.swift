import Crypto
public import Foundation

/// The private key of whoever prints the password mailers. Head office never has it.
public struct MailerKey: Sendable {
    private let key: Curve25519.KeyAgreement.PrivateKey

    /// Makes a key in a new file that only its owner may read.
    ///
    /// - Shape: the public half in base64, for head office.
    /// - Refuses: `OfficeStartError.setting` when the file is there already or cannot be written.
    public static func make(file: URL) throws -> String {
        let key = Curve25519.KeyAgreement.PrivateKey()
        let isMade =
            !FileManager.default.fileExists(atPath: file.path)
            && FileManager.default.createFile(
                atPath: file.path, contents: key.rawRepresentation,
                attributes: [.posixPermissions: 0o600])
        guard isMade else {
            throw OfficeStartError.setting(key: "--to", reason: "the file cannot be made")
        }
        return key.publicKey.rawRepresentation.base64EncodedString()
    }

    /// The key of a file.
    ///
    /// - Refuses: `OfficeStartError.setting` for a file that holds none.
    public init(file: URL) throws {
        guard let bytes = try? Data(contentsOf: file),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes)
        else { throw OfficeStartError.setting(key: "--key", reason: "no key in this file") }
        self.key = key
    }

    /// What a sealed file says, as CSV.
    ///
    /// - Refuses: `OfficeStartError.setting` for a file that is not sealed to this key.
    public func open(file: URL) throws -> String {
        guard let bytes = try? Data(contentsOf: file),
            let text = try? SealedMailers(bytes: Array(bytes)).open(with: key)
        else {
            throw OfficeStartError.setting(
                key: "file", reason: "it is not sealed to this key, or was changed")
        }
        return text
    }
}
