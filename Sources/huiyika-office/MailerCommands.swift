import ArgumentParser
import Foundation
import HeadOffice

/// The tools of whoever prints the password mailers; they need neither settings nor database.
struct MailersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailers", abstract: "For whoever prints the password mailers.",
        subcommands: [NewKey.self, Open.self])

    struct NewKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "new-key",
            abstract: "Make a key; prints the public half, which head office registers.")

        @Option(help: "The file for the private key; it must not exist yet.")
        var to: String

        func run() async throws {
            print(try MailerKey.make(file: URL(filePath: to)))
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a file of sealed passwords; prints CSV.")

        @Option(help: "The private key's file.")
        var key: String

        @Argument(help: "The sealed file.")
        var file: String

        func run() async throws {
            let key = try MailerKey(file: URL(filePath: key))
            print(try key.open(file: URL(filePath: file)), terminator: "")
        }
    }
}
