// Start in the order of dependence, stop in reverse, never longer than the bounds here.

import Domain
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import UnixSignals
import WebSupport

extension OfficeNode {
    /// A listener that is ready.
    public enum Listener: String, Sendable {
        /// The port of tills.
        case sync
        /// The staff pages.
        case web
    }

    /// Runs head office until it is asked to stop: database, jobs, sync port, staff pages.
    ///
    /// - Shape: `onListening` gets each listener's address once it takes connections. SIGTERM and
    ///   SIGINT stop it: no new work, what is under way ends, within half a minute.
    public func serve(
        onListening: @escaping @Sendable (Listener, String) -> Void
    ) async throws {
        let folder = URL(filePath: configuration.dataFolder)
        let exportFolder =
            configuration.exportFolder.map { URL(filePath: $0) }
            ?? folder.appending(path: "exports")
        let certificates = try OfficeCertificates(
            secrets: configuration.secretsFolder,
            published: folder.appending(path: "ca.pem"), names: configuration.syncNames,
            now: Date(
                timeIntervalSince1970: Double(store.clock.now().milliseconds) / 1_000))
        try await OfficeKeys(store: store).publish(at: store.clock.now())
        let (syncHost, webHost) = (configuration.syncHost, configuration.webHost)
        let phoneAddress = PhoneAddress(configuration.publicAddress)
        let sync = try SyncServer(
            store: store, configuration: configuration, certificates: certificates,
            phoneAddress: phoneAddress,
            logger: store.logger,
            onRunning: { port in onListening(.sync, "https://\(syncHost):\(port)") })
        let pages = try OfficeWeb(
            store: store, telephones: configuration.telephones,
            exportFolder: exportFolder,
            allowedHosts: OfficeWeb.loopbackHosts
                + [PhoneAddress.host(of: configuration.publicAddress)].compactMap(\.self),
            isReachedOverTLS: configuration.publicAddress.hasPrefix("https://"),
            secondFactor: configuration.secondFactor)
        let web = Application(
            router: pages.makeRouter(),
            configuration: ApplicationConfiguration(
                address: .hostname(webHost, port: configuration.webPort), serverName: nil),
            onServerRunning: { channel in
                let address = "http://\(webHost):\(channel.localAddress?.port ?? 0)"
                phoneAddress.setUnlessConfigured(address)
                onListening(.web, address)
            },
            logger: store.logger)
        let writer = ExportWriter(
            store: store, accounts: Accounts(store: store, passwords: passwords),
            folder: exportFolder)
        var services: [any Service] = [store.pool, Jobs(store), writer, sync, web]
        if let cluster {
            services.insert(DatabaseWatch(cluster: cluster, logger: store.logger), at: 0)
        }
        var group = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: store.logger)
        group.maximumGracefulShutdownDuration = .seconds(20)
        group.maximumCancellationDuration = .seconds(10)
        try await ServiceGroup(configuration: group).run()
        await pages.drain()
    }
}
