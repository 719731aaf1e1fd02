/// A language of the screens: Chinese first, English second.
public enum Language: String, Sendable, CaseIterable, Codable {
    /// Simplified Chinese, the default.
    case zhHans = "zh-Hans"
    /// English.
    case en

    /// Chooses a language: what the session says, then the cookie, then the browser's list.
    ///
    /// - Shape: each argument may be absent or unknown; the answer then is `.zhHans`.
    /// - Source: RFC 9110 §12.5.4 for `acceptLanguage`; weights are read, wildcards are not.
    public static func negotiate(
        session: Language?, cookie: String?, acceptLanguage: String?
    ) -> Language {
        if let session { return session }
        if let cookie, let language = Language(rawValue: cookie) { return language }
        return fromAcceptLanguage(acceptLanguage ?? "") ?? .zhHans
    }

    private static func fromAcceptLanguage(_ header: String) -> Language? {
        var best: (language: Language, weight: Int)?
        for part in header.split(separator: ",").prefix(20) {
            let pieces = part.split(separator: ";")
            guard let tag = pieces.first?.filter({ $0 != " " }).lowercased(),
                let language = tag.hasPrefix("zh") ? zhHans : tag.hasPrefix("en") ? en : nil
            else { continue }
            let weight = pieces.dropFirst().first.flatMap(weightInThousandths) ?? 1000
            if weight > best?.weight ?? 0 { best = (language, weight) }
        }
        return best?.language
    }

    private static func weightInThousandths(_ text: Substring) -> Int? {
        let digits = text.filter { $0 != " " }
        guard digits.hasPrefix("q=") else { return nil }
        let number = digits.dropFirst(2).split(separator: ".", omittingEmptySubsequences: false)
        guard number.count <= 2, let whole = number.first.flatMap({ Int($0) }) else { return 0 }
        let padded = ((number.count == 2 ? number[1] : "") + "000").prefix(3)
        return whole * 1000 + (Int(padded) ?? 0)
    }
}
