/// Two people for one decision.
///
/// Source: PRODUCT §3.6: the requester, and anyone of the requesting store, cannot decide.
public enum FourEyes {
    /// Somebody of the staff.
    public struct Person: Sendable, Hashable {
        /// The person's own login.
        public let login: String
        /// The code of the store the person belongs to, nil at head office.
        public let store: String?

        /// That person.
        public init(login: String, store: String?) {
            self.login = login
            self.store = store
        }
    }

    /// Why somebody may not decide; cases stand in order of precedence.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// Nobody decides an own request.
        case ownRequest = "own_request"
        /// Nobody decides a request of the own store.
        case ownStore = "own_store"

        /// The stable code for wire and screens.
        public var code: String { rawValue }

        /// Whether the same person may decide later.
        public var isTransient: Bool { false }
    }

    /// Agrees that the decider may decide, or refuses.
    ///
    /// Shape: a login is one person across stores and head office.
    /// Refuses: `ownRequest`, `ownStore`.
    public static func check(decider: Person, requester: Person) throws(Refusal) {
        if decider.login == requester.login { throw .ownRequest }
        if let store = decider.store, store == requester.store { throw .ownStore }
    }
}
