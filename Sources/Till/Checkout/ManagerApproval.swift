import Domain
import GRDB
import Journal
import WebSupport

/// What a manager types to let one sale go above the per-sale limit.
struct OverrideEntry: Sendable, Decodable {
    let login: String
    let password: String
    let reason: String
}

/// Checks a manager's own login and password for one act, without signing anybody in.
struct ManagerApproval: Sendable {
    let signIn: StaffSignIn

    /// The manager's word, when everything about it is in order.
    ///
    /// - Refuses, first match wins: `.tooManyAttempts`, `override_wrong_password` (or no such login),
    ///   what signing in refuses, `OverrideRefusal`.
    func check(_ entry: OverrideEntry) async throws -> ManagerOverride {
        let person: SignedInPerson
        do {
            person = try await signIn.check(login: entry.login, password: entry.password)
        } catch RequestRefusal.wrongPassword {
            // Not 401: the cashier at the counter is signed in all the same.
            throw ShownRefusal("override_wrong_password")
        }
        let now = signIn.world.now()
        let age = try await signIn.store.read { try SyncState.load(in: $0).contactAge(at: now) }
        return try ManagerOverride(
            .init(login: person.account, isManager: person.roles.contains("manager")),
            reason: entry.reason, knowledgeAge: age)
    }
}

extension Checkout {
    /// Takes the card above the per-sale limit, on a manager's word for this one sale.
    ///
    /// - Refuses, first match wins: `PaymentRefusal.notOffered`, `.overrideNotNeeded` (the sale is
    ///   within the limit, or beyond twice it), `StandInRefusal`, what ``takeOffline(_:)`` refuses.
    func takeOffline(_ payment: RecordID, allowedBy override: ManagerOverride) async throws {
        guard flow(payment)?.choices.contains(.takeOffline) ?? false else {
            throw PaymentRefusal.notOffered
        }
        let limit = try await store.read { [world] database in
            guard let row = try PaymentRow.find(payment, in: database), let card = row.card else {
                throw PaymentRefusal.unknown
            }
            // Before anything is stored: a word that cannot help is not kept.
            try StandIn.check(
                amount: row.amount, card: card, at: world.now(), managerOverride: true,
                in: database)
            return try StandIn.limitToLift(
                amount: row.amount, card: card, at: world.now(), in: database)
        }
        guard let limit else { throw PaymentRefusal.overrideNotNeeded }
        try await store.storeOverride(override, limit: limit, payment: payment)
        try await takeOffline(payment)
    }
}
