// Cards as head office hands them out: numbers in the card printer's file, passwords in mailers sealed to a key that only
// the recipient has. Opened here without any of head office's code.

import Crypto
import Foundation

/// Issues cards through head office's pages and plays card printer and mailers' printer.
struct CardIssue {
    let issuer: Clerk
    let supervisor: Clerk
    private let key = Curve25519.KeyAgreement.PrivateKey()

    /// Registers a key of its own as the mailers' recipient.
    init(issuer: Clerk, supervisor: Clerk) async throws {
        self.issuer = issuer
        self.supervisor = supervisor
        _ = try await supervisor.post(
            "/api/mailer-recipients",
            [
                "name": "演示信封打印",
                "publicKey": key.publicKey.rawRepresentation.base64EncodedString(),
            ])
    }

    /// Asks for a batch and gives its number.
    func ask(
        programme: String, quantity: Int, initialLoad: Int64, note: String
    ) async throws -> Int64 {
        let asked = try await issuer.post(
            "/api/batches",
            [
                "programme": programme, "quantity": quantity, "initialLoad": initialLoad,
                "test": false, "note": note,
            ])
        guard let batch = integer(asked["batch"]) else { throw LabError("no batch: \(asked)") }
        return batch
    }

    /// Approves a batch and fetches both files.
    func issue(batch: Int64, programme: String) async throws -> [DemoCard] {
        _ = try await supervisor.post("/api/batches/\(batch)/approve")
        let printed = try await issuer.post("/api/batches/\(batch)/printer-file")
        let mailers = try await supervisor.post("/api/batches/\(batch)/mailers")
        let passwords = try passwords(mailers)
        return try (printed["cards"] as? [[String: Any]] ?? []).map { card in
            guard let serial = card["serial"] as? String, let number = card["number"] as? String,
                let password = passwords[serial]
            else { throw LabError("a card of batch \(batch) has no mailer") }
            return DemoCard(number: number, password: password, programme: programme)
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
        var found: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline).dropFirst() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.filter { $0.isNumber || $0 == "-" }
            }
            if let serial = fields.first, let password = fields.last {
                found[String(serial)] = String(password)
            }
        }
        return found
    }
}
