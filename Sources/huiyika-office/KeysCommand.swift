import ArgumentParser
import Domain
import Foundation
import HeadOffice

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Head office's own keys.",
        subcommands: [List.self, RenewSealing.self, RemoveSealing.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Show every key's id and since when it is used, and what still needs an earlier one."
        )

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            let keys = try await settings.withNode { node in
                try await OfficeKeys(store: node.store).list(at: node.store.clock.now())
            }
            if keys.isEmpty { print("None yet: head office notes its keys when it is served.") }
            for key in keys {
                let state =
                    key.supersededAt == nil
                    ? "in use"
                    : key.mayBeRemoved
                        ? "may be removed"
                        : "kept for \(key.tillCount) tills and \(key.waitingCount) waiting passwords"
                print("\(key.kind) \(key.keyID) since \(BusinessDate(key.since)), \(state)")
            }
        }
    }

    struct RenewSealing: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "renew-sealing",
            abstract: "Make a new sealing key and keep the present one for what tills still hold.")

        @OptionGroup var settings: SettingsOptions

        func run() async throws {
            let id = try await settings.withNode { node in
                let id = try OfficeSecrets.renewSealingKey(in: node.configuration.secretsFolder)
                try await OfficeKeys(store: node.store)
                    .noteRenewal(of: id, at: node.store.clock.now())
                return id
            }
            print("The new sealing key is \(id). Start head office again now: it goes on with the")
            print("new key, and each till learns it at its next contact.")
        }
    }

    struct RemoveSealing: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove-sealing",
            abstract: "Remove an earlier sealing key that no till can hold records under any more.")

        @OptionGroup var settings: SettingsOptions

        @Argument(help: "The key's id, as `keys list` shows it.")
        var id: String

        func run() async throws {
            let id = id
            try await settings.withNode { node in
                try await OfficeKeys(store: node.store).remove(id, at: node.store.clock.now())
                _ = try OfficeSecrets.removeSealingKey(id, in: node.configuration.secretsFolder)
            }
            print("The sealing key \(id) is gone.")
        }
    }
}
