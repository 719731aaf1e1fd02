/// Why a card number, fingerprint or card password as entered is not accepted.
///
/// Refuses: cases stand in order of precedence.
public enum CardRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// No card number was entered.
    case numberEmpty = "card_number_empty"
    /// The card number has something other than digits and spaces in it.
    case numberNotDigits = "card_number_not_digits"
    /// The card number has fewer than 16 or more than 19 digits.
    case numberLength = "card_number_length"
    /// The number does not fit its programme's numbering scheme.
    case numberScheme = "card_number_scheme"
    /// The fingerprint is not 32 lower-case hexadecimal digits.
    case fingerprintMalformed = "card_fingerprint_malformed"
    /// The card password is not exactly six digits.
    case passwordNotSixDigits = "card_password_not_six_digits"
    /// The holder's name is empty, longer than 40 characters, or has control characters in it.
    case holderNameInvalid = "holder_name_invalid"

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether the same call may succeed later.
    public var isTransient: Bool { false }
}
