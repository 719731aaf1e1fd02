import Domain
import Journal
import PostgresDriver

@testable import HeadOffice

/// What tests of the exception desk do and look at.
extension TestShop {
    var exceptions: Exceptions { Exceptions(store: office.store) }
    var now: Instant { office.time.now }

    /// The exception that a sale is, and what is in dispute of it.
    func exception(_ sale: RecordID) async throws -> (id: Int64, disputed: Money) {
        try await office.store.read { session in
            guard
                let row = try session.queryOne(
                    "SELECT exception_id, disputed FROM exception WHERE sale_id = \(sale)")
            else { throw TestFault.noRow }
            return (try row["exception_id"], try row["disputed"])
        }
    }

    /// Does something about a sale's exception.
    func decide(
        _ sale: RecordID, _ move: ExceptionPosting.Move, by actor: StaffActor,
        reason: String = "已核实"
    ) async throws {
        let found = try await exception(sale)
        try await exceptions.decide(
            found.id, move, reason: reason, disputed: found.disputed, by: actor, at: now)
    }

    /// Makes a move about a sale's exception if there is one that it fits; a second person says whether to write it off.
    func attempt(
        _ move: ExceptionPosting.Move, about sale: RecordID, agrees: Bool, by first: StaffActor,
        and second: StaffActor
    ) async throws {
        guard let found = try? await exception(sale) else { return }
        do {
            try await decide(sale, move, by: first)
            if move == .writeOff {
                try await exceptions.decideWriteOff(
                    found.id, agrees: agrees, disputed: found.disputed, by: second, at: now)
            }
        } catch is ExceptionPosting.Refusal {
        } catch is ExceptionsRefusal {
        }
    }

    /// Agrees to every refund that waits.
    func agreeToRefunds(by approver: StaffActor) async throws {
        let refunds = Refunds(store: office.store)
        for row in try await refunds.list(.pending, by: approver) {
            let now = self.now
            let shown = try await refunds.show(row.requestID, by: approver, at: now)
            try await refunds.decide(
                row.requestID, .approved, opinion: "同意", digest: shown.found.digest,
                by: approver, at: now)
        }
    }

    /// `settled store`, `open insufficient_balance 300`.
    func standing(_ sale: RecordID) async throws -> String {
        try await office.store.read { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT exception.state, exception.code, disputed, outcome,
                           sale.state AS sale_state
                    FROM exception JOIN sale USING (sale_id) WHERE sale_id = \(sale)
                    """)
            else { return "none" }
            let (state, outcome): (String, String?) = (try row["state"], try row["outcome"])
            if let outcome {
                return "\(state) \(outcome) \(try row["sale_state"] as String)"
            }
            return "\(state) \(try row["code"] as String) \(try row["disputed"] as Int64)"
        }
    }

    /// The balance of an account of the store or of head office, in the book of real money.
    func kind(_ kind: AccountKind, book: Book = .real) async throws -> Int64 {
        try await number(
            """
            SELECT coalesce(sum(balance), 0) FROM account
            WHERE kind = \(kind.rawValue) AND book = \(book.rawValue)
            """)
    }

    /// What tills were told of a record: `posted`, `exception wrong_password`.
    func told(_ record: RecordID) async throws -> String {
        try await office.store.read { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT body ->> 'state' AS state, body ->> 'code' AS code FROM change
                    WHERE topic = 'verdict' AND key = \(record.description)
                    """)
            else { return "nothing" }
            let (state, code): (String, String?) = (try row["state"], try row["code"])
            return [state, code].compactMap { $0 }.joined(separator: " ")
        }
    }

    /// Loads a card by two people.
    func load(_ card: Card, _ fen: Int64) async throws {
        let issuer = try await staff(
            "issuer\(office.store.clock.makeID().low % 1_000_000)", [.issuer])
        let supervisor = try await staff(
            "super\(office.store.clock.makeID().low % 1_000_000)", [.issuingSupervisor])
        let cards = Cards(store: office.store)
        let load = office.store.clock.makeID()
        try await cards.askLoad(
            load, card: card.id, amount: Money(fen: fen), reason: "充值", by: issuer, at: now)
        try await cards.approveLoad(load, by: supervisor, at: now)
    }

    func move(_ card: Card, to state: String) async throws {
        let at = now
        try await office.store.write {
            try $0.execute(
                """
                UPDATE card SET state = \(state), state_since = \(at) WHERE card_id = \(card.id)
                """)
        }
    }
}
