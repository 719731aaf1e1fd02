import ArgumentParser
import Foundation
import Till

@main
struct TillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "huiyika-till", abstract: "The till node of a store.",
        subcommands: [
            Serve.self, Enrol.self, Status.self, Verify.self, Resend.self, Reset.self,
            Backup.self, Restore.self, ExportUnsent.self,
        ])
}

struct Settings: ParsableArguments {
    @Option(help: "A file of NAME=value lines; the environment wins over it.")
    var config: String?

    @Option(help: "The data folder; wins over HUIYIKA_TILL_DATA.")
    var data: String?

    func load() throws -> TillConfiguration {
        var configuration = try TillConfiguration(
            environment: ProcessInfo.processInfo.environment, file: config)
        if let data { configuration.dataFolder = data }
        return configuration
    }

    func maintenance() throws -> TillMaintenance {
        let configuration = try load()
        return TillMaintenance(
            configuration: configuration, logger: TillLog.make(configuration))
    }

    func backup() throws -> TillBackup {
        let configuration = try load()
        return TillBackup(configuration: configuration, logger: TillLog.make(configuration))
    }
}

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Serve the counter's pages and sync.")

    @OptionGroup var settings: Settings

    @Option(help: "The web port; wins over HUIYIKA_TILL_WEB_PORT.")
    var port: Int?

    func run() async throws {
        var configuration = try settings.load()
        if let port { configuration.webPort = port }
        let logger = TillLog.make(configuration)
        try await TillNode(configuration: configuration, logger: logger).run()
    }
}

struct Enrol: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make this till known to head office.")

    @OptionGroup var settings: Settings

    @Option(help: "Head office's sync address, https://host:port.")
    var office: String

    @Option(help: "The certificate authority of head office, a PEM file.")
    var ca: String

    @Option(help: "The one-time code.")
    var code: String

    @Option(help: "The till's own name, for the person who approves it.")
    var name: String = ProcessInfo.processInfo.hostName

    @Flag(help: "Go on with the data that is here, restored or forked, under a new key.")
    var renew = false

    func run() async throws {
        let configuration = try settings.load()
        let till = try await Enrolment(
            configuration: configuration, office: office, authorityFile: ca, code: code,
            name: name, isRenewal: renew, logger: TillLog.make(configuration)
        ).run()
        print("enrolled as \(till)")
    }
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Say how a stopped till stands.")

    @OptionGroup var settings: Settings

    func run() async throws {
        let maintenance = try settings.maintenance()
        print(try await maintenance.status())
    }
}

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Check the journal's chain.")

    @OptionGroup var settings: Settings

    func run() async throws {
        let maintenance = try settings.maintenance()
        print("the chain holds: \(try await maintenance.verify()) records")
    }
}

struct Resend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send acknowledged records again and print head office's verdicts.",
        discussion: """
            The till must be stopped. Head office must answer as it did first; nothing changes.
            """)

    @OptionGroup var settings: Settings

    @Option(help: "How many of the last acknowledged records, 1 to 2000.")
    var last: Int

    func run() async throws {
        let maintenance = try settings.maintenance()
        for line in try await maintenance.resend(last: last) { print(line) }
    }
}

struct Reset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove this till's data; refused while records are unsent.")

    @OptionGroup var settings: Settings

    func run() async throws {
        let maintenance = try settings.maintenance()
        try await maintenance.reset()
        print("removed; enrol to use this till again")
    }
}

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the till's data to a file, also while it sells.",
        discussion: """
            The copy is checked. The till's private key is not in it: a restored copy goes on only with
            huiyika-till enrol --renew and an approval at head office.
            """)

    @OptionGroup var settings: Settings

    @Option(help: "The file to write; it must not exist.")
    var to: String

    func run() async throws {
        let backup = try settings.backup()
        print(try await backup.backUp(to: to))
    }
}

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup into an empty data folder; then enrol --renew.")

    @OptionGroup var settings: Settings

    @Option(help: "The backup.")
    var from: String

    func run() async throws {
        let backup = try settings.backup()
        print(try await backup.restore(from: from))
        print("restored; run huiyika-till enrol --renew with a code for this till")
    }
}

struct ExportUnsent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write all unsent records to a file for huiyika-office import-unsent.",
        discussion: "FILE.txt beside it is for people. Nothing is marked as sent.")

    @OptionGroup var settings: Settings

    @Option(help: "The file to write; it must not exist.")
    var to: String

    func run() async throws {
        let backup = try settings.backup()
        print("unsent records: \(try await backup.exportUnsent(to: to))")
    }
}
