/// The eight digits by which a phone proves to a till without a line that head office holds the
/// money.
///
/// - Shape: exactly eight ASCII digits.
/// - Source: R-P6, R-P12.
public struct ConfirmationCode: Sendable, Hashable {
    /// The digits.
    public let digits: String

    /// Reads a code as typed: white space, hyphens and full-width digits are cleaned up; nil unless
    /// eight digits are left.
    public init?(typed: String) {
        var digits = ""
        for scalar in typed.unicodeScalars {
            switch scalar.value {
            case 0x30...0x39: digits.unicodeScalars.append(scalar)
            case 0xFF10...0xFF19:
                digits.unicodeScalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 0x30)))
            case 0x2D, 0x2010...0x2014: continue
            default:
                guard scalar.properties.isWhitespace else { return nil }
            }
        }
        guard digits.utf8.count == 8 else { return nil }
        self.digits = digits
    }

    /// A number below 100,000,000 with zeroes in front.
    init(number: UInt32) {
        let text = String(number)
        digits = String(repeating: "0", count: max(0, 8 - text.utf8.count)) + text
    }

    /// The digits in two groups, as screens show them.
    public var grouped: String { "\(digits.prefix(4)) \(digits.suffix(4))" }

    /// Whether two codes are the same; takes the same time either way.
    public func matches(_ other: ConfirmationCode) -> Bool {
        zip(digits.utf8, other.digits.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// How many codes may be typed for one payment, counted on disk (R-P6).
///
/// - Shape: a wrong try counts before its answer is known; after the fifth no code is taken.
public enum ConfirmationTries {
    /// Tries of one payment.
    public static let countMax = 5

    /// What a typed code comes to.
    public enum Verdict: Sendable, Hashable {
        /// The code is right.
        case right
        /// The code is wrong; so many tries are left.
        case wrong(triesLeft: Int)
        /// Five were wrong already: not judged any more.
        case usedUp
    }

    /// Judges a typed code.
    ///
    /// - Parameter wrongCount: wrong ones before it.
    public static func judge(
        _ typed: ConfirmationCode, expected: ConfirmationCode, wrongCount: Int
    ) -> Verdict {
        guard wrongCount < countMax else { return .usedUp }
        return typed.matches(expected) ? .right : .wrong(triesLeft: countMax - wrongCount - 1)
    }
}
