/// A holder's name as a slip may show it: enough to compare with the name on the card.
public enum HolderName {
    /// Keeps the first character, and from three characters on the last one too.
    ///
    /// - Shape: `张小芳` gives `张*芳`, `王芳` gives `王*`, one character gives `*`.
    public static func masked(_ name: String) -> String {
        let characters = Array(SlipText.clean(name, 60))
        guard characters.count > 1 else { return characters.isEmpty ? "" : "*" }
        let hidden = String(
            repeating: "*", count: characters.count - (characters.count > 2 ? 2 : 1))
        let last = characters.count > 2 ? String(characters.suffix(1)) : ""
        return String(characters[0]) + hidden + last
    }
}
