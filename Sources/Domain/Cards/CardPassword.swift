/// The six digits that a holder types.
///
/// Shape: exactly six ASCII digits after full-width clean-up.
/// Source: R-W1, R-W2. No way of printing the value shows it.
public struct CardPassword: Sendable, Hashable, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    /// The digits, for sealing and verifying only.
    public let digits: String

    /// Reads a password as typed; full-width digits become ASCII.
    ///
    /// Refuses: `passwordNotSixDigits`.
    public init(_ entered: String) throws(CardRefusal) {
        let cleaned = TypedText.withASCIIDigits(entered)
        guard cleaned.count == 6, cleaned.allSatisfy(TypedText.isASCIIDigit) else {
            throw .passwordNotSixDigits
        }
        digits = cleaned
    }

    /// Six dots.
    public var description: String { "••••••" }

    /// Six dots.
    public var debugDescription: String { description }

    /// Nothing inside, so that `dump` cannot show the digits.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
