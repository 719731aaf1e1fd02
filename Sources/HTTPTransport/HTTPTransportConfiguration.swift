/// How every transfer of one ``HTTPTransport`` reaches its server.
///
/// - Shape: values only; ``HTTPTransport/init(configuration:logger:)`` checks the bounds and reads
///   the certificate file.
public struct HTTPTransportConfiguration: Sendable {
    /// PEM file of the certificate authorities to trust, and no others; nil trusts the system's.
    ///
    /// Read once, when the transport is made: a replaced file takes effect at the next start.
    public var certificateAuthorityFile: String?
    /// Whether `http://` is allowed to this machine's loopback addresses; default false.
    ///
    /// Plain HTTP to any other host is refused whatever this says.
    public var allowPlainHTTPLoopback: Bool
    /// The largest response body taken, in bytes; default 8 MiB, at least 1.
    public var maximumResponseBytes: Int
    /// How many transfers run at once, 1...256; default 8. Further ones wait, first in first out.
    public var maximumConcurrentTransfers: Int
    /// How many transfers may wait, 0...10,000; default 1,024. Further ones fail as `.queueFull`.
    public var maximumQueuedTransfers: Int
    /// The `User-Agent` field; empty sends none. Default `huiyika`.
    public var userAgent: String
    /// The time allowed for resolving, connecting and the TLS handshake together; default 3 s,
    /// 1 ms to 1 h.
    public var connectTimeout: Duration
    /// A proxy such as `http://proxy.example:3128`; nil (the default) connects directly. The
    /// environment's proxy variables are never read.
    public var proxyURL: String?

    /// Makes a configuration; every argument has the default its property documents.
    public init(
        certificateAuthorityFile: String? = nil,
        allowPlainHTTPLoopback: Bool = false,
        maximumResponseBytes: Int = 8 * 1_024 * 1_024,
        maximumConcurrentTransfers: Int = 8,
        maximumQueuedTransfers: Int = 1_024,
        userAgent: String = "huiyika",
        connectTimeout: Duration = .seconds(3),
        proxyURL: String? = nil
    ) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.allowPlainHTTPLoopback = allowPlainHTTPLoopback
        self.maximumResponseBytes = maximumResponseBytes
        self.maximumConcurrentTransfers = maximumConcurrentTransfers
        self.maximumQueuedTransfers = maximumQueuedTransfers
        self.userAgent = userAgent
        self.connectTimeout = connectTimeout
        self.proxyURL = proxyURL
    }

    /// The first bound this configuration breaks, in words, or nil.
    var firstProblem: String? {
        if maximumResponseBytes < 1 { return "maximumResponseBytes must be at least 1" }
        if !(1...256).contains(maximumConcurrentTransfers) {
            return "maximumConcurrentTransfers must be 1...256"
        }
        if !(0...10_000).contains(maximumQueuedTransfers) {
            return "maximumQueuedTransfers must be 0...10000"
        }
        if !FieldRules.isValidValue(userAgent) { return "userAgent holds a control character" }
        if !TimeLimits.isValid(connectTimeout) { return "connectTimeout must be 1 ms to 1 h" }
        return nil
    }
}

/// The range every time limit must be in, and its form for libcurl.
enum TimeLimits {
    static let shortest: Duration = .milliseconds(1)
    static let longest: Duration = .seconds(3_600)

    static func isValid(_ limit: Duration) -> Bool {
        (shortest...longest).contains(limit)
    }

    /// Whole milliseconds, rounded up: libcurl reads 0 as "no limit".
    static func milliseconds(_ limit: Duration) -> Int {
        let parts = limit.components
        let milliseconds =
            parts.seconds * 1_000 + (parts.attoseconds + 999_999_999_999_999)
            / 1_000_000_000_000_000
        return max(1, Int(milliseconds))
    }
}
