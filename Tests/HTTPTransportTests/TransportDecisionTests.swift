import CCurl
import Testing

@testable import HTTPTransport

/// The pure decisions, by table.
@Suite struct TransportDecisionTests {
    struct FailureRow: Sendable, CustomTestStringConvertible {
        var curlCode: UInt32
        var text = ""
        var started: Bool
        var code: TransportError.Code
        var isTransient: Bool

        var testDescription: String { "curl \(curlCode), started: \(started) -> \(code)" }
    }

    static let failures: [FailureRow] = [
        .init(curlCode: 1, started: false, code: .protocolRefused, isTransient: false),
        .init(curlCode: 1, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 3, started: false, code: .badRequest, isTransient: false),
        .init(curlCode: 5, started: false, code: .couldNotResolve, isTransient: true),
        .init(curlCode: 6, started: false, code: .couldNotResolve, isTransient: true),
        .init(curlCode: 7, started: false, code: .couldNotConnect, isTransient: true),
        .init(curlCode: 7, started: true, code: .couldNotConnect, isTransient: true),
        .init(curlCode: 8, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 18, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 23, started: true, code: .other(23), isTransient: false),
        .init(curlCode: 27, started: false, code: .other(27), isTransient: false),
        .init(curlCode: 28, started: false, code: .connectTimedOut, isTransient: true),
        .init(
            curlCode: 28, text: "Connection timed out after 3000 milliseconds", started: false,
            code: .connectTimedOut, isTransient: true),
        .init(
            curlCode: 28, text: "Operation timed out after 30000 milliseconds", started: true,
            code: .timedOut, isTransient: true),
        .init(
            curlCode: 28, text: "Operation too slow. Less than 32 bytes/sec", started: true,
            code: .tooSlow, isTransient: true),
        .init(curlCode: 35, started: false, code: .handshakeFailed, isTransient: true),
        .init(curlCode: 35, started: true, code: .handshakeFailed, isTransient: true),
        .init(curlCode: 52, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 55, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 56, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 60, started: false, code: .certificateRejected, isTransient: false),
        .init(curlCode: 63, started: true, code: .responseTooLarge, isTransient: false),
        .init(curlCode: 65, started: true, code: .connectionBroken, isTransient: true),
        .init(curlCode: 77, started: false, code: .misconfigured, isTransient: false),
        .init(curlCode: 90, started: false, code: .certificateRejected, isTransient: false),
        .init(curlCode: 97, started: false, code: .couldNotConnect, isTransient: true),
        .init(curlCode: 99, started: true, code: .other(99), isTransient: false),
    ]

    @Test(arguments: failures)
    func `each libcurl code has one meaning`(_ row: FailureRow) {
        let error = CurlFailure(
            curlCode: CURLcode(row.curlCode), text: row.text, requestStarted: row.started,
            sizeLimitExceeded: false
        ).error
        #expect(error.code == row.code)
        #expect(error.isTransient == row.isTransient)
        #expect(error.requestMayHaveArrived == row.started)
        #expect(!error.message.isEmpty)
    }

    @Test func `our own stop for size outranks libcurl's code`() {
        let error = CurlFailure(
            curlCode: CURLE_WRITE_ERROR, text: "", requestStarted: true, sizeLimitExceeded: true
        ).error
        #expect(error.code == .responseTooLarge)
        #expect(error.requestMayHaveArrived)
    }

    @Test func `errors are equal by code alone`() {
        let one = TransportError(code: .timedOut, message: "a", requestMayHaveArrived: true)
        let two = TransportError(code: .timedOut, message: "b", requestMayHaveArrived: false)
        let three = TransportError(code: .other(23), message: "a", requestMayHaveArrived: true)
        #expect(one == two)
        #expect(one != three)
        #expect(TransportError.Code.other(23) != .other(24))
    }

    struct TargetRow: Sendable, CustomTestStringConvertible {
        var url: String
        var plainAllowed = false
        var refusal: TransportError.Code?

        var testDescription: String { "\(url), plain allowed: \(plainAllowed)" }
    }

    static let targets: [TargetRow] = [
        .init(url: "https://office.example/sync/v1/batches"),
        .init(url: "https://office.example:8443/a?b=c"),
        .init(url: "https://127.0.0.1:8443/"),
        .init(url: "http://127.0.0.1:8080/", refusal: .protocolRefused),
        .init(url: "http://127.0.0.1:8080/", plainAllowed: true),
        .init(url: "http://127.8.9.10/", plainAllowed: true),
        .init(url: "http://localhost/", plainAllowed: true),
        .init(url: "http://LocalHost/", plainAllowed: true),
        .init(url: "http://[::1]:80/", plainAllowed: true),
        .init(url: "http://office.example/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "http://10.0.0.1/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "http://127.0.0.1.evil.example/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "http://localhost.evil.example/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "http://[::ffff:10.0.0.1]/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "http://0.0.0.0/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "ftp://127.0.0.1/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "file:///etc/passwd", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "gopher://127.0.0.1/", plainAllowed: true, refusal: .protocolRefused),
        .init(url: "https://user@office.example/", refusal: .badRequest),
        .init(url: "https://user:word@office.example/", refusal: .badRequest),
        .init(url: "http://127.0.0.1@evil.example/", plainAllowed: true, refusal: .badRequest),
        .init(url: "https://office.example/#part", refusal: .badRequest),
        .init(url: "https://", refusal: .badRequest),
        .init(url: "office.example/sync", refusal: .badRequest),
        .init(url: "", refusal: .badRequest),
        .init(url: "https://office.example/a b", refusal: .badRequest),
        .init(url: "https://office.example/\r\nX: y", refusal: .badRequest),
        .init(url: "https://office.example/药", refusal: .badRequest),
        .init(url: "https://office.example:99999/", refusal: .badRequest),
    ]

    @Test(arguments: targets)
    func `a URL is taken or refused before anything is sent`(_ row: TargetRow) {
        do throws(TransportError) {
            _ = try RequestTarget(parsing: row.url, allowPlainHTTPLoopback: row.plainAllowed)
            #expect(row.refusal == nil)
        } catch {
            #expect(error.code == row.refusal, "\(error)")
            #expect(!error.requestMayHaveArrived)
        }
    }

    @Test func `path and query keep their spelling`() throws {
        let url = "https://office.example/a/../b/./c%2e?x=%2E&y=a+b"
        let target = try RequestTarget(parsing: url, allowPlainHTTPLoopback: false)
        #expect(target.url == url)
        #expect(target.host == "office.example")
    }

    static let badRequests: [HTTPRequest] = [
        HTTPRequest(method: "", url: "https://a/"),
        HTTPRequest(method: "GET /", url: "https://a/"),
        HTTPRequest(method: "GET", url: "https://a/", headers: [.init("", "v")]),
        HTTPRequest(method: "GET", url: "https://a/", headers: [.init("A:", "v")]),
        HTTPRequest(method: "GET", url: "https://a/", headers: [.init("A", "v\r\nB: w")]),
        HTTPRequest(method: "GET", url: "https://a/", headers: [.init("A", "v\0")]),
        HTTPRequest(method: "POST", url: "https://a/", headers: [.init("content-length", "3")]),
        HTTPRequest(method: "POST", url: "https://a/", headers: [.init("Expect", "")]),
        HTTPRequest(
            method: "POST", url: "https://a/", headers: [.init("Transfer-Encoding", "chunked")]),
        HTTPRequest(method: "GET", url: "https://a/", body: [1]),
        HTTPRequest(method: "HEAD", url: "https://a/", body: [1]),
        HTTPRequest(method: "GET", url: "https://a/", totalTimeout: .zero),
        HTTPRequest(method: "GET", url: "https://a/", totalTimeout: .seconds(3_601)),
        HTTPRequest(method: "GET", url: "https://a/", connectTimeout: .zero),
        HTTPRequest(
            method: "GET", url: "https://a/",
            lowSpeedLimit: .init(bytesPerSecond: 0, seconds: 1)),
        HTTPRequest(method: "GET", url: "https://a/", maximumResponseBytes: 0),
    ]

    @Test(arguments: badRequests)
    func `a malformed request has a problem`(_ request: HTTPRequest) {
        #expect(request.firstProblem != nil)
    }

    @Test func `an ordinary request has no problem`() {
        let request = HTTPRequest(
            method: "POST", url: "https://a/",
            headers: [.init("X-Note", "慧医卡\t1"), .init("E", "")],
            body: [0, 13, 10])
        #expect(request.firstProblem == nil)
    }

    @Test func `milliseconds are rounded up and never zero`() {
        #expect(TimeLimits.milliseconds(.seconds(3)) == 3_000)
        #expect(TimeLimits.milliseconds(.microseconds(1)) == 1)
        #expect(TimeLimits.milliseconds(.microseconds(1_001)) == 2)
        #expect(TimeLimits.milliseconds(.zero) == 1)
        #expect(TimeLimits.milliseconds(.seconds(-5)) == 1)
    }
}
