import Foundation

/// Resource folders of a target that exists in a test only.
struct TemporaryFolder {
    let path: String

    init(
        templates: [String: String] = [:], words: [String: [String: String]]? = nil,
        assets: [String: String] = [:]
    ) throws {
        path = NSTemporaryDirectory() + "/web-" + UUID().uuidString
        for (name, text) in templates { try write("Templates/\(name).mustache", Data(text.utf8)) }
        for (name, text) in assets { try write("Assets/\(name)", Data(text.utf8)) }
        for (language, texts) in words ?? ["zh-Hans": [:], "en": [:]] {
            try write("Languages/\(language).json", try JSONEncoder().encode(texts))
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    private func write(_ name: String, _ data: Data) throws {
        let file = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }
}
