import WebSupport

/// Sessions in memory, for tests of the web parts alone.
actor MemorySessionStore: SessionStore {
    private(set) var sessions: [[UInt8]: Session] = [:]
    /// Whether it can be read only, as a file that another program holds.
    private(set) var isHeld = false

    func hold(_ isHeld: Bool) { self.isHeld = isHeld }

    func create(_ session: Session) { sessions[session.tokenHash] = session }
    func find(tokenHash: [UInt8]) -> Session? { sessions[tokenHash] }
    func end(tokenHash: [UInt8]) throws {
        if isHeld { throw SecretError() }
        sessions[tokenHash] = nil
    }
    func endAll(account: String) { sessions = sessions.filter { $0.value.account != account } }

    func touch(tokenHash: [UInt8], at time: WebTime) throws {
        if isHeld { throw SecretError() }
        change(tokenHash) { $0.with(language: $0.language, lastSeenAt: time) }
    }

    func setLanguage(_ language: Language, tokenHash: [UInt8]) {
        change(tokenHash) { $0.with(language: language, lastSeenAt: $0.lastSeenAt) }
    }

    private func change(_ hash: [UInt8], _ body: (Session) -> Session) {
        if let session = sessions[hash] { sessions[hash] = body(session) }
    }
}

extension Session {
    fileprivate func with(language: Language?, lastSeenAt: WebTime) -> Session {
        Session(
            tokenHash: tokenHash, account: account, personName: personName, roles: roles,
            language: language, formToken: formToken, createdAt: createdAt,
            lastSeenAt: lastSeenAt, idleLimit: idleLimit, expiresAt: expiresAt)
    }
}
