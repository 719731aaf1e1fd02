// The port that tills talk to: TLS with head office's own authority, HTTP/1.1 only.

import Hummingbird
import HummingbirdTLS
import Journal
public import Logging
import NIOSSL
public import ServiceLifecycle

/// Serves the sync protocol.
public struct SyncServer: Service {
    private let application: Application<RouterResponder<SyncContext>>
    private let watch: ChangeWatch

    /// The most bytes of a batch's body, deflated; what it inflates to is bounded by the frame.
    private static let batchBodyLimit = 8 << 20
    /// The most bytes of any other body.
    private static let bodyLimit = 64 * 1_024

    /// A server over head office's store.
    ///
    /// - Parameter onRunning: gets the port once the server listens.
    public init(
        store: OfficeStore, configuration: OfficeConfiguration, certificates: OfficeCertificates,
        phoneAddress: PhoneAddress, logger: Logger,
        onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        let door = SyncDoor(store: store, names: configuration.syncNames)
        watch = ChangeWatch(store)
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(
                Array(certificates.serverPEM.utf8)
            ).map { .certificate($0) },
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: Array(certificates.serverKeyPEM.utf8), format: .pem)))
        tls.minimumTLSVersion = .tlsv12
        tls.applicationProtocols = ["http/1.1"]
        application = Application(
            router: Self.router(
                door, watch: watch, ingestCount: configuration.ingestCount,
                phoneAddress: phoneAddress),
            server: try .tls(.http1(), tlsConfiguration: tls),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.syncHost, port: configuration.syncPort),
                serverName: nil),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    /// Serves until the service stops.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            let (watch, application) = (watch, application)
            group.addTask { try await watch.run() }
            group.addTask { try await application.run() }
            // The watch ends with the graceful shutdown and lets long polls go.
            try await group.waitForAll()
        }
    }

    static func router(
        _ door: SyncDoor, watch: ChangeWatch, ingestCount: Int,
        phoneAddress: PhoneAddress = PhoneAddress("")
    ) -> Router<SyncContext> {
        let router = Router(context: SyncContext.self)
        let batches = BatchEndpoint(door: door, limit: ingestCount)
        let authorisations = AuthorisationEndpoint(door: door)
        let changes = ChangesEndpoint(door: door, watch: watch)
        let confirmationKeys = ConfirmationKeyEndpoint(door: door, phoneAddress: phoneAddress)
        let payments = PhonePaymentEndpoint(door: door, watch: watch)
        let enrolments = EnrolmentEndpoint(door: door)
        router.post("/sync/v1/batches") { request, context in
            await door.answer(
                request, bodyLimit: batchBodyLimit, address: context.peerAddress,
                admitsRevoked: true, batches.answer)
        }
        router.post("/sync/v1/authorisations") { request, _ in
            await door.answer(request, bodyLimit: bodyLimit, authorisations.answer)
        }
        router.get("/sync/v1/changes") { request, _ in
            await door.answer(request, bodyLimit: 0, changes.answer)
        }
        router.post("/sync/v1/confirmation-keys") { request, _ in
            await door.answer(request, bodyLimit: bodyLimit, confirmationKeys.answer)
        }
        router.post("/sync/v1/payments") { request, _ in
            await door.answer(request, bodyLimit: bodyLimit, payments.answer)
        }
        let faces = FaceEndpoint(door: door)
        router.get("/sync/v1/faces") { request, _ in
            await door.answer(request, bodyLimit: 0, faces.answer)
        }
        let orders = OrdersEndpoint(door: door)
        router.post("/sync/v1/orders/search") { request, _ in
            await door.answer(request, bodyLimit: bodyLimit, orders.answer)
        }
        router.post("/sync/v1/enrolments") { request, _ in
            await enrolments.answer(request)
        }
        return router
    }
}

/// A request of a till, with the address it came from.
struct SyncContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peerAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }
}
