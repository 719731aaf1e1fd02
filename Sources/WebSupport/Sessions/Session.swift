/// A person signed in at one browser.
public struct Session: Sendable, Equatable {
    /// SHA-256 of the cookie's token: the key of the stored row.
    public let tokenHash: [UInt8]
    /// The login of the account.
    public let account: String
    /// The name shown at the top of each page.
    public let personName: String
    /// The roles held when signing in. The service that does the work checks them.
    public let roles: [String]
    /// The language chosen in this session, if any.
    public let language: Language?
    /// The secret that every form of this session carries.
    public let formToken: String
    /// When the person signed in.
    public let createdAt: WebTime
    /// When the session was last used; written at most every half minute.
    public let lastSeenAt: WebTime
    /// How long the session may rest before it ends.
    public let idleLimit: Duration
    /// When the session ends whatever happens.
    public let expiresAt: WebTime
    /// The peer's address at sign-in, for lists of sessions.
    public let address: String
    /// What the browser called itself at sign-in, cut short.
    public let agent: String

    /// A session as stored.
    public init(
        tokenHash: [UInt8], account: String, personName: String, roles: [String],
        language: Language?, formToken: String, createdAt: WebTime, lastSeenAt: WebTime,
        idleLimit: Duration, expiresAt: WebTime, address: String = "", agent: String = ""
    ) {
        self.tokenHash = tokenHash
        self.account = account
        self.personName = personName
        self.roles = roles
        self.language = language
        self.formToken = formToken
        self.createdAt = createdAt
        self.lastSeenAt = lastSeenAt
        self.idleLimit = idleLimit
        self.expiresAt = expiresAt
        self.address = address
        self.agent = agent
    }

    /// A new session for a person whose password has just been checked.
    public static func begin(
        token: SessionToken, person: SignedInPerson, language: Language?, limits: SessionLimits,
        at now: WebTime, address: String = "", agent: String = ""
    ) -> Session {
        Session(
            tokenHash: token.hash, account: person.account, personName: person.name,
            roles: person.roles, language: language, formToken: SessionToken.randomText(),
            createdAt: now, lastSeenAt: now, idleLimit: limits.idle,
            expiresAt: now.adding(limits.absolute), address: address,
            agent: String(agent.prefix(200)))
    }

    /// Whether the session may still be used.
    public func isAlive(at now: WebTime) -> Bool {
        now < expiresAt && now < lastSeenAt.adding(idleLimit)
    }

    /// Whether the person holds one of the roles.
    public func hasRole(_ wanted: String...) -> Bool {
        roles.contains { wanted.contains($0) }
    }
}

/// How long a session lasts.
public struct SessionLimits: Sendable {
    /// Longest rest.
    public let idle: Duration
    /// Longest life.
    public let absolute: Duration

    /// Limits for a node: head office 30 minutes idle and 12 hours, a till 12 and 16 hours.
    public init(idle: Duration, absolute: Duration) {
        self.idle = idle
        self.absolute = absolute
    }
}

/// Who signed in, as the node's accounts say.
public struct SignedInPerson: Sendable {
    /// The login as stored, not as typed.
    public let account: String
    /// The name shown on pages.
    public let name: String
    /// The person's roles.
    public let roles: [String]

    /// A person whose password has been checked.
    public init(account: String, name: String, roles: [String]) {
        self.account = account
        self.name = name
        self.roles = roles
    }
}

/// Where sessions are kept: SQLite at a till, PostgreSQL at head office.
public protocol SessionStore: Sendable {
    /// Stores a new session. `tokenHash` is unique.
    func create(_ session: Session) async throws
    /// The session with this hash, alive or not; nil when there is none.
    func find(tokenHash: [UInt8]) async throws -> Session?
    /// Writes `lastSeenAt`. Does nothing when the session is gone.
    func touch(tokenHash: [UInt8], at time: WebTime) async throws
    /// Writes the language. Does nothing when the session is gone.
    func setLanguage(_ language: Language, tokenHash: [UInt8]) async throws
    /// Removes one session. Repetition is harmless.
    func end(tokenHash: [UInt8]) async throws
    /// Removes every session of an account, for a changed password or a closed account.
    func endAll(account: String) async throws
}
