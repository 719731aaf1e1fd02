import Domain
import PostgresDriver
import WebSupport

/// Whether roles that move money must have a second factor.
public enum SecondFactorPolicy: String, Sendable, CaseIterable {
    /// Who moves money sets one up at the next sign-in, before anything else.
    case required
    /// Who has set one up is asked for it; nobody must.
    case optional
}

extension StaffRole {
    /// Whether the role moves money, asks for it or decides on it.
    var movesMoney: Bool {
        switch self {
        case .approver, .issuer, .issuingSupervisor, .finance: true
        case .storeAdministrator, .auditor, .operator: false
        }
    }
}

/// The second factor of head-office logins: six digits of an app, or a recovery code.
extension Accounts {
    /// Where a session stands between password and pages.
    struct Standing: Sendable, Equatable {
        let hasSecondFactor: Bool
        let passedSecondFactor: Bool
        let mustChangePassword: Bool
        let movesMoney: Bool

        /// What the person has to do first; nil when nothing.
        func next(_ policy: SecondFactorPolicy) -> Step? {
            if hasSecondFactor, !passedSecondFactor { return .secondFactor }
            if mustChangePassword { return .changePassword }
            if policy == .required, movesMoney, !hasSecondFactor { return .setUpSecondFactor }
            return nil
        }

        /// A step before the pages open.
        enum Step: Sendable, Equatable {
            case secondFactor
            case changePassword
            case setUpSecondFactor
        }
    }

    /// Where a session stands; nil when it is over.
    func standing(tokenHash: [UInt8]) async throws -> Standing? {
        try await store.read { session in
            try session.queryOne(
                """
                SELECT second_factor_since IS NOT NULL AS has_factor,
                       second_factor_at IS NOT NULL AS passed, must_change_password, roles
                FROM session JOIN staff_account USING (staff_account_id)
                WHERE token_hash = \(tokenHash) AND NOT disabled
                """
            ).map { row in
                let roles = try (row["roles"] as [String]).compactMap(StaffRole.init)
                return Standing(
                    hasSecondFactor: try row["has_factor"], passedSecondFactor: try row["passed"],
                    mustChangePassword: try row["must_change_password"],
                    movesMoney: roles.contains(where: \.movesMoney))
            }
        }
    }

    /// A secret that waits to be confirmed with its first code.
    ///
    /// - Repetition: until it is confirmed the same secret is shown again.
    /// - Refuses, first match wins: `.secondFactorInUse`, `.unknownAccount`.
    func beginSecondFactor(by actor: StaffActor) async throws -> TimeCode {
        let fresh = store.clock.randomBytes(TimeCode.secretLength)
        return try await store.write { [store] session in
            let row = try session.queryOne(
                """
                SELECT second_factor_sealed, second_factor_since FROM staff_account
                WHERE staff_account_id = \(actor.accountID) FOR NO KEY UPDATE
                """)
            guard let row else { throw AccountsRefusal.unknownAccount }
            let since: Instant? = try row["second_factor_since"]
            guard since == nil else { throw AccountsRefusal.secondFactorInUse }
            if let sealed: [UInt8] = try row["second_factor_sealed"] {
                return try Self.open(sealed, store)
            }
            let sealed = try store.cards.seal(Self.hex(fresh), use: .timeCode)
            try session.execute(
                """
                UPDATE staff_account SET second_factor_sealed = \(sealed)
                WHERE staff_account_id = \(actor.accountID)
                """)
            return TimeCode(secret: fresh)
        }
    }

    /// Puts the secret in use, with the first code of the app; this session has passed it.
    ///
    /// - Shape: ten recovery codes, shown once.
    /// - Refuses, first match wins: `.secondFactorInUse`, `.secondFactorWrong`.
    func confirmSecondFactor(
        _ typed: String, tokenHash: [UInt8], by actor: StaffActor, at now: Instant
    ) async throws -> [String] {
        let codes = (0..<RecoveryCode.count).map { _ in
            RecoveryCode.make(randomBytes: store.clock.randomBytes(64))
        }
        try await store.write { [store] session in
            let row = try session.queryOne(
                """
                SELECT second_factor_sealed, second_factor_since FROM staff_account
                WHERE staff_account_id = \(actor.accountID) FOR NO KEY UPDATE
                """)
            let since: Instant? = try row?["second_factor_since"]
            guard since == nil else { throw AccountsRefusal.secondFactorInUse }
            guard let sealed: [UInt8] = try row?["second_factor_sealed"],
                let step = try Self.open(sealed, store).step(
                    of: typed.halfWidth.trimmedText, atMilliseconds: now.milliseconds, after: 0)
            else { throw AccountsRefusal.secondFactorWrong }
            try session.execute(
                """
                UPDATE staff_account
                SET second_factor_since = \(now), second_factor_step = \(step),
                    second_factor_failed = 0
                WHERE staff_account_id = \(actor.accountID)
                """)
            try Self.storeCodes(codes, of: actor.accountID, in: session)
            // Other sessions of the login have not passed it.
            try session.execute(
                """
                DELETE FROM session
                WHERE staff_account_id = \(actor.accountID) AND token_hash <> \(tokenHash)
                """)
            try session.execute(
                "UPDATE session SET second_factor_at = \(now) WHERE token_hash = \(tokenHash)")
            try session.audit(actor, "staff_account.set_up_second_factor", actor.login, at: now)
        }
        return codes
    }

    /// Judges a code of the app or a recovery code, once each.
    ///
    /// - Shape: the session goes on under a new token, so that one planted before is worth nothing.
    /// - Refuses: `RequestRefusal.tooManyAttempts` while the login is locked, `.secondFactorWrong`. A try counts
    ///   before it is judged; five wrong ones in a row lock the login and end its sessions.
    func passSecondFactor(
        _ typed: String, tokenHash: [UInt8], to token: SessionToken = .random(),
        by actor: StaffActor, at now: Instant
    ) async throws -> SessionToken {
        let typed = typed.halfWidth.trimmedText
        let isRight = try await store.write { [store] session -> Bool in
            let row = try session.queryOne(
                """
                SELECT second_factor_sealed, second_factor_step, second_factor_failed, locked_until
                FROM staff_account
                WHERE staff_account_id = \(actor.accountID) AND second_factor_since IS NOT NULL
                FOR NO KEY UPDATE
                """)
            guard let row, let sealed: [UInt8] = try row["second_factor_sealed"] else {
                return false
            }
            if let until: Instant = try row["locked_until"], now < until {
                throw RequestRefusal.tooManyAttempts(
                    waitSeconds: Int(until.milliseconds(since: now) / 1_000) + 1)
            }
            let step = try Self.open(sealed, store).step(
                of: typed, atMilliseconds: now.milliseconds,
                after: try row["second_factor_step"])
            if try step != nil || Self.useCode(typed, of: actor.accountID, in: session) {
                try Self.pass(
                    step, from: tokenHash, to: token, by: actor, at: now, in: session)
                return true
            }
            let failed = Int(try row["second_factor_failed"] as Int64) + 1
            try Self.countWrong(failed, by: actor, at: now, in: session)
            return false
        }
        guard isRight else { throw AccountsRefusal.secondFactorWrong }
        return token
    }

    private static func pass(
        _ step: Int64?, from tokenHash: [UInt8], to token: SessionToken, by actor: StaffActor,
        at now: Instant, in session: PostgresSession
    ) throws {
        try session.execute(
            """
            UPDATE staff_account
            SET second_factor_step = greatest(second_factor_step, \(step ?? 0)),
                second_factor_failed = 0
            WHERE staff_account_id = \(actor.accountID)
            """)
        try session.execute(
            """
            UPDATE session SET token_hash = \(token.hash), second_factor_at = \(now)
            WHERE token_hash = \(tokenHash)
            """)
        if step == nil {
            try session.audit(actor, "recovery_code.use", actor.login, at: now)
        }
    }

    private static func countWrong(
        _ failed: Int, by actor: StaffActor, at now: Instant, in session: PostgresSession
    ) throws {
        let isLocked = failed >= wrongPasswordCountMax
        let until = now.adding(milliseconds: lockMilliseconds)
        try session.execute(
            """
            UPDATE staff_account
            SET second_factor_failed = \(Int32(isLocked ? 0 : failed)),
                locked_until = coalesce(\((isLocked ? until : nil) as Instant?), locked_until)
            WHERE staff_account_id = \(actor.accountID)
            """)
        if isLocked {
            try session.execute(
                "DELETE FROM session WHERE staff_account_id = \(actor.accountID)")
        }
        try session.audit(actor, "second_factor.refuse", actor.login, at: now)
    }

    private static func useCode(
        _ typed: String, of accountID: Int64, in session: PostgresSession
    ) throws -> Bool {
        try session.execute(
            """
            DELETE FROM recovery_code
            WHERE staff_account_id = \(accountID) AND code_hash = \(RecoveryCode.hash(typed))
            """) == 1
    }

    private static func storeCodes(
        _ codes: [String], of accountID: Int64, in session: PostgresSession
    ) throws {
        try session.execute(
            "DELETE FROM recovery_code WHERE staff_account_id = \(accountID)")
        for code in codes {
            try session.execute(
                """
                INSERT INTO recovery_code (staff_account_id, code_hash)
                VALUES (\(accountID), \(RecoveryCode.hash(code)))
                """)
        }
    }

    private static func open(_ sealed: [UInt8], _ store: OfficeStore) throws -> TimeCode {
        let text = Array(try store.cards.open(sealed, use: .timeCode).utf8)
        let secret = stride(from: 0, to: text.count - 1, by: 2).compactMap {
            UInt8(String(decoding: text[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        return TimeCode(secret: secret)
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
