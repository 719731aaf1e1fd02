// Somebody on the line between tills and head office: hotel networks answer every request with their own page; a slow
// line lets them through, and the test reads along.

import Domain
import Foundation
import HTTPTransport
import Hummingbird
import HummingbirdTLS
import Journal
import Logging
import NIOSSL
import ServiceLifecycle
import Synchronization

@testable import Lab

/// A TLS server that answers every request by one function.
struct TLSAnswerer: Sendable {
    /// PEM texts.
    let certificate: String
    let key: String

    /// Runs the body with the server's port, then stops it.
    func serve(
        _ answer: @escaping @Sendable (Request) async throws -> Response,
        _ body: (Int) async throws -> Void
    ) async throws {
        let router = Router()
        router.add(middleware: EveryRequest(answer: answer))
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: [
                .certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))
            ],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
        let logger = Logger(label: "answerer") { _ in SwiftLogNoOpLogHandler() }
        let (ports, source) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router, server: try .tls(tlsConfiguration: tls),
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { source.yield($0.localAddress?.port ?? 0) }, logger: logger)
        var settings = ServiceGroupConfiguration(
            services: [.init(service: application)], logger: logger)
        settings.maximumGracefulShutdownDuration = .seconds(5)
        let group = ServiceGroup(configuration: settings)
        let running = Task {
            do { try await group.run() } catch { source.finish() }
        }
        var port = 0
        for await listening in ports {
            port = listening
            break
        }
        do {
            try await body(port)
        } catch {
            await group.triggerGracefulShutdown()
            await running.value
            throw error
        }
        await group.triggerGracefulShutdown()
        await running.value
    }
}

private struct EveryRequest: RouterMiddleware {
    let answer: @Sendable (Request) async throws -> Response

    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        try await answer(request)
    }
}

/// Answers whatever it is asked with one status and the same body.
final class Portal: Sendable {
    /// How many requests came through TLS.
    var requestCount: Int { count.withLock { $0 } }
    private let count = Mutex(0)

    /// Runs the body with the portal's port, then stops it.
    static func with(
        _ server: TLSAnswerer, answering text: String, type: String,
        status: HTTPResponse.Status = .ok, _ body: (Int, Portal) async throws -> Void
    ) async throws {
        let portal = Portal()
        var headers: HTTPFields = [.contentType: type]
        if status == .found { headers[.location] = "https://login.example/" }
        let answer = Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        try await server.serve({ _ in
            portal.count.withLock { $0 += 1 }
            return answer
        }) { try await body($0, portal) }
    }
}

/// A slow line to head office that notes which sales each request carries.
final class SlowLine: Sendable {
    /// A sale as one batch carried it.
    struct Carried: Sendable, Hashable {
        let id: String
        let receipt: String
    }

    /// The sales of each batch that came, in the order of coming.
    var batches: [[Carried]] { noted.withLock { $0.batches } }
    /// The payments that head office was asked to authorise, an entry for each request.
    var authorisations: [String] { noted.withLock { $0.authorisations } }
    private struct Noted {
        var batches: [[Carried]] = []
        var authorisations: [String] = []
    }
    private let noted = Mutex(Noted())
    private let office: String
    private let transport: HTTPTransport

    private init(office: String, transport: HTTPTransport) {
        self.office = office
        self.transport = transport
    }

    /// Runs the body with the line's port, then stops it.
    ///
    /// - Parameter delay: before each request is passed on.
    static func with(
        _ server: TLSAnswerer, to office: String, through transport: HTTPTransport,
        delay: Duration, _ body: (Int, SlowLine) async throws -> Void
    ) async throws {
        let line = SlowLine(office: office, transport: transport)
        try await server.serve({ request in
            var request = request
            let bytes = Array(buffer: try await request.collectBody(upTo: 16 << 20))
            line.note(request.uri.path, bytes)
            try await Task.sleep(for: delay)
            return try await line.pass(request, bytes)
        }) { try await body($0, line) }
    }

    private func note(_ path: String, _ body: [UInt8]) {
        switch path {
        case "/sync/v1/batches":
            guard let frame = try? BatchFrame(decoding: body) else { return }
            let sales = frame.entries.compactMap { entry -> Carried? in
                guard let record = try? Record(bytes: entry.record),
                    case .saleCompleted(let sale) = record.body
                else { return nil }
                return Carried(id: record.id.description, receipt: sale.receipt)
            }
            noted.withLock { $0.batches.append(sales) }
        case "/sync/v1/authorisations":
            guard let asked = try? JSONValue(parsing: body),
                let request = try? AuthorisationRequest(wire: asked, at: "")
            else { return }
            noted.withLock { $0.authorisations.append(request.payment.description) }
        default: break
        }
    }

    /// Passes a request on as it came: what was signed, the host among it, stays.
    private func pass(_ request: Request, _ body: [UInt8]) async throws -> Response {
        var fields = request.headers.filter { $0.name != .contentLength && $0.name != .connection }
            .map { HTTPTransport.Field($0.name.rawName, $0.value) }
        fields.append(HTTPTransport.Field("Host", request.head.authority ?? ""))
        let answer = try await transport.send(
            HTTPTransport.Request(
                method: request.method.rawValue, url: office + request.uri.string, headers: fields,
                body: body, totalTimeout: .seconds(90), lowSpeedLimit: nil))
        var headers = HTTPFields()
        for field in answer.headers {
            guard let name = HTTPFields.Element.Name(field.name), name != .contentLength,
                name != .transferEncoding, name != .connection
            else { continue }
            headers.append(.init(name: name, value: field.value))
        }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
