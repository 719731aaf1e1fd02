import ArgumentParser
import Domain
import Foundation
import HeadOffice

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up to this program.")

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        try await settings.withNode { _ in }
        print("The schema is up to date.")
    }
}

struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Make the programmes, stores, logins and cards of a file that are not there yet.")

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The set-up file, JSON.")
    var file: String

    func run() async throws {
        let file = URL(filePath: file)
        let made = try await settings.withNode { try await $0.setUp(from: file) }
        print("Made \(made).")
    }
}

struct EnrolmentCodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrolment-code",
        abstract: "Make a one-time code with which a new till of a store may ask to be let in.")

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The store's code.")
    var store: String

    @Option(help: "The login in whose name the code is made.")
    var login: String

    func run() async throws {
        let (store, login) = (store, login)
        let code = try await settings.withNode {
            try await $0.makeEnrolmentCode(store: store, login: login)
        }
        print(code)
    }
}

struct ImportUnsentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-unsent",
        abstract: "Take in the file of a till whose line does not come back.")

    @OptionGroup var settings: SettingsOptions

    @Option(help: "The file that huiyika-till export-unsent wrote.")
    var from: String

    func run() async throws {
        guard let file = FileManager.default.contents(atPath: from) else {
            throw OfficeStartError.setting(key: "--from", reason: "the file cannot be read")
        }
        for line in try await settings.withNode({ try await $0.importUnsent(Array(file)) }) {
            print(line)
        }
    }
}

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "The ledger.", subcommands: [Prove.self, Rebuild.self])

    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Compare balances, roll-ups and fees with the transfers; exits 1 when any differs.",
            aliases: ["verify"])

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            let proof = try await settings.withNode {
                try await LedgerProofs($0.store).make(at: $0.store.clock.now())
            }
            print(
                "accounts \(proof.accountCount), roll-ups \(proof.rollupCount),",
                "fees \(proof.feeCount), transfers \(proof.transferCount)")
            for (book, sum) in proof.sums.sorted(by: { $0.key < $1.key }) {
                print("book \(book) sums to \(sum)")
            }
            proof.findings.forEach { print($0) }
            guard proof.isRight else { throw ExitCode(1) }
            print("The ledger is right.")
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the roll-ups, and balances that differ, anew from the transfers.",
            discussion: "Nothing is posted meanwhile. Audited; the transfers are never changed.")

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            let made = try await settings.withNode {
                try await Rollups.rebuild($0.store, at: $0.store.clock.now())
            }
            print("roll-ups \(made.rows), accounts put right \(made.balances)")
        }
    }
}
