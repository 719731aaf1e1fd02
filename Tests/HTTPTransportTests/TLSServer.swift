import Hummingbird
import HummingbirdTLS
import NIOCore
import NIOSSL
import ServiceLifecycle

/// Runs the body with the port of a Hummingbird server on TLS, then stops the server.
///
/// `GET /small` answers `ok`; `POST /echo` answers with what it was sent.
func withTLSServer<Value: Sendable>(
    _ identity: TestAuthority.ServerIdentity, newestVersion: TLSVersion? = nil,
    _ body: (Int) async throws -> Value
) async throws -> Value {
    let router = Router()
    router.get("small") { _, _ in "ok" }
    router.post("echo") { request, _ in
        let body = try await request.body.collect(upTo: 8 * 1_024 * 1_024)
        return Response(status: .ok, body: ResponseBody(byteBuffer: body))
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: [
            .certificate(
                try NIOSSLCertificate(bytes: Array(identity.certificate.utf8), format: .pem))
        ],
        privateKey: .privateKey(
            try NIOSSLPrivateKey(bytes: Array(identity.key.utf8), format: .pem)))
    if let newestVersion {
        configuration.minimumTLSVersion = .tlsv1
        configuration.maximumTLSVersion = newestVersion
    }
    let ports = Signal<Int>()
    let application = Application(
        router: router, server: try .tls(tlsConfiguration: configuration),
        configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in ports.send(channel.localAddress?.port ?? 0) },
        logger: quietLogger)
    // Shut down gracefully, never by cancelling: NIO traps when a server is cancelled while it
    // takes a connection in.
    let group = ServiceGroup(services: [application], logger: quietLogger)
    let running = Task {
        do {
            try await group.run()
        } catch {
            // Port 0 cannot be reached: a server that did not start fails the test.
            ports.send(0)
        }
    }
    let result: Result<Value, any Error>
    do {
        result = .success(try await body(await ports.next(1).first ?? 0))
    } catch {
        result = .failure(error)
    }
    await group.triggerGracefulShutdown()
    await running.value
    return try result.get()
}
