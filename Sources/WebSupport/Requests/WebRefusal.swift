public import Hummingbird

/// A refusal that a page or a JSON answer may show: each node's closed enums conform.
public protocol WebRefusal: Error {
    /// Stable code for programs, such as `sale.priceOutOfRange`.
    var code: String { get }
    /// Status of the answer.
    var status: HTTPResponse.Status { get }
    /// Key of the word shown; `refusal.` and the code unless told otherwise.
    var wordKey: String { get }
    /// Values for the word's placeholders.
    var wordValues: [String: String] { get }
    /// Seconds after which the same request may succeed, if that is known.
    var retryAfterSeconds: Int? { get }
}

extension WebRefusal {
    /// 422 unless told otherwise.
    public var status: HTTPResponse.Status { .unprocessableContent }
    /// `refusal.` and the code.
    public var wordKey: String { "refusal." + code }
    /// None unless told otherwise.
    public var wordValues: [String: String] { [:] }
    /// Unknown unless told otherwise.
    public var retryAfterSeconds: Int? { nil }
}

/// What the web parts themselves refuse.
public enum RequestRefusal: WebRefusal, Equatable {
    /// Nobody is signed in, or the session has ended.
    case notSignedIn
    /// The person may not do this.
    case notAllowed
    /// There is no such page or thing.
    case notFound
    /// The page does not know this method.
    case methodNotAllowed(allow: String = "")
    /// The form's token is missing or not this session's.
    case formExpired
    /// The request comes from another site's page.
    case crossSite
    /// The Host header names a host that this server is not.
    case hostNotAllowed
    /// The path holds characters that no page has.
    case malformedPath
    /// The body is larger than the route takes.
    case bodyTooLarge
    /// The body did not arrive in time.
    case bodyTooSlow
    /// The body cannot be read as what it says it is.
    case malformedBody
    /// A field is missing.
    case fieldMissing(String)
    /// A field that may come once came more than once.
    case fieldRepeated(String)
    /// A field that the request does not have.
    case fieldUnknown(String)
    /// A field that does not hold what it may hold.
    case fieldInvalid(String)
    /// The body is of another media type than the one taken.
    case mediaTypeNotTaken
    /// Too many tries; wait so many seconds.
    case tooManyAttempts(waitSeconds: Int)
    /// Account or password are wrong; which of them is not said.
    case wrongPassword
    /// Too much work is waiting; nothing was done.
    case busy
    /// The program is stopping; nothing was done.
    case stopping

    /// Stable code.
    public var code: String {
        switch self {
        case .notSignedIn: "not_signed_in"
        case .notAllowed: "not_allowed"
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .formExpired: "form_expired"
        case .crossSite: "cross_site"
        case .hostNotAllowed: "host_not_allowed"
        case .malformedPath: "malformed_path"
        case .bodyTooLarge: "body_too_large"
        case .bodyTooSlow: "body_too_slow"
        case .malformedBody: "malformed_body"
        case .fieldMissing: "field_missing"
        case .fieldRepeated: "field_repeated"
        case .fieldUnknown: "field_unknown"
        case .fieldInvalid: "field_invalid"
        case .mediaTypeNotTaken: "media_type_not_taken"
        case .tooManyAttempts: "too_many_attempts"
        case .wrongPassword: "sign_in_refused"
        case .busy: "system_busy"
        case .stopping: "stopping"
        }
    }

    /// Status of the answer.
    public var status: HTTPResponse.Status {
        switch self {
        case .notSignedIn: .unauthorized
        case .notAllowed, .formExpired, .crossSite: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .hostNotAllowed, .malformedPath, .malformedBody, .fieldMissing, .fieldRepeated,
            .fieldUnknown, .fieldInvalid:
            .badRequest
        case .mediaTypeNotTaken: .unsupportedMediaType
        case .bodyTooLarge: .contentTooLarge
        case .bodyTooSlow: .requestTimeout
        case .tooManyAttempts: .tooManyRequests
        case .wrongPassword: .unprocessableContent
        case .busy, .stopping: .serviceUnavailable
        }
    }

    /// The field or the wait.
    public var wordValues: [String: String] {
        switch self {
        case .fieldMissing(let name), .fieldRepeated(let name), .fieldUnknown(let name),
            .fieldInvalid(let name):
            ["field": name]
        case .tooManyAttempts(let seconds): ["minutes": String((seconds + 59) / 60)]
        default: [:]
        }
    }

    /// The wait of `.tooManyAttempts`, a little for `.busy`.
    public var retryAfterSeconds: Int? {
        switch self {
        case .tooManyAttempts(let seconds): seconds
        case .busy, .stopping: 5
        default: nil
        }
    }

    /// One value of each case, for tests of the words.
    public static let examples: [RequestRefusal] = [
        .notSignedIn, .notAllowed, .notFound, .methodNotAllowed(), .formExpired, .crossSite,
        .hostNotAllowed, .malformedPath, .bodyTooLarge, .bodyTooSlow, .malformedBody,
        .fieldMissing("name"), .fieldRepeated("name"), .fieldUnknown("name"), .fieldInvalid("name"),
        .mediaTypeNotTaken, .tooManyAttempts(waitSeconds: 61), .wrongPassword, .busy, .stopping,
    ]

    /// The refusal that stands for a status that Hummingbird itself answered with.
    static func standing(for status: HTTPResponse.Status) -> RequestRefusal? {
        switch status.code {
        case 401: .notSignedIn
        case 403: .notAllowed
        case 404: .notFound
        case 405: .methodNotAllowed()
        case 408: .bodyTooSlow
        case 413: .bodyTooLarge
        case 429: .tooManyAttempts(waitSeconds: 60)
        case 400..<500: .malformedBody
        default: nil
        }
    }
}
