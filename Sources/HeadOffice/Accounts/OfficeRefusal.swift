/// A broken rule at head office, named by a stable code.
///
/// - Shape: one closed enum a feature, its cases in the order they are checked; raw values are the codes on the wire and
///   in the words of the screens (`refusal.CODE`). Nothing has been changed when one is thrown.
public protocol OfficeRefusal: Error, Sendable, RawRepresentable<String> {
    /// Whether the same request may succeed later by itself.
    var isTransient: Bool { get }
}

extension OfficeRefusal {
    /// The stable code.
    public var code: String { rawValue }
    /// Final unless a feature says otherwise.
    public var isTransient: Bool { false }
}
