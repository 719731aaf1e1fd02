import ArgumentParser
import HeadOffice

/// `huiyika-office`: head office from the shell.
@main
struct OfficeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "huiyika-office",
        abstract: "Head office: cards, ledger, refunds, reports, and the tills' other end.",
        version: OfficeVersion.text,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, StaffCommand.self, SetupCommand.self,
            EnrolmentCodeCommand.self, ImportUnsentCommand.self, LedgerCommand.self,
            ReportCommand.self, AuditCommand.self, MailersCommand.self, KeysCommand.self,
            OpenAPICommand.self,
        ])
}

/// Where the settings are; Docs/CONFIG.md lists them.
struct SettingsOptions: ParsableArguments {
    @Option(help: "A file of NAME=value lines; the environment wins over it.")
    var config: String?

    @Option(help: "The data folder; wins over HUIYIKA_OFFICE_DATA.")
    var data: String?
}
