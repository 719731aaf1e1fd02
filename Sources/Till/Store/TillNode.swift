import Domain
import Foundation
import Glyphs
import HTTPTransport
import Hummingbird
import Journal
public import Logging
import ServiceLifecycle
import UnixSignals
import WebSupport

/// A running till: store, then sync, then printing, then web; stopped in the reverse order.
public struct TillNode: Sendable {
    private let configuration: TillConfiguration
    private let logger: Logger

    /// A node with its settings.
    public init(configuration: TillConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves until it is told to stop; an unenrolled till serves the set-up page.
    ///
    /// - Refuses: what opening the data folder refuses (`TillStartError.dataFolder`).
    public func run() async throws {
        let store = try Self.openStore(configuration, logger: logger)
        let world = TillWorld.machine
        let pages = try TillWeb.makePages()
        let site = TillWeb.makeSite(pages: pages, store: store, world: world)
        let secrets = try TillSecrets.load(from: store.folder)
        let identity = try await store.read { try TillIdentity.load(secrets, in: $0) }
        var services: [any Service] = [StoreService(store: store)]
        let commits = CommitTasks()
        if let identity {
            let parts = try await makeParts(
                identity, store: store, world: world, languages: pages.languages)
            services += parts.services
            let web = TillWeb(
                site: site, store: store, identity: identity, checkout: parts.checkout,
                printing: parts.printing, contact: parts.contact,
                signIn: StaffSignIn(store: store, passwords: PasswordWorker(), world: world),
                world: world, commits: commits)
            services.append(CommitService(commits: commits))
            services.append(application(web.makeRouter()))
        } else {
            logger.warning("this till is not enrolled: only the set-up page is served")
            services.append(application(SetupWeb(site: site).makeRouter()))
        }
        var group = ServiceGroupConfiguration(
            services: services.map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(15)
        group.maximumCancellationDuration = .seconds(5)
        try await ServiceGroup(configuration: group).run()
    }

    private struct Parts {
        let services: [any Service]
        let checkout: Checkout
        let printing: Printing
        let contact: OfficeContact
    }

    private func makeParts(
        _ identity: TillIdentity, store: TillStore, world: TillWorld, languages: Languages
    ) async throws -> Parts {
        let transport = try HTTPTransport(
            configuration: HTTPTransportConfiguration(
                certificateAuthorityFile: store.folder.authorityPath,
                userAgent: "huiyika-till/\(TillProgram.version)"),
            logger: logger)
        let line = OfficeLine(identity, transport: transport, world: world, logger: logger)
        let contact = OfficeContact(
            line: line, store: store, identity: identity, world: world, logger: logger)
        let checkout = Checkout(
            store: store, identity: identity, world: world,
            authoriser: Authoriser(contact: contact), logger: logger,
            phoneLine: PhoneLine(contact: contact), phoneSeconds: configuration.phoneSeconds)
        let glyphs = FontGlyphs(files: configuration.printFonts)
        if glyphs == nil {
            logger.warning("no font is installed: characters that a printer lacks print as 〓")
        }
        let printing = Printing(
            store: store, identity: identity, world: world, logger: logger, languages: languages,
            glyphs: glyphs)
        try await store.recordStart(id: world.makeID(), at: world.now(), identity: identity)
        try await checkout.recover()
        return Parts(
            services: [
                transport,
                TillSync(
                    store: store, identity: identity, contact: contact, world: world,
                    logger: logger,
                    printers: { try? await PrintingReport.load(printing).toldToOffice }),
                AbandonedPayments(checkout: checkout, logger: logger),
                PrintingService(printing: printing),
                ConfirmationKeyWatch(phone: checkout.phone, logger: logger),
                CardFaceWatch(store: store, contact: contact, logger: logger),
            ], checkout: checkout, printing: printing, contact: contact)
    }

    private func application(_ router: Router<WebContext>) -> some ApplicationProtocol {
        Application(
            router: router,
            configuration: .init(
                address: .hostname(configuration.webHost, port: configuration.webPort),
                serverName: nil),
            onServerRunning: { [logger] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("till web is ready", metadata: ["http.port": "\(port)"])
            }, logger: logger)
    }

    static func openStore(
        _ configuration: TillConfiguration, logger: Logger
    ) throws -> TillStore {
        do {
            return try TillStore(
                folder: DataFolder(path: configuration.dataFolder), logger: logger,
                diskReserveByteCount: Int64(configuration.diskReserveMebibytes) << 20)
        } catch let error as TillStoreError {
            throw TillStartError.dataFolder(code: error.code.rawValue, message: error.message)
        }
    }
}

extension TillStore {
    /// Journals that the node started.
    func recordStart(id: RecordID, at now: Instant, identity: TillIdentity) async throws {
        try await write { database in
            _ = try JournalBook(identity).append(
                .tillStarted(.init(version: TillProgram.version)), id: id, at: now, in: database)
        }
    }
}

/// Closes the file last.
struct StoreService: Service {
    let store: TillStore

    func run() async throws {
        try await gracefulShutdown()
        try store.close()
    }
}

/// Waits for what is being committed before the line and the file go.
struct CommitService: Service {
    let commits: CommitTasks

    func run() async throws {
        try await gracefulShutdown()
        await commits.drain()
    }
}

/// Cancels what was left open for ten minutes (R-P10).
struct AbandonedPayments: Service {
    static let interval: Duration = .seconds(15)

    let checkout: Checkout
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await checkout.cancelAbandoned()
                    try await checkout.store.noteTime(checkout.world.now())
                    try await Task.sleep(for: Self.interval)
                } catch is CancellationError {
                    return
                } catch {
                    logger.error(
                        "old payments could not be cancelled", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: Self.interval)
                }
            }
        }
    }
}
