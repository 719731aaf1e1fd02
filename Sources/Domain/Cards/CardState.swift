/// Whether a card may be spent.
///
/// Shape: stored and sent as the raw text.
public enum CardState: String, Sendable, Hashable, CaseIterable {
    /// May be spent.
    case active
    /// Stopped for a while by head office or the holder.
    case frozen
    /// Reported lost; its money moves to a replacement.
    case lost
    /// Ended for good.
    case closed
}
