public import Domain
import Journal
import PostgresDriver

extension Jobs {
    /// Judges the passwords that had to wait, as soon as their cards' locks are open; after seven days the sealed bytes
    /// are swept and they stay not checked (R-W4).
    ///
    /// - Shape: how many were judged.
    @discardableResult
    public func judgeLatePasswords(now: Instant) async throws -> Int {
        let today = BusinessDate(now)
        let store = store
        let due = try await store.read { session in
            try session.query(
                """
                SELECT exception.exception_id
                FROM pending_credential AS pending
                JOIN sale ON sale.sale_id = pending.record_id
                JOIN exception ON exception.sale_id = sale.sale_id
                JOIN card ON card.fingerprint = sale.fingerprint
                WHERE (card.wrong_on IS DISTINCT FROM \(today)
                       OR card.wrong_count < \(Int32(PasswordLock.triesPerDay)))
                  AND card.wrong_streak < \(Int32(PasswordLock.triesInRow))
                ORDER BY pending.stored_at, pending.record_id LIMIT \(Self.portion)
                """
            ).map { try $0["exception_id"] as Int64 }
        }
        var count = 0
        for exceptionID in due {
            let isJudged = try await store.write { session in
                try LatePassword(store: store, session: session, now: now).judge(exceptionID)
            }
            if isJudged { count += 1 }
        }
        return count
    }
}

/// Judges one password that had to wait.
private struct LatePassword {
    let store: OfficeStore
    let session: PostgresSession
    let now: Instant

    /// False when it cannot be judged yet, or has been.
    func judge(_ exceptionID: Int64) throws -> Bool {
        let found = try LockedException.lock(exceptionID, in: session)
        guard let saleID = found.saleID, let fingerprint = found.fingerprint,
            let businessAt = found.businessAt, let sealed = try sealed(saleID),
            let card = try CardRow.lock(
                session, [fingerprint], province: found.province)[fingerprint],
            !card.lock.isLocked(on: BusinessDate(now)),
            try !OfficeKeys.areElsewhere(
                [sealed], opening: store.secrets.openingKeys, in: session)
        else { return false }
        let isRight = try isRight(
            sealed, saleID: saleID, amount: found.total, card: card, at: businessAt)
        try CardRow.storeLocks(
            session,
            [card.cardID: card.lock.registering(right: isRight, on: BusinessDate(now))])
        try CredentialVerdicts.store(session, [saleID: isRight ? .right : .wrong], at: now)
        try session.execute("DELETE FROM pending_credential WHERE record_id = \(saleID)")
        try ExceptionEvent(
            exceptionID: exceptionID, actor: .system,
            action: isRight ? "password_right" : "password_wrong"
        ).write(session, at: now)
        guard found.code == RecordException.passwordNotChecked.code, found.state != "settled"
        else { return true }
        try act(on: found, isRight: isRight)
        try sendProof(of: saleID, scope: found.names.storeCode)
        return true
    }

    private func act(on found: LockedException, isRight: Bool) throws {
        guard isRight else { return try recode(found, .wrongPassword) }
        do {
            try Exceptions.repost(
                found, credential: .right, reason: "", by: .system, at: now, in: session)
        } catch ExceptionPosting.Refusal.cardHasNoMoney {
            try recode(found, .insufficientBalance)
        } catch is ExceptionPosting.Refusal {
            // Something else than the password stands in the way: a person decides.
        }
    }

    /// The till may drop its sealed bytes now, and keeps this instead (R-W5).
    private func sendProof(of saleID: RecordID, scope: String) throws {
        let proofs = VerdictProofs(session: session, key: store.secrets.namedSigningKey)
        guard let proof = try proofs.proof(of: saleID) else { return }
        let row = try session.queryOne(
            """
            SELECT body FROM change
            WHERE scope = \(scope) AND topic = 'verdict' AND key = \(saleID.description)
            """)
        guard let json = try row?.decode("body", as: PostgresJSON.self) else { return }
        var body = try VerdictChange(bytes: Array(json.text.utf8))
        body.password = proof
        try ChangePublisher.publish(
            session,
            Change(
                scope: scope, topic: .verdict, key: saleID.description,
                body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self))))
    }

    private func sealed(_ saleID: RecordID) throws -> [UInt8]? {
        try session.queryOne(
            "SELECT sealed FROM pending_credential WHERE record_id = \(saleID) FOR UPDATE"
        )?.decode("sealed")
    }

    private func isRight(
        _ sealed: [UInt8], saleID: RecordID, amount: Money, card: CardRow, at time: Instant
    ) throws -> Bool {
        guard let credential = SealedCredential(bytes: sealed),
            let content = try? credential.open(
                payment: saleID, amount: amount, with: store.secrets.openingKeys)
        else { return false }
        let earlier = try CardVerifier.read(session, [card.cardID])[card.cardID] ?? []
        let verifier = card.verifier(at: time, earlier: earlier)
        return store.cards.isPassword(
            content.password.digits, salt: verifier.salt, verifier: verifier.bytes)
    }

    /// The exception goes on under the cause that is known now, and the till learns it.
    private func recode(_ found: LockedException, _ cause: RecordException) throws {
        try session.execute(
            """
            UPDATE exception SET code = \(cause.code) WHERE exception_id = \(found.exceptionID)
            """)
        try session.execute(
            "UPDATE sale SET code = \(cause.code) WHERE sale_id = \(found.saleID)")
        guard let recordID = found.recordID else { return }
        let body = VerdictChange(code: cause.code, state: .exception)
        try ChangePublisher.publish(
            session,
            Change(
                scope: found.names.storeCode, topic: .verdict, key: recordID.description,
                body: PostgresJSON(String(decoding: body.bytes, as: UTF8.self))))
    }
}
