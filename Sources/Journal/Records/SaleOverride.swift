public import Domain

extension SaleCompleted {
    /// A manager's word for one stand-in sale above the per-sale limit.
    ///
    /// - Units: `limit` in fen: the per-sale limit in force that was exceeded.
    /// - Source: R-P3.
    public struct Override: WireValue, Hashable {
        /// The manager's login.
        public var by: String
        /// The limit in force, halved in amber.
        public var limit: Money
        /// Why, as entered.
        public var reason: String

        /// Makes it from its parts.
        public init(by: String, limit: Money, reason: String) {
            self.by = by
            self.limit = limit
            self.reason = reason
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            by = try object.value("by")
            limit = try object.value("limit")
            reason = try object.value("reason")
        }

        /// The object.
        public var wire: JSONValue {
            .object(["by": by.wire, "limit": limit.wire, "reason": reason.wire])
        }
    }
}
