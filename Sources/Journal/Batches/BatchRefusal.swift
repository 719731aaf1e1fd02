/// Why head office did not take a batch, an authorisation or a pull; nothing of it was stored.
///
/// A batch is refused whole only for what a resend or a person cures (S-7).
///
/// - Source: Docs/PROTOCOL.md §5; cases in the order of the checks.
public enum BatchRefusal: Error, Sendable, Hashable {
    /// Too many requests; wait so many seconds.
    case tooManyRequests(retryAfter: Int)
    /// Head office cannot work now; wait so many seconds.
    case unavailable(retryAfter: Int)
    /// The request is not proved to be this till's; with `clock` comes a beacon.
    case signature(SignatureRefusal, beacon: String?)
    /// Over the bounds of a batch.
    case tooLarge
    /// A header version that head office does not know.
    case version
    /// A body or query that is not the protocol's (authorisation, pull, enrolment).
    case unreadableRequest
    /// Does not inflate, parse, count or chain.
    case unreadableFrame
    /// Records before the batch are missing; head office wants this sequence next.
    case gap(wanted: Int64)
    /// A record or hash conflicts with what is stored.
    case fork

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .tooManyRequests: 429
        case .unavailable: 503
        case .signature(let refusal, _): refusal.status
        case .tooLarge: 413
        case .version: 426
        case .unreadableRequest, .unreadableFrame: 422
        case .gap, .fork: 409
        }
    }

    /// The stable code.
    public var code: String {
        switch self {
        case .tooManyRequests: "too_many_requests"
        case .unavailable: "unavailable"
        case .signature(let refusal, _): refusal.code
        case .tooLarge: "too_large"
        case .version: "version"
        case .unreadableRequest: "unreadable_request"
        case .unreadableFrame: "unreadable_frame"
        case .gap: "gap"
        case .fork: "fork"
        }
    }

    /// Whether the till goes on by itself: all but a fork and a revoked key.
    public var isTransient: Bool {
        switch self {
        case .fork, .signature(.tillRevoked, _): false
        default: true
        }
    }

    /// The reply's body.
    public var body: WireError {
        var body = WireError(code: code, message: message)
        switch self {
        case .tooManyRequests(let seconds), .unavailable(let seconds): body.retryAfter = seconds
        case .signature(_, let beacon): body.beacon = beacon
        case .gap(let wanted): body.wanted = wanted
        case .tooLarge, .version, .unreadableRequest, .unreadableFrame, .fork: break
        }
        return body
    }

    /// Reads a verified reply; nil when status and code are no refusal of the protocol.
    public init?(status: Int, body: WireError) {
        let refusal: BatchRefusal?
        switch body.code {
        case "too_many_requests": refusal = .tooManyRequests(retryAfter: body.retryAfter ?? 1)
        case "unavailable": refusal = .unavailable(retryAfter: body.retryAfter ?? 1)
        case "too_large": refusal = .tooLarge
        case "version": refusal = .version
        case "unreadable_request": refusal = .unreadableRequest
        case "unreadable_frame": refusal = .unreadableFrame
        case "gap": refusal = body.wanted.map { .gap(wanted: $0) }
        case "fork": refusal = .fork
        default:
            refusal = SignatureRefusal(rawValue: body.code)
                .map { .signature($0, beacon: body.beacon) }
        }
        guard let refusal, refusal.status == status else { return nil }
        self = refusal
    }

    private var message: String {
        switch self {
        case .tooManyRequests: "Too many requests; wait and send again."
        case .unavailable: "Head office cannot take records now; wait and send again."
        case .signature(let refusal, _): "The request's signature was refused: \(refusal.code)."
        case .tooLarge: "The batch is over the bounds; send a smaller one."
        case .version: "The header's version is not known here."
        case .unreadableRequest: "The request is not laid out as the protocol says."
        case .unreadableFrame: "The batch does not inflate, parse, count or chain."
        case .gap(let wanted): "Records are missing; send from \(wanted)."
        case .fork: "The batch conflicts with records already stored."
        }
    }
}
