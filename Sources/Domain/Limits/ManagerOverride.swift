/// A manager's word for one stand-in sale above the per-sale limit.
///
/// Shape: lifts the per-sale limit to at most twice, for one sale, and never any other limit.
/// Source: R-P3, R-A1.
public struct ManagerOverride: Sendable, Hashable {
    /// The most characters of a reason.
    public static let reasonLengthMax = 200
    /// How old what a till knows of its people may be for a manager's act: 7 days.
    public static let knowledgeAgeMax: Int64 = 7 * 86_400

    /// The manager's login.
    public let by: String
    /// Why.
    public let reason: String

    /// Who asks to override.
    public struct Person: Sendable, Hashable {
        /// The login whose password was typed.
        public let login: String
        /// Whether that person is a manager of the store. A login that several people share never is:
        /// head office gives it no such role (R-A1).
        public let isManager: Bool

        /// A person of those facts.
        public init(login: String, isManager: Bool) {
            self.login = login
            self.isManager = isManager
        }
    }

    /// Takes a manager's word.
    ///
    /// Shape: `knowledgeAge` is the R-P14 age of what the till knows, in seconds; nil when it never
    /// heard from head office, negative when its clock cannot be trusted.
    /// Refuses: `notManager`, `knowledgeTooOld`, `reasonMissing`, `reasonTooLong`.
    public init(
        _ person: Person, reason entered: String, knowledgeAge: Int64?
    ) throws(OverrideRefusal) {
        if !person.isManager { throw .notManager }
        guard let knowledgeAge, (0...Self.knowledgeAgeMax).contains(knowledgeAge) else {
            throw .knowledgeTooOld
        }
        let cleaned = TypedText.trimmed(entered)
        if cleaned.isEmpty { throw .reasonMissing }
        if cleaned.unicodeScalars.count > Self.reasonLengthMax { throw .reasonTooLong }
        by = person.login
        reason = cleaned
    }

    /// Whether a sale needs a manager's word: it is above the limit in force and no more than
    /// twice it.
    ///
    /// Shape: gives the limit that would be exceeded; nil when the sale is within it, or beyond
    /// what a manager may allow.
    public static func limitToLift(
        amount: Money, limits: StandInLimits, freshness: Freshness
    ) -> Money? {
        let limit = limits.perSale(freshness, managerOverride: false)
        guard amount > limit, amount <= limits.perSale(freshness, managerOverride: true)
        else { return nil }
        return limit
    }
}

/// Why a manager's word is not taken.
///
/// Refuses: cases stand in order of precedence.
/// Source: R-P3, R-A1.
public enum OverrideRefusal: String, Error, Sendable, Hashable, CaseIterable {
    /// The login is not a manager's of this store: a cashier's, or one that several people share.
    case notManager = "override_not_manager"
    /// What the till knows of its people is more than seven days old.
    case knowledgeTooOld = "override_knowledge_too_old"
    /// No reason was given.
    case reasonMissing = "override_reason_missing"
    /// More than 200 characters.
    case reasonTooLong = "override_reason_too_long"

    /// The stable code for wire and screens.
    public var code: String { rawValue }

    /// Whether contact with head office alone may cure it.
    public var isTransient: Bool { self == .knowledgeTooOld }
}
