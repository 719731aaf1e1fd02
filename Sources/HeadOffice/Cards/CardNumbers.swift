import Domain
import PostgresDriver

/// Draws card numbers by a programme's scheme (R-M2).
enum CardNumbers {
    /// Numbers that no card has. Locks the programme until the transaction ends.
    ///
    /// - Refuses: `.numbersExhausted` when a day's 9,999 of `dated16` are used up.
    static func draw(
        _ quantity: Int, programmeID: Int64, on now: Instant, store: OfficeStore,
        in session: PostgresSession
    ) throws -> [CardNumber] {
        guard
            let row = try session.queryOne(
                """
                SELECT prefix, scheme, next_sequence FROM programme
                WHERE programme_id = \(programmeID) FOR NO KEY UPDATE
                """)
        else { throw CardsRefusal.unknownProgramme }
        let prefix: String = try row["prefix"]
        guard try row["scheme"] as String == NumberScheme.dated16.rawValue else {
            return try drawUnguessable(quantity, prefix: prefix, store: store, in: session)
        }
        return try drawDated(
            quantity, prefix: prefix, next: try row["next_sequence"], on: BusinessDate(now),
            programmeID: programmeID, in: session)
    }

    /// `next_sequence` is day and number in one: yyyymmdd × 10,000 + number.
    private static func drawDated(
        _ quantity: Int, prefix: String, next: Int64, on day: BusinessDate, programmeID: Int64,
        in session: PostgresSession
    ) throws -> [CardNumber] {
        let base = Int64(day.year * 10_000 + day.month * 100 + day.day) * 10_000
        let first = max(next, base + 1)
        let last = first + Int64(quantity) - 1
        guard last <= base + 9_999 else { throw CardsRefusal.numbersExhausted }
        try session.execute(
            "UPDATE programme SET next_sequence = \(last + 1) WHERE programme_id = \(programmeID)")
        return try (first...last).map {
            try NumberScheme.dated16(prefix: prefix, date: day, sequence: Int($0 - base))
        }
    }

    private static func drawUnguessable(
        _ quantity: Int, prefix: String, store: OfficeStore, in session: PostgresSession
    ) throws -> [CardNumber] {
        var drawn: [CardNumber] = []
        var seen: Set<CardNumber> = []
        while drawn.count < quantity {
            var candidates: [CardNumber] = []
            while candidates.count < quantity - drawn.count {
                let random = store.randomNumber(below: 1_000_000_000_000)
                let number = try NumberScheme.luhn19(prefix: prefix, random: random)
                if seen.insert(number).inserted { candidates.append(number) }
            }
            let fingerprints = candidates.map { store.cards.fingerprint(ofNumber: $0.text) }
            let taken = Set(
                try session.query(
                    "SELECT fingerprint FROM card WHERE fingerprint = ANY(\(fingerprints))"
                ).map { try $0["fingerprint"] as [UInt8] })
            drawn += zip(candidates, fingerprints).filter { !taken.contains($0.1) }.map(\.0)
        }
        return drawn
    }
}
