/// The name of the person a card is registered to.
///
/// Shape: 1 to 40 characters, one space between words, none around them. No way of printing the
/// value shows it; the mask does.
public struct HolderName: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The whole name, for sealing, finding and printing on the card.
    public let text: String

    /// Reads a name as typed.
    ///
    /// Refuses: `holderNameInvalid` for nothing, more than 40 characters, or control characters.
    public init(_ entered: String) throws(CardRefusal) {
        let words = entered.split(whereSeparator: { TypedText.isSpace($0) })
        let text = words.joined(separator: " ")
        let hasControls = text.unicodeScalars.contains {
            $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        }
        guard (1...40).contains(text.count), !hasControls else { throw .holderNameInvalid }
        self.text = text
    }

    /// The first character and a star: `张*`.
    public var masked: String { "\(text.prefix(1))*" }

    /// The mask.
    public var description: String { masked }

    /// The mask.
    public var debugDescription: String { masked }

    /// Shows the mask alone, so that `dump` cannot leak the name.
    public var customMirror: Mirror { Mirror(self, children: ["masked": masked]) }
}
