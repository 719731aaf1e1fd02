/// One header field, of a request or a response.
public struct HTTPField: Sendable, Hashable {
    /// The field's name as written; compared without regard to case.
    public var name: String
    /// The value, without surrounding white space; may be empty.
    public var value: String

    /// Makes a field.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// Makes a field: `HTTPField("Content-Type", "application/json")`.
    public init(_ name: String, _ value: String) {
        self.init(name: name, value: value)
    }
}

/// One request to send.
///
/// - Shape: `url` is absolute, without user, password or fragment; its path and query are sent
///   exactly as written, so a signature over them stays true.
/// - Refuses, first match wins, as `.badRequest` unless said otherwise: a time or size limit out
///   of range; a method that is not a token; a field the transport itself owns
///   (`Content-Length`, `Transfer-Encoding`, `Expect`) or with a control character in it; a body
///   with GET or HEAD; a URL that does not parse; a scheme that is not allowed
///   (`.protocolRefused`).
/// - Repetition: a kept-alive connection the server has closed makes libcurl send the request once
///   more on a new one, so what must not happen twice carries its own id.
public struct HTTPRequest: Sendable {
    /// A floor under the transfer's speed.
    public struct LowSpeedLimit: Sendable, Hashable {
        /// The fewest bytes a second, up and down together; at least 1.
        public var bytesPerSecond: Int
        /// For how many seconds in a row it may be slower; 1...3,600.
        public var seconds: Int

        /// Makes a limit.
        public init(bytesPerSecond: Int, seconds: Int) {
            self.bytesPerSecond = bytesPerSecond
            self.seconds = seconds
        }

        /// 32 bytes a second over 20 seconds.
        public static let standard = LowSpeedLimit(bytesPerSecond: 32, seconds: 20)
    }

    /// `GET`, `POST`…, in capitals.
    public var method: String
    /// The absolute URL.
    public var url: String
    /// The fields to send, in order; a name may repeat.
    public var headers: [HTTPField]
    /// The body; empty for none.
    public var body: [UInt8]
    /// The time from ``HTTPTransport/send(_:)`` to the last byte of the answer, waiting for a free
    /// transfer included; default 30 s, 1 ms to 1 h.
    public var totalTimeout: Duration
    /// Overrides ``HTTPTransportConfiguration/connectTimeout``.
    public var connectTimeout: Duration?
    /// Ends a transfer that crawls; nil for a long poll, whose answer is silent on purpose.
    public var lowSpeedLimit: LowSpeedLimit?
    /// Overrides ``HTTPTransportConfiguration/maximumResponseBytes``.
    public var maximumResponseBytes: Int?

    /// Makes a request; the limits have the defaults their properties document.
    public init(
        method: String,
        url: String,
        headers: [HTTPField] = [],
        body: [UInt8] = [],
        totalTimeout: Duration = .seconds(30),
        connectTimeout: Duration? = nil,
        lowSpeedLimit: LowSpeedLimit? = .standard,
        maximumResponseBytes: Int? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.totalTimeout = totalTimeout
        self.connectTimeout = connectTimeout
        self.lowSpeedLimit = lowSpeedLimit
        self.maximumResponseBytes = maximumResponseBytes
    }

    /// The first rule this request breaks, apart from its URL, in words; or nil.
    var firstProblem: String? {
        if !TimeLimits.isValid(totalTimeout) { return "totalTimeout must be 1 ms to 1 h" }
        if let connectTimeout, !TimeLimits.isValid(connectTimeout) {
            return "connectTimeout must be 1 ms to 1 h"
        }
        if let limit = lowSpeedLimit,
            limit.bytesPerSecond < 1 || !(1...3_600).contains(limit.seconds)
        {
            return "lowSpeedLimit must be at least 1 byte/s over 1...3600 s"
        }
        if let bytes = maximumResponseBytes, bytes < 1 {
            return "maximumResponseBytes must be at least 1"
        }
        if !FieldRules.isToken(method) { return "the method is not a token" }
        for field in headers {
            if !FieldRules.isToken(field.name) { return "a field name is not a token" }
            if FieldRules.ownedByTransport.contains(field.name.lowercased()) {
                return "the transport itself sets \(field.name)"
            }
            if !FieldRules.isValidValue(field.value) {
                return "the value of \(field.name) holds a control character"
            }
        }
        if !body.isEmpty && (method == "GET" || method == "HEAD") {
            return "\(method) carries no body"
        }
        return nil
    }
}

/// What a method, a field name and a field value may hold.
///
/// - Source: RFC 9110 §5.5, §5.6.2. A line break in a value would let it forge another field.
enum FieldRules {
    /// Fields that frame the message: set by hand they could contradict the body that is sent.
    static let ownedByTransport: Set<String> = ["content-length", "transfer-encoding", "expect"]

    static func isToken(_ text: String) -> Bool {
        let marks = "!#$%&'*+-.^_`|~".utf8
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: marks.contains(byte)
                }
            }
    }

    static func isValidValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }
    }
}
