import Domain
import Journal

/// What the till asks head office about payments by phone.
struct PhoneLine: Sendable {
    /// Nil when no verified answer came.
    let payment: @Sendable (PhonePaymentRequest) async -> PhonePaymentReply?
    /// Nil when no verified answer came.
    let key: @Sendable (ConfirmationKeyRequest) async -> ConfirmationKeyReply?

    /// A line that is down.
    static let down = PhoneLine(payment: { _ in nil }, key: { _ in nil })

    init(
        payment: @escaping @Sendable (PhonePaymentRequest) async -> PhonePaymentReply?,
        key: @escaping @Sendable (ConfirmationKeyRequest) async -> ConfirmationKeyReply?
    ) {
        self.payment = payment
        self.key = key
    }

    /// Asks over the line.
    init(contact: OfficeContact) {
        payment = { request in
            let answer = await contact.exchange(
                "POST", "/sync/v1/payments", body: request.bytes,
                contentType: "application/json", timeout: .seconds(request.wait + 10),
                isLongPoll: true, beacon: { (try? PhonePaymentReply(bytes: $0))?.beacon })
            guard let answer, answer.status == 200 else { return nil }
            return try? PhonePaymentReply(bytes: answer.body)
        }
        key = { request in
            let answer = await contact.exchange(
                "POST", "/sync/v1/confirmation-keys", body: request.bytes,
                contentType: "application/json", timeout: .seconds(10),
                beacon: { (try? ConfirmationKeyReply(bytes: $0))?.beacon })
            guard let answer, answer.status == 200 else { return nil }
            return try? ConfirmationKeyReply(bytes: answer.body)
        }
    }
}
