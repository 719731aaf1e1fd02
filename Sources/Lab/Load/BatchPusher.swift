import Domain
import HTTPTransport
import Journal

/// Signs and pushes ready batches of one till.
struct BatchPusher: Sendable {
    let base: String
    let keyID: KeyID
    let key: SigningKey
    let transport: HTTPTransport

    /// Pushes bodies one after the other, as a till does.
    ///
    /// - Refuses: `LabError` at the first that is not taken.
    func push(_ bodies: [[UInt8]]) async throws {
        for body in bodies {
            let nonce = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
            guard let nonce = RequestNonce(bytes: nonce) else { throw LabError("no nonce") }
            let url = base + "/sync/v1/batches"
            let headers = RequestSignature.sign(
                method: "POST", url: url, body: body, keyID: keyID,
                created: LabClock.now().milliseconds / 1000, nonce: nonce, key: key)
            let answer = try await transport.send(
                HTTPTransport.Request(
                    method: "POST", url: url,
                    headers: headers.fields.map { HTTPField($0.name, $0.value) }, body: body))
            guard answer.status == 200 else {
                throw LabError("a batch was answered \(answer.status)")
            }
        }
    }
}
