public import Configuration
public import Foundation

/// Head office's settings.
///
/// Each comes from the environment as `HUIYIKA_OFFICE_` and the key in capitals with underscores, or
/// from the file that `--config` names, which holds the same names as `NAME=value` lines.
/// Docs/CONFIG.md lists the keys.
public struct OfficeConfiguration: Sendable {
    /// `data`: the folder of keys, certificates and the private database.
    public var dataFolder: String
    /// Where the keys are.
    public var secretsFolder: URL { URL(filePath: dataFolder).appending(path: "secrets") }
    /// `exports.folder`: where files that are written in the background lie; nil is `exports` in the data folder. Head
    /// offices on one database share it.
    public var exportFolder: String?
    /// `database.url`: a libpq connection string; nil runs a private database in the data folder.
    public var databaseURL: String?
    /// `database.connections`: connections open at once.
    public var connectionCount: Int
    /// `sync.host`: where the sync port listens.
    public var syncHost: String
    /// `sync.port`: 0 takes a free one.
    public var syncPort: Int
    /// `sync.names`: host names and IPv4 addresses tills use, in the server certificate.
    public var syncNames: [String]
    /// `sync.ingests`: batches taken in at once; more are asked to come back.
    public var ingestCount: Int
    /// `holds.hours`: how long a card's hold lasts when no record of the till ends it (R-P10).
    public var holdHours: Int
    /// `web.host`: where the staff pages listen.
    public var webHost: String
    /// `web.port`: 0 takes a free one.
    public var webPort: Int
    /// `web.secondFactor`: `required` makes roles that move money set one up; `optional` leaves it to them.
    public var secondFactor: SecondFactorPolicy
    /// `public.address`: where phones reach the web port from outside, such as `https://pay.example`;
    /// empty takes the web port's own address, which only this machine reaches.
    public var publicAddress: String
    /// `telephones.service`, `telephones.fault`: what tills and slips show; empty shows nothing.
    public var telephones: OfficeTelephones

    /// 72 h (R-P10).
    public static let defaultHoldHours = 72

    /// The settings of a reader that is scoped to head office.
    ///
    /// - Refuses: `OfficeStartError.setting` for a number out of range.
    public init(_ reader: ConfigReader) throws {
        dataFolder = reader.string(forKey: "data", default: "/var/lib/huiyika-office")
        exportFolder = reader.string(forKey: "exports.folder")
        databaseURL = reader.string(forKey: "database.url", isSecret: true)
        connectionCount = reader.int(forKey: "database.connections", default: 8)
        syncHost = reader.string(forKey: "sync.host", default: "127.0.0.1")
        syncPort = reader.int(forKey: "sync.port", default: 8443)
        syncNames = reader.stringArray(
            forKey: "sync.names", default: ["localhost", "127.0.0.1"])
        ingestCount = reader.int(forKey: "sync.ingests", default: 4)
        holdHours = reader.int(forKey: "holds.hours", default: Self.defaultHoldHours)
        webHost = reader.string(forKey: "web.host", default: "127.0.0.1")
        webPort = reader.int(forKey: "web.port", default: 8080)
        let policy = reader.string(
            forKey: "web.secondFactor", default: SecondFactorPolicy.required.rawValue)
        guard let secondFactor = SecondFactorPolicy(rawValue: policy) else {
            throw OfficeStartError.setting(
                key: "web.secondFactor", reason: "\(policy) is neither required nor optional")
        }
        self.secondFactor = secondFactor
        publicAddress = try Self.address(
            reader.string(forKey: "public.address", default: ""), key: "public.address")
        telephones = OfficeTelephones(
            service: reader.string(forKey: "telephones.service", default: ""),
            fault: reader.string(forKey: "telephones.fault", default: ""))
        try Self.require("database.connections", connectionCount, in: 2...200)
        try Self.require("sync.ingests", ingestCount, in: 1...64)
        try Self.require("holds.hours", holdHours, in: 1...720)
        try Self.require("sync.port", syncPort, in: 0...65_535)
        try Self.require("web.port", webPort, in: 0...65_535)
    }

    /// The settings of the environment and, under it, a file of `NAME=value` lines.
    public init(environment: [String: String], file: String?) throws {
        var values: [String: String] = [:]
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw OfficeStartError.setting(key: "--config", reason: "\(file) cannot be read")
            }
            for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
                let text = line.trimmingCharacters(in: .whitespaces)
                guard !text.isEmpty, !text.hasPrefix("#"), let equals = text.firstIndex(of: "=")
                else { continue }
                let name = text[..<equals].trimmingCharacters(in: .whitespaces)
                let value = text[text.index(after: equals)...]
                values[name] = value.trimmingCharacters(in: CharacterSet(charactersIn: " \"'"))
            }
        }
        values.merge(environment) { _, fromEnvironment in fromEnvironment }
        let provider = EnvironmentVariablesProvider(environmentVariables: values)
        try self.init(ConfigReader(provider: provider).scoped(to: "huiyika.office"))
    }

    /// An address without a slash at the end.
    private static func address(_ text: String, key: String) throws -> String {
        if text.isEmpty { return "" }
        let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard trimmed.utf8.count <= 120, let host = PhoneAddress.host(of: trimmed), !host.isEmpty
        else {
            throw OfficeStartError.setting(
                key: key, reason: "\(text) is no address such as https://pay.example")
        }
        return trimmed
    }

    private static func require(_ key: String, _ value: Int, in range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw OfficeStartError.setting(key: key, reason: "\(value) is not in \(range)")
        }
    }
}
