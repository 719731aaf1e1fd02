public import Domain
import PostgresDriver

extension Cards {
    /// Issues one card with a given number and password: for set-up only.
    ///
    /// - Units: `load` in fen.
    /// - Repetition: a number already issued changes nothing and gives false.
    /// - Refuses: Domain's `CardRefusal` for number, password and holder, `.unknownProgramme`.
    @discardableResult
    public func issueGiven(
        number typed: String, password: String, programme code: String, isTest: Bool, load: Money,
        holder: String? = nil, at now: Instant
    ) async throws -> Bool {
        let number = try CardNumber(typed)
        let digits = try CardPassword(password).digits
        let holder = try holder.map { try HolderName($0) }
        return try await store.write { [store] session in
            let fingerprint = store.cards.fingerprint(ofNumber: number.text)
            let known = try session.query(
                "SELECT card_id FROM card WHERE fingerprint = \(fingerprint)")
            guard known.isEmpty else { return false }
            guard
                let programme = try session.queryOne(
                    "SELECT programme_id FROM programme WHERE code = \(code)")
            else { throw CardsRefusal.unknownProgramme }
            let programmeID: Int64 = try programme["programme_id"]
            let card = try CardMaterial(
                number: number, password: digits, holder: holder, store: store)
            let ids = try CardMaterial.insert(
                [card], programmeID: programmeID, batchID: nil, isTest: isTest, at: now,
                in: session)
            if load > .zero {
                try Ledger.post(
                    session,
                    ids.map {
                        Self.loadTransfer(
                            load, programmeID: programmeID, cardID: $0, isTest: isTest,
                            loadID: store.clock.makeID(), at: now)
                    }, at: now)
            }
            try ChangeItems.publishCards(ids, in: session)
            try session.audit(
                .setUp, "card.issue", card.mask,
                [
                    "card": ids.first.map(String.init) ?? "", "programme": code,
                    "test": String(isTest), "load": String(load.fen),
                ], at: now)
            return true
        }
    }
}
