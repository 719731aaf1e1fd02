import ArgumentParser
import Domain
import Foundation
import HeadOffice

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Reports as files.",
        subcommands: [Monthly.self, Verify.self])

    struct Monthly: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a month's reports, each with its SHA-256 and a manifest.",
            discussion: """
                csv and xlsx write every report, pdf the stores' settlement statements, hledger the month's ledger as a
                journal. Exits 0 when every file is written, 64 for a bad option, 1 for anything else.
                """)

        @OptionGroup var settings: SettingsOptions

        @Option(help: "The month, such as 2026-10.")
        var month: String

        @Option(help: "csv, xlsx, pdf, hledger or voucher.")
        var format = "csv"

        @Option(help: "The figures of an earlier closing of a month that was opened again.")
        var closing: Int?

        @Option(help: "The folder to write to.")
        var out: String

        func run() async throws {
            guard let month = TradingMonth.parse(month) else {
                throw ValidationError("--month is a month such as 2026-10")
            }
            guard let format = ReportFormat(rawValue: format) else {
                let known = ReportFormat.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--format is one of \(known)")
            }
            let (folder, closing) = (URL(filePath: out), closing)
            let manifests = try await settings.withNode {
                try await MonthExport(store: $0.store).write(
                    month: month, format: format, closing: closing, to: folder,
                    at: $0.store.clock.now())
            }
            for manifest in manifests {
                print("\(manifest.sha256)  \(manifest.file)  \(manifest.rowCount) rows")
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Say whether a file made here is unaltered and its figures are the same today.",
            discussion:
                "Exits 0 when both are, 2 when the figures have changed, 3 when the file is not known."
        )

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The file.")
        var file: String

        func run() async throws {
            let hash = try ExportFiles.sha256(ofFile: file)
            let finding = try await settings.withNode {
                try await MonthExport(store: $0.store).verify(sha256: hash)
            }
            switch finding.state {
            case .unchanged:
                print("unchanged  \(hash)")
            case .changed:
                print("changed  \(hash)")
                for row in finding.late {
                    print("later  \(row.number)  \(row.kind)  \(row.day)  \(row.amount)")
                }
                throw ExitCode(2)
            case .unknown:
                print("unknown  \(hash)")
                throw ExitCode(3)
            }
        }
    }
}
