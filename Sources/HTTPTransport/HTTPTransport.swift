import CCurl
public import Logging
public import ServiceLifecycle

/// Sends HTTP/1.1 requests over TLS through libcurl.
///
/// One thread carries all transfers; connections are kept and reused. Redirects are not followed,
/// cookies not kept, bodies not decompressed: what comes back is what the server said.
///
/// - Repetition: nothing is retried here, apart from what ``HTTPRequest`` says of kept connections.
/// - Source: libcurl's manual pages for the multi interface; HTTP/1.1 only, because servers end
///   busy HTTP/2 connections.
public final class HTTPTransport: Sendable {
    /// The same as ``HTTPRequest``, for files that also import a web server's types.
    public typealias Request = HTTPRequest
    /// The same as ``HTTPResponse``, for files that also import a web server's types.
    public typealias Response = HTTPResponse

    private let mailbox: Mailbox
    private let allowPlainHTTPLoopback: Bool

    /// Makes a transport and starts its thread; nothing is connected yet.
    ///
    /// - Refuses, first match wins, all as `.misconfigured`: a bound out of range; a certificate
    ///   file that cannot be read or holds no certificate; no memory or thread.
    public init(configuration: HTTPTransportConfiguration, logger: Logger) throws(TransportError) {
        if let problem = configuration.firstProblem { throw Self.misconfigured(problem) }
        var settings = TransportSettings(
            configuration: configuration, certificateAuthorities: nil, logger: logger)
        if let path = configuration.certificateAuthorityFile {
            settings.certificateAuthorities = try CertificateFile.read(path)
        }
        guard CurlLibrary.setUp == CURLE_OK, let pointer = curl_multi_init() else {
            throw Self.misconfigured("libcurl could not be set up")
        }
        let multi = MultiHandle(pointer: pointer)
        let idleConnectionCountMax = configuration.maximumConcurrentTransfers
        ccurl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, idleConnectionCountMax)
        ccurl_multi_set_long(pointer, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))
        let mailbox = Mailbox(
            multi: multi,
            unfinishedCountMax: configuration.maximumConcurrentTransfers
                + configuration.maximumQueuedTransfers)
        self.mailbox = mailbox
        allowPlainHTTPLoopback = configuration.allowPlainHTTPLoopback
        let hasStarted = LoopThread.start { [settings] in
            TransferLoop(settings: settings, mailbox: mailbox, multi: multi).run()
        }
        guard hasStarted else {
            // `deinit` runs after this throw and asks the mailbox to stop: it must no longer wake the
            // handle that is freed here.
            mailbox.closeDoor()
            curl_multi_cleanup(pointer)
            throw Self.misconfigured("the transfer thread could not be started")
        }
    }

    deinit {
        mailbox.requestStop()
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// - Shape: every status is an answer, 3xx and 5xx included.
    /// - Refuses: what ``HTTPRequest`` lists, before anything is sent; then `.cancelled`,
    ///   `.shutDown`, `.queueFull`; then whatever befell the transfer.
    /// - Repetition: not retried. After an error whose ``TransportError/requestMayHaveArrived`` is
    ///   true, the server's state is unknown.
    public func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        if let problem = request.firstProblem {
            throw TransportError(
                code: .badRequest, message: problem, requestMayHaveArrived: false)
        }
        let target = try RequestTarget(
            parsing: request.url, allowPlainHTTPLoopback: allowPlainHTTPLoopback)
        let id = mailbox.makeID()
        let deadline = ContinuousClock.now + request.totalTimeout
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.submit(
                    Submission(
                        id: id, request: request, target: target, deadline: deadline,
                        continuation: continuation))
            }
        } onCancel: {
            mailbox.cancel(id)
        }
        return try outcome.get()
    }

    /// Ends pending transfers with `.shutDown` and returns when the thread has let go of every
    /// connection. Repeating it is harmless; later requests fail with `.shutDown`.
    public func shutdown() async {
        mailbox.requestStop()
        await mailbox.waitForEnd()
    }

    private static func misconfigured(_ message: String) -> TransportError {
        TransportError(code: .misconfigured, message: message, requestMayHaveArrived: false)
    }
}

extension HTTPTransport: Service {
    /// Waits for graceful shutdown, or cancellation, then shuts the transport down.
    public func run() async throws {
        try? await gracefulShutdown()
        await shutdown()
    }
}
