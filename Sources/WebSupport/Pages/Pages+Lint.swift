extension Pages {
    /// What is wrong with the templates: a test of each target asserts that this is empty.
    ///
    /// - Shape: sentences, by template. Finds: partials and parents that do not exist; words that
    ///   a language lacks or that have placeholders; assets that do not exist; unescaped values
    ///   outside `allowedUnescaped`; scripts, styles and handlers written into the page, which the
    ///   content policy would block; forms without the hidden secret.
    public func lint(allowedUnescaped: Set<String> = ["slipHTML"]) -> [String] {
        var problems = languages.missingKeys()
        for (name, source) in sources.sorted(by: { $0.key < $1.key }) {
            let tags = Self.tags(in: source)
            problems += tags.compactMap { problem($0, allowedUnescaped) }.map { "\(name): \($0)" }
            problems += Self.markupProblems(in: source).map { "\(name): \($0)" }
        }
        return problems
    }

    private func problem(_ tag: Tag, _ allowedUnescaped: Set<String>) -> String? {
        switch tag.sigil {
        case ">", "<": return sources[tag.name] == nil ? "no template \(tag.name)" : nil
        case "{", "&":
            return allowedUnescaped.contains(tag.name) ? nil : "unescaped \(tag.name)"
        case "=", "%": return "delimiters and pragmas are not used here"
        case "!", "/", "$": return nil
        default: break
        }
        if tag.name.hasPrefix("t.") {
            let key = String(tag.name.dropFirst(2))
            if !languages.hasEverywhere(key) { return "no word \(key)" }
            if !languages.placeholders(of: key).isEmpty { return "word \(key) has placeholders" }
        }
        if tag.name.hasPrefix("asset."),
            assets.address(dotted: String(tag.name.dropFirst(6))) == nil
        {
            return "no asset \(tag.name.dropFirst(6))"
        }
        return nil
    }

    private static func markupProblems(in source: String) -> [String] {
        var problems: [String] = []
        let lowered = source.lowercased()
        for banned in [" style=", "<style", " onclick=", " onchange=", " onsubmit=", "javascript:"]
        where lowered.contains(banned) {
            problems.append("\(banned) in the page")
        }
        for script in lowered.split(separator: "<script").dropFirst()
        where !script.prefix(while: { $0 != ">" }).contains("src=") {
            problems.append("script in the page")
        }
        for form in source.components(between: "<form", and: "</form>")
        where form.prefix(while: { $0 != ">" }).lowercased().contains("method=\"post\"") {
            if !form.contains("{{> csrf}}") { problems.append("form without {{> csrf}}") }
        }
        return problems
    }

    private struct Tag {
        let sigil: Character
        let name: String
    }

    private static func tags(in source: String) -> [Tag] {
        source.components(between: "{{", and: "}}").compactMap { inside in
            guard let first = inside.first else { return nil }
            let isName = first.isLetter || first == "." || first == " "
            let name = (isName ? inside : inside.dropFirst()).filter { $0 != " " && $0 != "*" }
            return Tag(sigil: isName ? " " : first, name: String(name))
        }
    }
}

extension String {
    fileprivate func components(between start: String, and end: String) -> [Substring] {
        var found: [Substring] = []
        var rest = self[...]
        while let open = rest.firstRange(of: start) {
            rest = rest[open.upperBound...]
            guard let close = rest.firstRange(of: end) else { break }
            found.append(rest[..<close.lowerBound])
            rest = rest[close.upperBound...]
        }
        return found
    }
}
