import Foundation
import Testing

/// Holds the arrow table of Docs/ARCHITECTURE.md §1 against the manifest's real graph.
struct ArrowTests {
    private struct Manifest: Decodable {
        struct Target: Decodable {
            let name: String
            let type: String
            let dependencies: [Dependency]
        }
        /// `{"byName":["Domain",null]}` or `{"target":[…]}`; products of packages have another key.
        struct Dependency: Decodable {
            let byName: [String?]?
            let target: [String?]?
            var targetName: String? { (byName ?? target)?.first ?? nil }
        }
        let targets: [Target]
    }

    private func realArrows() throws -> [String: Set<String>] {
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "huiyika-manifest-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let json = try Repository.output(
            of: "swift", ["package", "--scratch-path", scratch.path, "dump-package"])
        let manifest = try JSONDecoder().decode(Manifest.self, from: json)
        let own = Set(manifest.targets.map(\.name))
        return Dictionary(
            uniqueKeysWithValues: manifest.targets
                .filter { $0.type == "regular" || $0.type == "executable" }
                .map { ($0.name, Set($0.dependencies.compactMap(\.targetName)).intersection(own)) })
    }

    /// Rows of the table: first cell the targets, last cell what they may import.
    private func writtenArrows() throws -> [String: Set<String>] {
        let document = try Repository.text("Docs/ARCHITECTURE.md")
        var arrows: [String: Set<String>] = [:]
        for line in document.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3 else { continue }
            let names = cells[0].split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: "` "))
            }
            let imports = cells[2] == "–" ? [] : splitImports(cells[2], count: names.count)
            for (index, name) in names.enumerated() {
                let row = imports.isEmpty ? [] : imports[imports.count == 1 ? 0 : index]
                arrows[name] = Set(row)
            }
        }
        return arrows
    }

    /// "A, B" is one list for all targets of the row; "A / B" is a list for each.
    private func splitImports(_ cell: String, count: Int) -> [[String]] {
        let lists = cell.contains("/") ? cell.components(separatedBy: "/") : [cell]
        return lists.map { list in
            list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test func `every arrow between targets is in the architecture's table, and none is missing`()
        throws
    {
        var real = try realArrows()
        real.removeValue(forKey: "TestSupport")
        let written = try writtenArrows()
        #expect(Set(real.keys) == Set(written.keys))
        for (target, arrows) in real {
            #expect(written[target] == arrows, "arrows of \(target)")
        }
    }

    @Test func `the domain imports nothing, not even Foundation`() throws {
        for path in try Repository.files(under: "Sources/Domain", suffix: ".swift") {
            let imports = try Repository.text(path).split(separator: "\n")
                .filter {
                    $0.contains("import ")
                        && !$0.trimmingCharacters(in: .whitespaces).hasPrefix("//")
                }
                .filter { $0.hasPrefix("import ") || $0.hasPrefix("public import ") }
            #expect(imports.isEmpty, "\(path): \(imports)")
        }
    }

    @Test func `a C library is imported by its one driver only`() throws {
        let importers = [
            "CLibPQ": "PostgresDriver", "CCurl": "HTTPTransport", "CZlib": "Journal",
            "CXLSXWriter": "Spreadsheets", "CFreeType": "Glyphs", "CQREncode": "Receipts",
        ]
        for path in try Repository.files(under: "Sources", suffix: ".swift") {
            let text = try Repository.text(path)
            for (library, driver) in importers where text.contains("import \(library)") {
                #expect(path.hasPrefix("Sources/\(driver)/"), "\(path) imports \(library)")
            }
        }
    }
}
