import Domain
import GRDB

/// Gathers what the rules of stand-in ask for (R-P3) and lets them decide.
enum StandIn {
    /// Agrees that the till may take this card for this amount, or refuses.
    ///
    /// Judged when the choice is shown and again inside the committing transaction, so that two
    /// payments at once cannot pass a limit together.
    ///
    /// - Refuses: `StandInRefusal`.
    static func check(
        amount: Money, card: PaymentCard, at now: Instant, managerOverride: Bool = false,
        in database: Database
    ) throws {
        let state = try SyncState.load(in: database)
        let programme = try Cards.programme(card.programme, in: database)
        let seen = try Row.fetchOne(
            database,
            sql: "SELECT approved_at, refused_at FROM card_seen WHERE fingerprint = ?",
            arguments: [card.fingerprint.text])
        let isBlocked =
            try Bool.fetchOne(
                database, sql: "SELECT blocked FROM card_flag WHERE fingerprint = ?",
                arguments: [card.fingerprint.text]) ?? false
        let approved = (seen?["approved_at"] as Int64?).map { Instant(milliseconds: $0) }
        try StandInRules.decide(
            amount: amount,
            card: .init(
                isBlocked: isBlocked, isTest: card.isTest,
                isRefusedOnline: (seen?["refused_at"] as Int64?) != nil,
                programmeAccepted: programme?.isAccepted ?? false,
                isVerified: StandInRules.isVerified(
                    scheme: programme?.scheme ?? .dated16,
                    requiredByProgramme: programme?.isVerifiedOnly ?? true,
                    approvedOnline: approved, now: now)),
            limits: try limits(programme: card.programme, in: database),
            usage: try usage(of: card.fingerprint, at: state.corrected(now), in: database),
            contactAge: state.contactAge(at: now), managerOverride: managerOverride)
    }

    /// The per-sale limit that a manager would lift for this sale; nil where none is needed, or where
    /// it would not help.
    static func limitToLift(
        amount: Money, card: PaymentCard, at now: Instant, in database: Database
    ) throws -> Money? {
        guard !card.isTest, let limits = try limits(programme: card.programme, in: database)
        else { return nil }
        let age = try SyncState.load(in: database).contactAge(at: now)
        let freshness = limits.freshness(contactAge: age.flatMap { $0 < 0 ? nil : $0 })
        guard freshness != .red else { return nil }
        return ManagerOverride.limitToLift(
            amount: amount, limits: limits, freshness: freshness)
    }

    /// The limits for a programme; nil when head office has published none.
    static func limits(programme: String, in database: Database) throws -> StandInLimits? {
        guard
            let own = try Row.fetchOne(
                database,
                sql: "SELECT per_sale, per_card FROM programme_limit WHERE programme = ?",
                arguments: [programme]),
            let till = try Row.fetchOne(
                database,
                sql: "SELECT till_total, till_count, amber_after, red_after FROM till_limit")
        else { return nil }
        return StandInLimits(
            perSale: Money(fen: own["per_sale"]), perCard: Money(fen: own["per_card"]),
            tillTotal: Money(fen: till["till_total"]), tillCount: till["till_count"],
            amberAfter: till["amber_after"], redAfter: till["red_after"])
    }

    /// The till's stand-in sales without a verdict, and its test sales of the day.
    static func usage(
        of fingerprint: CardFingerprint?, at time: Instant, in database: Database
    ) throws -> StandInUsage {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT count(*) AS number, coalesce(sum(s.total), 0) AS total,
                    coalesce(sum(CASE WHEN s.fingerprint = ? THEN s.total ELSE 0 END), 0) AS card
                FROM journal_record AS j CROSS JOIN sale AS s ON s.seq = j.seq
                WHERE j.verdict IS NULL AND s.mode = 'stand_in' AND s.test = 0
                """,
            arguments: [fingerprint?.text ?? ""])
        let today = BusinessDate(time)
        let test = try Row.fetchOne(
            database,
            sql: """
                SELECT count(*) AS number, coalesce(sum(total), 0) AS total FROM sale
                WHERE test = 1 AND business_time >= ? AND business_time < ?
                """,
            arguments: [today.start.milliseconds, today.end.milliseconds])
        return StandInUsage(
            cardTotal: Money(fen: row?["card"] ?? 0), tillTotal: Money(fen: row?["total"] ?? 0),
            tillCount: row?["number"] ?? 0,
            test: .init(total: Money(fen: test?["total"] ?? 0), count: test?["number"] ?? 0))
    }

    /// The card's stand-in sales without a verdict: what an authorisation states (R-P13).
    static func unsent(
        of fingerprint: CardFingerprint, in database: Database
    ) throws -> Money {
        let now = Instant(milliseconds: 0)
        return try usage(of: fingerprint, at: now, in: database).cardTotal
    }
}
