import Domain
import WebSupport

/// Figures as the screens show them.
enum Texts {
    static func yuan(_ fen: Int64) -> String {
        fen < 0 ? "-¥" + Money(fen: -fen).grouped : "¥" + Money(fen: fen).grouped
    }

    /// Asia/Shanghai, to the second (R-T1).
    static func time(_ milliseconds: Int64) -> String {
        let instant = Instant(milliseconds: milliseconds)
        let date = BusinessDate(instant)
        let seconds = instant.milliseconds(since: date.start) / 1_000
        return "\(date) \(two(seconds / 3_600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    /// A length of time in its largest whole unit, and the next.
    static func duration(_ seconds: Int64, _ words: Words) -> String {
        let seconds = max(0, seconds)
        if seconds < 60 { return words("till.seconds", ["count": String(seconds)]) }
        if seconds < 3_600 { return words("till.minutes", ["count": String(seconds / 60)]) }
        if seconds < 172_800 { return words("till.hours", ["count": String(seconds / 3_600)]) }
        return words("till.days", ["count": String(seconds / 86_400)])
    }

    static func bytes(_ count: Int64) -> String {
        let mebibytes = count >> 20
        return mebibytes < 10_240 ? "\(mebibytes) MiB" : "\(mebibytes >> 10) GiB"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// A state with its colour.
struct StateView {
    let text: String
    let level: String
}

extension OrderSummary {
    /// The masked card, or that a phone has paid and head office has not said yet with which.
    func shownMask(_ words: Words) -> String {
        mask.isEmpty ? words("till.cardUnknown") : mask
    }
}
