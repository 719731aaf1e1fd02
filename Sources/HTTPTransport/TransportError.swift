/// Why there is no answer.
///
/// Equality and hashing look at ``code`` alone. The description never holds a header, a body or a
/// URL's path.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure; open, so that a newer libcurl's codes need no new release.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The stable name, for logs; `curl23` for one of libcurl's codes without a name here.
        public let name: String

        init(name: String) {
            self.name = name
        }

        /// The host name has no address, or the resolver did not answer.
        public static let couldNotResolve = Code(name: "couldNotResolve")
        /// Nobody listens at the address, or the way there is closed.
        public static let couldNotConnect = Code(name: "couldNotConnect")
        /// No usable connection within the connect time-out.
        public static let connectTimedOut = Code(name: "connectTimedOut")
        /// The TLS handshake broke off for a reason other than the certificate.
        public static let handshakeFailed = Code(name: "handshakeFailed")
        /// The server's certificate is not from a trusted authority, is expired, or names another
        /// host.
        public static let certificateRejected = Code(name: "certificateRejected")
        /// No complete answer within the total time-out.
        public static let timedOut = Code(name: "timedOut")
        /// The transfer fell under its low-speed limit.
        public static let tooSlow = Code(name: "tooSlow")
        /// The URL's scheme is not allowed, or plain HTTP was asked of a host that is not this one.
        public static let protocolRefused = Code(name: "protocolRefused")
        /// The answer's body, or its header, is over the limit.
        public static let responseTooLarge = Code(name: "responseTooLarge")
        /// The connection ended, or spoke something else than HTTP, before the answer was complete.
        public static let connectionBroken = Code(name: "connectionBroken")
        /// The calling task was cancelled.
        public static let cancelled = Code(name: "cancelled")
        /// The transport was shut down.
        public static let shutDown = Code(name: "shutDown")
        /// Too many transfers are waiting already.
        public static let queueFull = Code(name: "queueFull")
        /// The request itself is wrong: ``HTTPRequest`` lists the rules.
        public static let badRequest = Code(name: "badRequest")
        /// The configuration is wrong, or its certificate file cannot be used.
        public static let misconfigured = Code(name: "misconfigured")

        /// Any other libcurl code.
        public static func other(_ curlCode: Int) -> Code {
            Code(name: "curl\(curlCode)")
        }

        /// The name.
        public var description: String { name }
    }

    /// The kind of failure.
    public let code: Code
    /// What happened, for an operator; may name the host, never what was sent.
    public let message: String
    /// Whether the server may have seen any part of the request.
    ///
    /// False only when it is certain that no byte of it was sent. True means "unknown", never
    /// "it arrived".
    public let requestMayHaveArrived: Bool

    /// Makes an error.
    public init(code: Code, message: String, requestMayHaveArrived: Bool) {
        self.code = code
        self.message = message
        self.requestMayHaveArrived = requestMayHaveArrived
    }

    /// Whether the same request may succeed later with nobody doing anything.
    public var isTransient: Bool {
        switch code {
        case .couldNotResolve, .couldNotConnect, .connectTimedOut, .handshakeFailed, .timedOut,
            .tooSlow, .connectionBroken, .queueFull:
            true
        default:
            false
        }
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }

    /// Whether both are of the same kind.
    public static func == (left: TransportError, right: TransportError) -> Bool {
        left.code == right.code
    }

    /// Feeds the code.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}
