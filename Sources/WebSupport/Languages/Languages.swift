import Foundation

/// The words of the screens: one JSON object `{key: text}` per language and folder.
///
/// A text may hold placeholders such as `{count}`. Folders are merged in order; a key that two
/// folders define is refused, so that a target cannot change a shared word by accident.
public struct Languages: Sendable {
    private var texts: [Language: [String: String]] = [:]

    /// Loads `zh-Hans.json` and `en.json` from each folder.
    ///
    /// - Refuses: a missing or malformed file, a key defined twice (`ResourceError`).
    public init(folders: [String]) throws {
        for language in Language.allCases {
            var merged: [String: String] = [:]
            for folder in folders {
                let path = folder + "/" + language.rawValue + ".json"
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw ResourceError(code: .unreadable, name: path)
                }
                guard let words = try? JSONDecoder().decode([String: String].self, from: data)
                else { throw ResourceError(code: .malformed, name: path) }
                for (key, text) in words {
                    guard merged.updateValue(text, forKey: key) == nil else {
                        throw ResourceError(code: .definedTwice, name: key)
                    }
                }
            }
            texts[language] = merged
        }
    }

    /// The words of one language.
    public func words(_ language: Language) -> Words {
        Words(language: language, texts: texts[language] ?? [:])
    }

    /// Whether every language has the key.
    public func hasEverywhere(_ key: String) -> Bool {
        Language.allCases.allSatisfy { texts[$0]?[key] != nil }
    }

    /// Names of the placeholders of a text in the default language.
    public func placeholders(of key: String) -> Set<String> {
        Words.placeholders(in: texts[.zhHans]?[key] ?? "")
    }

    /// What a lint test asserts to be empty: keys that a language lacks, texts that are empty, and
    /// texts whose placeholders differ between languages.
    ///
    /// - Shape: sentences in the order of the keys.
    public func missingKeys() -> [String] {
        let keys = Set(texts.values.flatMap(\.keys)).sorted()
        return keys.flatMap { key -> [String] in
            var problems = Language.allCases.filter { (texts[$0]?[key] ?? "").isEmpty }
                .map { "\(key): no text in \($0.rawValue)" }
            let names = Language.allCases.map { Words.placeholders(in: texts[$0]?[key] ?? "") }
            if problems.isEmpty, Set(names).count > 1 {
                problems.append("\(key): placeholders differ between languages")
            }
            return problems
        }
    }

    /// The keys of a list that some language lacks, for words that code looks up by name.
    public func missingKeys(among keys: [String]) -> [String] {
        keys.filter { !hasEverywhere($0) }
    }
}

/// The words of one language.
public struct Words: Sendable {
    /// The language of these words.
    public let language: Language
    private let texts: [String: String]

    init(language: Language, texts: [String: String]) {
        self.language = language
        self.texts = texts
    }

    /// The text for a key with its placeholders filled.
    ///
    /// - Shape: an unknown key gives `⟦key⟧`, which the tests of pages look for; a placeholder
    ///   without a value stays as it is written.
    public func callAsFunction(_ key: String, _ values: [String: String] = [:]) -> String {
        guard let text = texts[key] else { return "⟦\(key)⟧" }
        return values.isEmpty ? text : Words.fill(text, values)
    }

    /// The text for a key as written, or nil when there is none.
    public func text(_ key: String) -> String? { texts[key] }

    // One pass, so that a value that looks like a placeholder is not filled again.
    private static func fill(_ text: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            rest = rest[open...]
            guard let close = rest.firstIndex(of: "}") else { break }
            let name = String(rest[rest.index(after: open)..<close])
            result += values[name] ?? String(rest[...close])
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    static func placeholders(in text: String) -> Set<String> {
        var names: Set<String> = []
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            names.insert(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return names
    }
}

/// A template, catalogue or asset that cannot be used; found when the program starts.
public struct ResourceError: Error, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Sendable {
        /// The file is not there or cannot be read.
        case unreadable
        /// The file cannot be parsed.
        case malformed
        /// Two folders define the same name.
        case definedTwice
        /// The file is larger than an asset may be.
        case tooLarge
    }

    /// What is wrong.
    public let code: Code
    /// The file or key concerned.
    public let name: String

    /// For the log.
    public var description: String { "resource \(code.rawValue): \(name)" }
}
