// Somebody on the line who is not head office: hotel networks answer every request with their own page.

import Foundation
import Hummingbird
import HummingbirdTLS
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

/// A TLS server that answers whatever it is asked with one status and the same body.
final class Portal: Sendable {
    /// How many requests came through TLS.
    var requestCount: Int { count.withLock { $0 } }
    private let count = Mutex(0)

    /// Runs the body with the portal's port, then stops it.
    ///
    /// - Shape: `certificate` and `key` are PEM texts.
    static func with(
        certificate: String, key: String, answering text: String, type: String,
        status: HTTPResponse.Status = .ok, _ body: (Int, Portal) async throws -> Void
    ) async throws {
        let portal = Portal()
        let router = Router()
        router.add(middleware: EveryRequest(portal: portal, text: text, type: type, status: status))
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))
            ],
            privateKey: .privateKey(
                try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        let logger = Logger(label: "portal") { _ in SwiftLogNoOpLogHandler() }
        let (ports, source) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, server: try .tls(tlsConfiguration: tls),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { source.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(services: [application], logger: logger)
        let running = Task {
            do { try await group.run() } catch { source.finish() }
        }
        var port = 0
        for await listening in ports {
            port = listening
            break
        }
        do {
            try await body(port, portal)
        } catch {
            await group.triggerGracefulShutdown()
            await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        await running.value
    }

    fileprivate func noteRequest() { count.withLock { $0 += 1 } }
}

private struct EveryRequest: RouterMiddleware {
    let portal: Portal
    let text: String
    let type: String
    let status: HTTPResponse.Status

    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        portal.noteRequest()
        var headers: HTTPFields = [.contentType: type]
        if status == .found { headers[.location] = "https://login.example/" }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
