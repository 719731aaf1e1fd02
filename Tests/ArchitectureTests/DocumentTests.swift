import Foundation
import Testing

/// The documents that name what is in the code name what is there.
struct DocumentTests {
    @Test(arguments: ["Till", "HeadOffice", "WebSupport"])
    func `every refusal stands in the table of errors with its words`(part: String) throws {
        let page = try Repository.text("Docs/ERRORS.md")
        let chinese = try words(part, "zh-Hans")
        let english = try words(part, "en")
        #expect(!english.isEmpty)
        for (key, text) in english where key.hasPrefix("refusal.") {
            let row = "| `\(key.dropFirst("refusal.".count))` | \(chinese[key] ?? "") | \(text) |"
            #expect(page.contains(row), "run make errors: \(row)")
        }
    }

    @Test func `the table of errors names no code that is gone`() throws {
        let known = try Set(
            ["Till", "HeadOffice", "WebSupport"].flatMap { try words($0, "en").keys })
        let page = try Repository.text("Docs/ERRORS.md")
        let codes = page.matches(of: /(?m)^\| `([a-z0-9_]+)` \|/).map { String($0.1) }
        #expect(codes.count > 100)
        for code in codes { #expect(known.contains("refusal.\(code)"), "\(code)") }
    }

    @Test func `every test that stands for a defence exists`() throws {
        let sources = try Repository.files(under: "Tests", suffix: ".swift")
            .map { try Repository.text($0) }
        let tests = Set(
            sources.flatMap { $0.matches(of: /func `([^`]+)`/).map { String($0.1) } })
        let page = try Repository.text("Docs/THREATS.md")
        let named = page.matches(of: /`([^`\n]* [^`\n]*)`/).map { String($0.1) }
        #expect(named.count > 30)
        for name in named { #expect(tests.contains(name), "\(name)") }
    }

    private func words(_ part: String, _ language: String) throws -> [String: String] {
        let path = "Sources/\(part)/Resources/Languages/\(language).json"
        let words = try JSONSerialization.jsonObject(with: Data(Repository.text(path).utf8))
        return try #require(words as? [String: String])
    }
}
