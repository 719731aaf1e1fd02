public import Hummingbird

/// What a web request carries from the middleware to the route.
public struct WebContext: RequestContext {
    /// Hummingbird's own part.
    public var coreContext: CoreRequestContextStorage
    /// The address of the peer without its port, for throttles and the audit; "" if unknown.
    public let peerAddress: String
    /// The person signed in, if any.
    public var session: Session?
    /// What the session was found by.
    public var credential = Credential.cookie
    /// The language of the answer.
    public var language: Language = .zhHans
    /// The secret that forms of the answer must carry in the field `csrf`.
    public var formToken = ""
    /// The form that was sent, already read and checked; nil when the body is no form.
    public var form: FormFields?
    /// The path that was asked for, without query.
    public var path = "/"
    /// The message left by the page that redirected here.
    public var notice: Notice?

    /// What says who asks: a browser's cookie, or the token that a program sends with each request.
    public enum Credential: Sendable {
        /// A browser's; changes need the form's secret too.
        case cookie
        /// A program's.
        case bearer
    }

    /// Largest body that Hummingbird's own decoding collects.
    public var maxUploadSize: Int { BodyLimits.form.byteCountMax }

    /// A context for a connection.
    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        peerAddress = source.channel.remoteAddress?.ipAddress ?? ""
    }

    /// The session, where the route needs one.
    ///
    /// - Refuses: `.notSignedIn`.
    public func requireSession() throws -> Session {
        guard let session else { throw RequestRefusal.notSignedIn }
        return session
    }

    /// The form, where the route needs one.
    ///
    /// - Refuses: `.malformedBody`.
    public func requireForm() throws -> FormFields {
        guard let form else { throw RequestRefusal.malformedBody }
        return form
    }
}

/// A message for the page after a redirect: a word's key and how it looks.
public struct Notice: Sendable, Equatable {
    /// How a notice looks.
    public enum Kind: String, Sendable {
        /// Something was done.
        case success
        /// Something needs attention.
        case warning
        /// Something was refused.
        case danger
    }

    /// How it looks.
    public let kind: Kind
    /// The key of its word; the word must have no placeholders.
    public let wordKey: String

    /// A notice with the word `wordKey`.
    public init(_ kind: Kind, _ wordKey: String) {
        self.kind = kind
        self.wordKey = wordKey
    }

    static let cookieName = "__Host-huiyika-notice"

    var cookieValue: String { kind.rawValue + ":" + wordKey }

    init?(cookieValue: String) {
        let parts = cookieValue.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), parts[1].count < 100
        else { return nil }
        self.init(kind, String(parts[1]))
    }
}
