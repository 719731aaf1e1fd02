import Domain
import Foundation
import GRDB
import HTTPTransport
import Journal
public import Logging

/// What an operator asks of a till that is not running.
public struct TillMaintenance: Sendable {
    private let configuration: TillConfiguration
    private let logger: Logger

    /// Works on the configuration's data folder.
    public init(configuration: TillConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// The till's state in lines of `name: value`.
    ///
    /// - Refuses: what opening the data folder refuses; a running till holds it.
    public func status() async throws -> String {
        try await withStore { store in
            let identity = try await identity(store)
            return try await store.read { database in
                guard let identity else { return "enrolled: no" }
                let unsent = try Unsent.load(in: database)
                let state = try SyncState.load(in: database)
                let head = try JournalBook.head(in: database)
                return [
                    "enrolled: yes", "till: \(identity.till)", "epoch: \(identity.epoch)",
                    "office: \(identity.office)", "head: \(head.query)",
                    "unsent records: \(unsent.recordCount)",
                    "unsent sales: \(unsent.saleCount), ¥\(unsent.value)",
                    "complete as of: \(state.completeAt?.milliseconds.description ?? "never")",
                    "clock offset ms: \(state.clockOffset?.description ?? "not measured")",
                    "stopped: \(state.stop?.rawValue ?? "no")",
                ].joined(separator: "\n")
            }
        }
    }

    /// Computes the journal's chain anew.
    ///
    /// - Returns: how many records the chain holds.
    /// - Refuses: `notEnrolled`, `journalBroken`.
    public func verify() async throws -> Int64 {
        try await withStore { store in
            guard let identity = try await identity(store) else {
                throw TillStartError.notEnrolled
            }
            let found = try await store.read {
                try JournalBook(identity).verify(
                    publicKey: identity.signingKey.verifyingKey, in: $0)
            }
            if let sequence = found.brokenAt {
                throw TillStartError.journalBroken(sequence: sequence)
            }
            return found.recordCount
        }
    }

    /// Sends the last acknowledged records again, as one batch: head office must answer as it did
    /// first, and nothing changes on either side.
    ///
    /// - Returns: one line a record.
    /// - Refuses, first match wins: what opening the data folder refuses (a running till holds it),
    ///   `notEnrolled`, `setting`, `nothingToResend`, `officeSilent`, `officeRefused`.
    public func resend(last count: Int) async throws -> [String] {
        try await withStore { store in
            guard let identity = try await identity(store) else {
                throw TillStartError.notEnrolled
            }
            let world = TillWorld.machine
            let offset = try await store.read { try SyncState.load(in: $0).clockOffset }
            let transport = try HTTPTransport(
                configuration: HTTPTransportConfiguration(
                    certificateAuthorityFile: store.folder.authorityPath), logger: logger)
            let resending = Resending(
                store: store, identity: identity,
                line: OfficeLine(identity, transport: transport, world: world, logger: logger),
                clockOffset: offset)
            let lines: Result<[String], any Error>
            do {
                lines = .success(try await resending.run(last: count, batch: world.makeID()))
            } catch {
                lines = .failure(error)
            }
            await transport.shutdown()
            return try lines.get()
        }
    }

    /// Removes the till's data so that it can be enrolled anew, when head office has all of it.
    ///
    /// - Refuses: `unsentRecords` (S-6), also while a payment is open.
    public func reset() async throws {
        try await withStore { store in
            let waiting = try await store.read { database in
                let open = try PaymentRow.open(in: database).count
                return try Unsent.load(in: database).recordCount + Int64(open)
            }
            if waiting > 0 { throw TillStartError.unsentRecords(count: waiting) }
            try store.close()
            let database = store.folder.databasePath
            for path in [
                database, database + "-wal", database + "-shm", store.folder.secretsPath,
                store.folder.authorityPath, store.folder.watermarkPath,
            ] where FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    private func identity(_ store: TillStore) async throws -> TillIdentity? {
        let secrets = try TillSecrets.load(from: store.folder)
        return try await store.read { try TillIdentity.load(secrets, in: $0) }
    }

    private func withStore<Value>(_ work: (TillStore) async throws -> Value) async throws -> Value {
        let store = try TillNode.openStore(configuration, logger: logger)
        defer { try? store.close() }
        return try await work(store)
    }
}
