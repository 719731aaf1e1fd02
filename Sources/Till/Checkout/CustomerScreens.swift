import Domain

/// The screens that face customers, and the card numbers their payments wait with.
///
/// A number that the cashier entered stays here, in memory alone, from its entry until the password that
/// the customer types at the other screen is sealed with it (R-W2, R-W3). It is forgotten when the payment
/// ends, when another card is taken, and after the time that a payment may be open.
actor CustomerScreens {
    /// A screen that has not asked for so long is gone.
    static let attachedMilliseconds: Int64 = 4_000

    private struct Entered {
        let number: CardNumber
        let at: Instant
    }

    private var seen: [String: Instant] = [:]
    private var entered: [RecordID: Entered] = [:]

    /// Notes that the cashier's customer screen asked.
    func note(_ login: String, at now: Instant) { seen[login] = now }

    /// Whether the cashier has a customer screen that is alive.
    func isAttached(_ login: String, at now: Instant) -> Bool {
        seen[login].map { abs(now.milliseconds(since: $0)) <= Self.attachedMilliseconds } ?? false
    }

    func enter(_ number: CardNumber, for payment: RecordID, at now: Instant) {
        entered = entered.filter {
            abs(now.milliseconds(since: $0.value.at)) < Self.numberMilliseconds
        }
        entered[payment] = Entered(number: number, at: now)
    }

    private static let numberMilliseconds: Int64 = 10 * 60_000

    func number(of payment: RecordID) -> CardNumber? { entered[payment]?.number }

    func forget(_ payment: RecordID) { entered[payment] = nil }
}
