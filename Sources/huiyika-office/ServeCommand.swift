import ArgumentParser
import Foundation
import HeadOffice
import Logging

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run head office: the tills' port and the staff pages.")

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let logger = Logger(label: "huiyika.office") { StreamLogHandler.standardError(label: $0) }
        let node = try await OfficeNode.open(settings.read(), logger: logger)
        do {
            try await node.serve { listener, address in
                FileHandle.standardOutput.write(Data("\(listener.rawValue) \(address)\n".utf8))
            }
            await node.close()
        } catch {
            await node.close()
            throw error
        }
    }
}

struct StaffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "staff", abstract: "Head office's logins.", subcommands: [Add.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a login. The password is one line of a file, or of standard input.")

        @OptionGroup var settings: SettingsOptions

        @Option(help: "The person's name.")
        var name: String

        @Option(help: "The login.")
        var login: String

        @Option(help: "A role; may be repeated.")
        var role: [String]

        @Option(help: "The file that holds the password; without it, standard input.")
        var passwordFile: String?

        func run() async throws {
            let roles = try role.map { text in
                guard let role = StaffRole(rawValue: text) else {
                    let known = StaffRole.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("\(text) is no role; roles are \(known)")
                }
                return role
            }
            let password = try passwordFile.map { file in
                try String(contentsOf: URL(filePath: file), encoding: .utf8)
                    .split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            }
            guard let password = password ?? readLine() else {
                throw ValidationError("there is no password")
            }
            let (name, login) = (name, login)
            try await settings.withNode {
                try await $0.addStaff(
                    name: name, login: login, roles: Set(roles), password: password)
            }
            FileHandle.standardOutput.write(Data("Added \(login).\n".utf8))
        }
    }
}
