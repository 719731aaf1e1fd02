import Domain
import Journal

/// Asks head office to hold a payment's amount.
struct Authoriser: Sendable {
    /// How long the line is listened to: longer than the cashier waits, because a late no still
    /// bars the card (R-P9).
    static let listenTime: Duration = .seconds(20)

    /// Sends one attempt; nil when no verified answer came.
    let ask: @Sendable (AuthorisationRequest) async -> AuthorisationReply?

    init(ask: @escaping @Sendable (AuthorisationRequest) async -> AuthorisationReply?) {
        self.ask = ask
    }

    /// Asks over the line.
    init(contact: OfficeContact) {
        ask = { request in
            let answer = await contact.exchange(
                "POST", "/sync/v1/authorisations", body: request.bytes,
                contentType: "application/json", timeout: Self.listenTime,
                beacon: { (try? AuthorisationReply(bytes: $0))?.beacon })
            guard let answer else { return nil }
            if answer.status == 200 {
                let reply = try? AuthorisationReply(bytes: answer.body)
                return reply?.payment == request.payment ? reply : nil
            }
            // Nothing was judged: a wrong clock is put right for the retry, the rest is no answer.
            let error = try? WireError(bytes: answer.body)
            if error?.code == "clock", let beacon = error?.beacon {
                await contact.correctClock(beacon)
            }
            return nil
        }
    }
}
