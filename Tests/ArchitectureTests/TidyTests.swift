import Foundation
import Testing

/// Style that is not a test decays: each ban names what to use instead.
struct TidyTests {
    private struct Ban {
        let pattern: String
        let folders: [String]
        let allowed: [String]
        let instead: String

        init(_ pattern: String, in folders: [String], allowed: [String] = [], instead: String) {
            self.pattern = pattern
            self.folders = folders
            self.allowed = allowed
            self.instead = instead
        }
    }

    private static let bans = [
        Ban(
            #"\b(Double|Float|Decimal)\b"#, in: ["Sources/Domain", "Sources/Journal"],
            instead: "whole fen in Money, whole milliseconds in Instant"),
        Ban(
            #"\b(Date\(\)|UUID\(\)|\.random\(|SystemRandomNumberGenerator)"#,
            in: ["Sources/Domain", "Sources/Journal", "Sources/Receipts"],
            instead: "time, ids and randomness as arguments"),
        Ban(
            #"\btry!|\bfatalError\(|\bas!"#, in: ["Sources"],
            instead: "a refusal, an error, or precondition with the numbers"),
        Ban(
            #"@unchecked Sendable|nonisolated\(unsafe\)"#, in: ["Sources"],
            allowed: ["Sources/PostgresDriver/", "Sources/HTTPTransport/"],
            instead: "an actor or a value"),
        Ban(
            #"SELECT \*|eraseDatabaseOnSchemaChange"#, in: ["Sources"],
            instead: "the columns by name; a forward migration"),
        Ban(
            #"^\s*print\("#,
            in: [
                "Sources/Domain", "Sources/Journal", "Sources/Receipts", "Sources/PostgresDriver",
                "Sources/HTTPTransport", "Sources/WebSupport",
            ],
            instead: "a Logger"),
        Ban(
            "\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b", in: ["Sources", "Tests"],
            instead: "finish it, or write it down in the notes for the next change"),
    ]

    @Test func `no source holds a banned call`() throws {
        for ban in Self.bans {
            let expression = try NSRegularExpression(
                pattern: ban.pattern, options: [.anchorsMatchLines])
            for folder in ban.folders {
                for path in try Repository.files(under: folder, suffix: ".swift") {
                    if ban.allowed.contains(where: path.hasPrefix) { continue }
                    let code = withoutComments(try Repository.text(path))
                    let range = NSRange(code.startIndex..., in: code)
                    let match = expression.firstMatch(in: code, range: range)
                    let found = match.flatMap { Range($0.range, in: code) }.map { code[$0] }
                    #expect(
                        found == nil, "\(path): \(found ?? "") is banned, use \(ban.instead)")
                }
            }
        }
    }

    @Test func `files are under 500 lines and functions under 70`() throws {
        for path in try Repository.files(under: "Sources", suffix: ".swift") {
            let lines = try Repository.text(path).components(separatedBy: "\n")
            #expect(lines.count <= 500, "\(path) has \(lines.count) lines")
            for function in longFunctions(in: lines) {
                Issue.record("\(path):\(function.line) is \(function.length) lines long")
            }
        }
    }

    @Test func `migrations are numbered, each number once`() throws {
        for target in ["Till", "HeadOffice"] {
            let names = try Repository.files(
                under: "Sources/\(target)/Store/Migrations", suffix: ".sql"
            ).map { $0.split(separator: "/").last.map(String.init) ?? "" }
            #expect(!names.isEmpty, "no migrations in \(target)")
            for name in names {
                #expect(name.contains(/^m[0-9]{4}_[a-z0-9_]+\.sql$/), "\(target): \(name)")
            }
            #expect(Set(names.map { $0.prefix(5) }).count == names.count, "\(target): \(names)")
        }
    }

    private func withoutComments(_ text: String) -> String {
        text.components(separatedBy: "\n")
            .map { line in
                line.trimmingCharacters(in: .whitespaces).hasPrefix("//") ? "" : line
            }
            .joined(separator: "\n")
    }

    /// A function runs from its `func`/`init` line to the closing brace at the same indentation.
    private func longFunctions(in lines: [String]) -> [(line: Int, length: Int)] {
        var found: [(line: Int, length: Int)] = []
        for (index, line) in lines.enumerated() {
            let indentation = line.prefix { $0 == " " }
            let words = line.dropFirst(indentation.count).split(separator: " ")
            let opensFunction = words.contains("func") || words.first?.hasPrefix("init(") == true
            guard opensFunction, words.first != "//", words.first != "///" else { continue }
            guard
                let end = lines[(index + 1)...].firstIndex(where: {
                    $0 == indentation + "}" || $0.hasPrefix(indentation + "} ")
                })
            else { continue }
            let length = end - index + 1
            if length > 70 { found.append((index + 1, length)) }
        }
        return found
    }
}
