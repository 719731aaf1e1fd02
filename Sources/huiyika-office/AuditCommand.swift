import ArgumentParser
import HeadOffice

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who did what.", subcommands: [Verify.self])

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Check the chain of the audit lines; exits 1 and names the first that is broken.")

        @OptionGroup var settings: SettingsOptions

        @Option(help: "A head noted before (SEQ:HASH): the chain must still contain it.")
        var head: String?

        func run() async throws {
            let head = head
            let proof = try await settings.withNode {
                try await AuditChain.verify($0.store, noted: head)
            }
            print("lines in the chain \(proof.lineCount), from before it \(proof.earlierCount)")
            print("head \(proof.head)")
            if let fault = proof.fault {
                print(fault.description)
                throw ExitCode(1)
            }
            print("The audit trail is whole.")
        }
    }
}
