/// How well it is known that a record existed before a deadline.
///
/// Shape: stored and sent as the raw text.
/// Source: R-R6, R-R1.
public enum TimeEvidence: String, Sendable, Hashable, CaseIterable {
    /// Head office held a head of the till at or past the record before the deadline.
    case proved
    /// Only the till's clock says so.
    case claimed
    /// The till's time had to be brought inside what can be.
    case contradicted

    /// Judges a record by its position and the highest position of the same till and epoch that
    /// head office had stored as a head before the deadline; nil when there was none.
    ///
    /// Proof wins over contradiction: a wrong clock does not undo a head that was seen.
    public init(sequence: Int64, headBeforeDeadline: Int64?, wasBroughtInside: Bool) {
        if let headBeforeDeadline, sequence <= headBeforeDeadline {
            self = .proved
        } else {
            self = wasBroughtInside ? .contradicted : .claimed
        }
    }
}
