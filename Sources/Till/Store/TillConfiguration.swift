public import Configuration
import Foundation
import Journal

/// How a till node runs; Docs/CONFIG.md lists the same keys.
///
/// Keys are read below `huiyika.till`: the environment's `HUIYIKA_TILL_WEB_PORT` is `web.port`.
public struct TillConfiguration: Sendable {
    /// `data` (text, default `/var/lib/huiyika-till`): the folder of database, keys and lock.
    public var dataFolder: String
    /// `web.host` (text, default `127.0.0.1`): loopback only, because the pages are plain HTTP.
    public var webHost: String
    /// `web.port` (0 to 65535, default 8090; 0 takes a free one).
    public var webPort: Int
    /// `disk.reserveMebibytes` (1 to 1048576, default 64): below this room nothing is begun.
    public var diskReserveMebibytes: Int
    /// `phone.seconds` (30 to 3600, default 300): how long a QR code may be paid.
    public var phoneSeconds: Int
    /// `print.fonts` (paths with `:` between, default ``defaultFonts``): font files that draw what a
    /// printer lacks, the first that has the character; those that are not there are passed over.
    public var printFonts: [String]
    /// `log.level` (text, default `info`): `trace` to `critical`.
    public var logLevel: String

    /// Five minutes.
    public static let defaultPhoneSeconds = 300
    /// Debian's `fonts-noto-cjk` for text and `fonts-symbola` for emoji.
    public static let defaultFonts =
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
        + ":/usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf"

    /// Reads the settings.
    ///
    /// - Refuses: a number out of range, or a host that is not loopback (`TillStartError.setting`).
    public init(_ reader: ConfigReader) throws {
        dataFolder = reader.string(forKey: "data", default: "/var/lib/huiyika-till")
        webHost = reader.string(forKey: "web.host", default: "127.0.0.1")
        webPort = reader.int(forKey: "web.port", default: 8_090)
        diskReserveMebibytes = reader.int(forKey: "disk.reserveMebibytes", default: 64)
        phoneSeconds = reader.int(forKey: "phone.seconds", default: Self.defaultPhoneSeconds)
        printFonts = reader.string(forKey: "print.fonts", default: Self.defaultFonts)
            .split(separator: ":").map(String.init)
        logLevel = reader.string(forKey: "log.level", default: "info")
        guard ["127.0.0.1", "::1", "localhost"].contains(webHost) else {
            throw TillStartError.setting(key: "web.host", reason: "only loopback is served")
        }
        guard (0...65_535).contains(webPort) else {
            throw TillStartError.setting(key: "web.port", reason: "\(webPort) is no port")
        }
        guard PhoneRequest.lifetimes.contains(phoneSeconds) else {
            throw TillStartError.setting(
                key: "phone.seconds", reason: "\(phoneSeconds) is not in \(PhoneRequest.lifetimes)")
        }
        guard (1...1_048_576).contains(diskReserveMebibytes) else {
            throw TillStartError.setting(
                key: "disk.reserveMebibytes", reason: "\(diskReserveMebibytes) is out of range")
        }
    }

    /// The settings of the environment and, under it, a file of `NAME=value` lines.
    public init(environment: [String: String], file: String?) throws {
        var values: [String: String] = [:]
        if let file {
            guard let data = FileManager.default.contents(atPath: file) else {
                throw TillStartError.setting(key: "--config", reason: "the file cannot be read")
            }
            for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
                let text = line.trimmingCharacters(in: .whitespaces)
                guard !text.hasPrefix("#"), let equals = text.firstIndex(of: "=") else { continue }
                let name = text[..<equals].trimmingCharacters(in: .whitespaces)
                values[name] = text[text.index(after: equals)...]
                    .trimmingCharacters(in: CharacterSet(charactersIn: " \"'"))
            }
        }
        values.merge(environment) { _, fromEnvironment in fromEnvironment }
        let provider = EnvironmentVariablesProvider(environmentVariables: values)
        try self.init(ConfigReader(provider: provider).scoped(to: "huiyika.till"))
    }
}

/// Why a till node or one of its commands does not start; the description is for the operator.
public enum TillStartError: Error, Sendable, CustomStringConvertible {
    /// A setting is out of range.
    case setting(key: String, reason: String)
    /// The data folder cannot be used.
    case dataFolder(code: String, message: String)
    /// The till is not enrolled.
    case notEnrolled
    /// The till is enrolled already.
    case alreadyEnrolled(till: String)
    /// Head office refused the enrolment.
    case enrolmentRefused(code: String)
    /// Records without a verdict would be lost (S-6).
    case unsentRecords(count: Int64)
    /// The journal's chain does not verify.
    case journalBroken(sequence: Int64)
    /// No record is acknowledged yet.
    case nothingToResend
    /// Head office gave no answer that it signed.
    case officeSilent
    /// Head office refused what was sent.
    case officeRefused(code: String)

    /// What to tell the operator.
    public var description: String {
        switch self {
        case .setting(let key, let reason): "setting \(key): \(reason)"
        case .dataFolder(let code, let message): "\(code): \(message)"
        case .notEnrolled: "not_enrolled: run huiyika-till enrol first"
        case .alreadyEnrolled(let till): "already_enrolled: this data folder belongs to \(till)"
        case .enrolmentRefused(let code): "head office refused the enrolment: \(code)"
        case .unsentRecords(let count):
            "unsent_records: \(count) records are not at head office yet; nothing was removed"
        case .journalBroken(let sequence): "journal_broken: the chain breaks at record \(sequence)"
        case .nothingToResend: "nothing_to_resend: head office has acknowledged no record yet"
        case .officeSilent: "no_answer: head office gave no signed answer; nothing was changed"
        case .officeRefused(let code): "head office refused: \(code); nothing was changed"
        }
    }
}
