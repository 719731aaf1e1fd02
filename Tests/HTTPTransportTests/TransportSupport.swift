import HTTPTransport
import Logging
import Testing

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs the body with a transport that may talk plain HTTP to this machine, then shuts it down.
func withPlainTransport<Value>(
    concurrent: Int = 8, queued: Int = 1_024, responseBytes: Int = 8 * 1_024 * 1_024,
    _ body: (HTTPTransport) async throws -> Value
) async throws -> Value {
    let configuration = HTTPTransportConfiguration(
        allowPlainHTTPLoopback: true, maximumResponseBytes: responseBytes,
        maximumConcurrentTransfers: concurrent, maximumQueuedTransfers: queued)
    return try await withTransport(configuration, body)
}

/// Runs the body with a transport, then shuts it down.
func withTransport<Value>(
    _ configuration: HTTPTransportConfiguration, _ body: (HTTPTransport) async throws -> Value
) async throws -> Value {
    let transport = try HTTPTransport(configuration: configuration, logger: quietLogger)
    do {
        let value = try await body(transport)
        await transport.shutdown()
        return value
    } catch {
        await transport.shutdown()
        throw error
    }
}

/// Sends a request that must fail, and checks how.
func expectFailure(
    _ code: TransportError.Code, mayHaveArrived: Bool, of request: HTTPRequest,
    on transport: HTTPTransport, sourceLocation: SourceLocation = #_sourceLocation
) async {
    do throws(TransportError) {
        let response = try await transport.send(request)
        Issue.record("answered \(response.status)", sourceLocation: sourceLocation)
    } catch {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(
            error.requestMayHaveArrived == mayHaveArrived, "\(error)",
            sourceLocation: sourceLocation)
    }
}

func get(_ port: UInt16, _ path: String = "/") -> HTTPRequest {
    HTTPRequest(method: "GET", url: "http://127.0.0.1:\(port)\(path)")
}
