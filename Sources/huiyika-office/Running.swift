import Foundation
import HeadOffice
import Logging

extension SettingsOptions {
    /// The settings of environment and file.
    func read() throws -> OfficeConfiguration {
        var configuration = try OfficeConfiguration(
            environment: ProcessInfo.processInfo.environment, file: config)
        if let data { configuration.dataFolder = data }
        return configuration
    }

    /// Opens head office for one command and closes it again, whatever happens.
    func withNode<Result: Sendable>(
        _ body: @Sendable (OfficeNode) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "huiyika.office") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let node = try await OfficeNode.open(read(), logger: logger)
        do {
            let result = try await body(node)
            await node.close()
            return result
        } catch {
            await node.close()
            throw error
        }
    }
}
