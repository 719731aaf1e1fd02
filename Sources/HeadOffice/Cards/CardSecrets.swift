// What head office keeps of a card number and a card password. The same functions make them at issue and check them at
// authorisation; the keys are outside the database (R-W1, R-W3).

import Crypto
import Foundation

/// Makes and checks what is stored in place of card numbers and passwords.
public struct CardSecrets: Sendable {
    private let secrets: OfficeSecrets

    /// With head office's keys.
    public init(_ secrets: OfficeSecrets) {
        self.secrets = secrets
    }

    /// The keyed fingerprint a card is found by: 16 bytes.
    ///
    /// - Source: PROTOCOL §3. The number must already be cleaned up (R-M2).
    public func fingerprint(ofNumber number: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: secrets.fingerprintKey)
        code.update(data: Data("huiyika/card/1".utf8))
        code.update(data: Data(number.utf8))
        return Array(code.finalize().prefix(16))
    }

    /// The keyed fingerprint that finds cards by their holder's exact name: 16 bytes.
    public func fingerprint(ofHolder name: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: secrets.fingerprintKey)
        code.update(data: Data("huiyika/holder/1".utf8))
        code.update(data: Data(name.utf8))
        return Array(code.finalize().prefix(16))
    }

    /// The verifier of a card password: HMAC-SHA-256 over salt and password (R-W1).
    public func passwordVerifier(salt: [UInt8], password: String) -> [UInt8] {
        var code = HMAC<SHA256>(key: secrets.passwordPepper)
        code.update(data: Data("huiyika/card-password/1".utf8))
        code.update(data: Data([UInt8(clamping: salt.count)]))
        code.update(data: Data(salt))
        code.update(data: Data(password.utf8))
        return Array(code.finalize())
    }

    /// Whether the password is the one behind the verifier; takes the same time either way.
    public func isPassword(_ password: String, salt: [UInt8], verifier: [UInt8]) -> Bool {
        let made = passwordVerifier(salt: salt, password: password)
        guard made.count == verifier.count else { return false }
        var difference: UInt8 = 0
        for (left, right) in zip(made, verifier) { difference |= left ^ right }
        return difference == 0
    }

    /// A number or a holder's name sealed for keeping: AES-GCM, bound to its use.
    public func seal(_ text: String, use: SealedUse) throws -> [UInt8] {
        let box = try AES.GCM.seal(
            Data(text.utf8), using: secrets.cardNumberKey, authenticating: Data(use.rawValue.utf8))
        return Array(box.combined ?? Data())
    }

    /// Opens what `seal` made for the same use.
    public func open(_ bytes: [UInt8], use: SealedUse) throws -> String {
        let box = try AES.GCM.SealedBox(combined: Data(bytes))
        let data = try AES.GCM.open(
            box, using: secrets.cardNumberKey, authenticating: Data(use.rawValue.utf8))
        return String(decoding: data, as: UTF8.self)
    }

    /// What a sealed text is; one cannot be opened as the other.
    public enum SealedUse: String, Sendable {
        case number = "huiyika/card-number/1"
        case holder = "huiyika/card-holder/1"
        case timeCode = "huiyika/time-code/1"
    }
}
