/// Two people for one decision.
///
/// Source: PRODUCT §3.6: the requester, and anyone of the requesting store, cannot decide.
public enum FourEyes {
    /// Somebody of the staff, whatever login is used.
    public struct Person: Sendable, Hashable {
        /// The person, across all logins; nil for a shared login.
        public let id: Int64?
        /// The codes of the stores the person belongs to.
        public let stores: Set<String>

        /// That person.
        public init(id: Int64?, stores: Set<String> = []) {
            self.id = id
            self.stores = stores
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
    /// Shape: two logins of one person are one; a decider who is nobody in particular decides nothing.
    /// Refuses: `ownRequest`, `ownStore`.
    public static func check(decider: Person, requester: Person) throws(Refusal) {
        guard let id = decider.id, id != requester.id else { throw .ownRequest }
        if !decider.stores.isDisjoint(with: requester.stores) { throw .ownStore }
    }
}
