import Domain

/// Values that many tests share.
enum Fixture {
    static let card = fingerprint("0123456789abcdef0123456789abcdef")
    static let otherCard = fingerprint("ffffffffffffffffffffffffffffffff")
    static let noon = instant("2026-11-25", milliseconds: 12 * 3_600_000)

    static func fingerprint(_ text: String) -> CardFingerprint {
        try! CardFingerprint(text)
    }

    static func date(_ text: String) -> BusinessDate {
        BusinessDate.parse(text)!
    }

    static func month(_ text: String) -> TradingMonth {
        TradingMonth.parse(text)!
    }

    static func instant(_ day: String, milliseconds: Int64 = 0) -> Instant {
        date(day).start.adding(milliseconds: milliseconds)
    }

    static func id(_ number: UInt64) -> RecordID {
        RecordID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0000 | number)
    }

    static func line(price: Int64, quantity: Int64) -> SaleLine {
        SaleLine(
            sku: "10001", name: "感冒颗粒", spec: "10g*9", list: Money(fen: price),
            price: Money(fen: price), quantity: quantity)
    }

    /// What a throwing call refuses, nil when it agrees.
    static func refusal<Refusal: Error>(_ call: () throws(Refusal) -> Void) -> Refusal? {
        do {
            try call()
            return nil
        } catch {
            return error
        }
    }
}
