// Cards as head office hands them out: numbers in the card printer's file, passwords in mailers sealed to a key that only
// the recipient has. Opened here without any of head office's code.

import Crypto
import Foundation

/// Issues cards through head office and plays card printer and mailers' printer.
struct CardIssue {
    let issuer: Clerk
    let supervisor: Clerk
    private let key = Curve25519.KeyAgreement.PrivateKey()

    /// Registers a key of its own as the mailers' recipient.
    init(issuer: Clerk, supervisor: Clerk) async throws {
        self.issuer = issuer
        self.supervisor = supervisor
        _ = try await supervisor.call(
            "PUT", "/mailer-recipient",
            [
                "name": "演示信封打印",
                "publicKey": key.publicKey.rawRepresentation.base64EncodedString(),
            ])
    }

    /// Asks for a batch and gives its number.
    func ask(
        programme: String, quantity: Int, initialLoad: Int64, note: String
    ) async throws -> String {
        let asked = try await issuer.call(
            "POST", "/batches",
            [
                "programme": programme, "quantity": quantity, "initialLoad": initialLoad,
                "test": false, "note": note,
            ])
        guard let batch = asked["id"] as? String else { throw LabError("no batch: \(asked)") }
        return batch
    }

    /// Approves a batch and fetches both files.
    func issue(batch: String, programme: String) async throws -> [DemoCard] {
        _ = try await supervisor.call("POST", "/batches/\(batch)/decide", ["verdict": "approved"])
        let printed = try await issuer.download("POST", "/batches/\(batch)/printer-file")
        let listed = try await supervisor.rows("/batches?state=issued")
        guard
            let mailer = listed.first(where: { $0["batch"] as? String == batch })?["mailer"]
                as? String
        else { throw LabError("batch \(batch) has no mailers") }
        let passwords = try passwords(
            try await supervisor.call("POST", "/mailers/\(mailer)/fetch"))
        return try Self.rows(printed).map { row in
            guard row.count > 1, let password = passwords[row[0]] else {
                throw LabError("a card of batch \(batch) has no mailer")
            }
            return DemoCard(number: row[1], password: password, programme: programme)
        }
    }

    /// Rows of a file below its heading; of each field the digits and hyphens, which is all that serials, numbers and
    /// passwords are made of.
    private static func rows(_ file: String) -> [[String]] {
        file.split(whereSeparator: \.isNewline).dropFirst().map { line in
            line.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.filter { $0.isNumber || $0 == "-" } }
        }
    }

    /// Passwords by serial.
    private func passwords(_ file: [String: Any]) throws -> [String: String] {
        func bytes(_ name: String) -> Data {
            (file[name] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
        }
        let recipient = Data((file["recipient"] as? String ?? "").utf8)
        var receiver = try HPKE.Recipient(
            privateKey: key,
            ciphersuite: HPKE.Ciphersuite(
                kem: .Curve25519_HKDF_SHA256, kdf: .HKDF_SHA256, aead: .chaChaPoly),
            info: Data("huiyika/mailers/1".utf8), encapsulatedKey: bytes("encapsulated"))
        let text = String(
            decoding: try receiver.open(bytes("sealed"), authenticating: recipient),
            as: UTF8.self)
        return Self.rows(text).reduce(into: [:]) { found, row in
            if let serial = row.first, let password = row.last { found[serial] = password }
        }
    }
}
