import Domain
import GRDB
import WebSupport

/// Why a person with the right password may still not sign in.
enum AccountRefusal: String, Error, CaseIterable {
    /// What the till knows of accounts is more than 30 days old (R-A1).
    case knowledgeTooOld = "knowledge_too_old"
}

/// Signs people of the store in, with or without a line, from verifiers synced before.
struct StaffSignIn: Sendable {
    static let knowledgeSecondsMax: Int64 = 30 * 86_400

    let store: TillStore
    let passwords: PasswordWorker
    let world: TillWorld

    /// Checks a login and password.
    ///
    /// - Refuses, first match wins: `.tooManyAttempts` (locked), `.wrongPassword` (or no such or a
    ///   disabled account), `PaymentRefusal.tillRevoked`, `.storeSuspended`,
    ///   `AccountRefusal.knowledgeTooOld`.
    func check(login: String, password: String) async throws -> SignedInPerson {
        let now = world.now()
        let watermark = store.watermark
        let (wait, account) = try await store.write { database in
            if let wait = try AccountLock.secondsLeft(login: login, at: now, in: database) {
                return (wait as Int?, nil as Account?)
            }
            // Counted before the password is looked at, so that tries sent at once all count.
            try AccountLock.countTry(login: login, at: now, in: database)
            let locks = try AccountLock.all(in: database)
            try watermark.update { $0.locks = locks }
            return (nil, try Accounts.find(login, in: database))
        }
        if let wait { throw RequestRefusal.tooManyAttempts(waitSeconds: wait) }
        let stored = account.flatMap { StaffPassword(text: $0.verifier) }
        guard try await passwords.matches(password, stored), let account, !account.isDisabled
        else { throw RequestRefusal.wrongPassword }
        let (state, isSuspended) = try await store.write { database in
            try AccountLock.clear(login: login, in: database)
            let locks = try AccountLock.all(in: database)
            try watermark.update { $0.locks = locks }
            return (
                try SyncState.load(in: database), try TillStore.isStoreSuspended(in: database)
            )
        }
        if state.stop == .tillRevoked { throw PaymentRefusal.tillRevoked }
        if isSuspended { throw PaymentRefusal.storeSuspended }
        guard let age = state.contactAge(at: now), (0...Self.knowledgeSecondsMax).contains(age)
        else {
            throw AccountRefusal.knowledgeTooOld
        }
        return SignedInPerson(account: account.login, name: account.name, roles: account.roles)
    }
}
