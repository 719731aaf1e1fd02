// The network's fee on what a store was paid (R-L7): its own transfer beside the movement it belongs to, in the same
// transaction. `sale_fee` keeps what the rounding rests on; the transfers stay the truth, and `LedgerProof` compares.

public import Domain
public import PostgresDriver

/// Fees that movements on store payable bring about.
public enum SaleFees {
    /// What one sale has to do with a posting.
    public struct Sale: Sendable {
        /// The sale.
        public let saleID: RecordID
        /// The sale's business date, whose rate holds.
        public let soldOn: BusinessDate
        /// The movements of the posting that belong to it: the sale itself, a decided exception, a refund.
        public let transfers: [NewTransfer]

        /// A sale and its movements.
        public init(saleID: RecordID, soldOn: BusinessDate, transfers: [NewTransfer]) {
            self.saleID = saleID
            self.soldOn = soldOn
            self.transfers = transfers.filter { $0.from.book == .real && $0.touchesPayable }
        }

        /// What comes to store payable.
        var reached: Int64 {
            transfers.reduce(0) { $0 + ($1.to.kind == .storePayable ? $1.amount.fen : 0) }
        }

        /// What leaves it again.
        var wentBack: Int64 {
            transfers.reduce(0) { $0 + ($1.from.kind == .storePayable ? $1.amount.fen : 0) }
        }
    }

    /// The fees, and fees returned, to post beside the sales' movements; locks what they rest on.
    ///
    /// - Shape: each sale once; at most one transfer of a kind for each. Test cards bear no fee.
    /// - Repetition: a fee has its movement's source, so it is posted once only.
    /// - Source: R-L7.
    public static func transfers(
        _ session: PostgresSession, beside sales: [Sale]
    ) throws -> [NewTransfer] {
        let moved = sales.filter { !$0.transfers.isEmpty }
        guard !moved.isEmpty else { return [] }
        precondition(Set(moved.map(\.saleID)).count == moved.count, "a sale stands twice")
        var states = try lock(session, moved.map(\.saleID))
        let rates = try rates(session, moved.filter { states[$0.saleID] == nil })
        var changed: [State] = []
        var transfers: [NewTransfer] = []
        for sale in moved {
            guard let first = sale.transfers.first, let storeID = first.storeID else { continue }
            let rate = rates[RateKey(storeID: storeID, day: sale.soldOn)] ?? 0
            guard
                var state = states[sale.saleID]
                    ?? (rate > 0 ? State(sale.saleID, storeID: storeID, rate: rate) : nil)
            else { continue }
            let (fee, returned) = state.take(reached: sale.reached, wentBack: sale.wentBack)
            states[sale.saleID] = state
            changed.append(state)
            let payable = LedgerAccount(.storePayable, of: storeID, in: .real)
            let earned = LedgerAccount(.fees, of: storeID, in: .real)
            if fee > 0 {
                transfers.append(first.beside(.fee, from: payable, to: earned, fee))
            }
            if returned > 0 {
                transfers.append(
                    first.beside(.feeReturned, from: earned, to: payable, returned))
            }
        }
        try store(session, changed)
        return transfers
    }

    private struct RateKey: Hashable {
        let storeID: Int64
        let day: BusinessDate
    }

    /// A row of `sale_fee`.
    private struct State {
        let saleID: RecordID
        let storeID: Int64
        let rate: Int64
        var reached: Int64 = 0
        var wentBack: Int64 = 0
        var fee: Int64 = 0
        var returned: Int64 = 0

        init(_ saleID: RecordID, storeID: Int64, rate: Int64) {
            self.saleID = saleID
            self.storeID = storeID
            self.rate = rate
        }

        /// What is to be booked now: fee and fee returned, each never below zero.
        mutating func take(reached more: Int64, wentBack back: Int64) -> (Int64, Int64) {
            reached += more
            wentBack += back
            let due = FeeRules.fee(on: Money(fen: reached), rate: rate)
            let feeNow = due.fen - fee
            fee = due.fen
            let dueBack = FeeRules.feeReturned(
                fee: due, refundedInAll: Money(fen: wentBack), posted: Money(fen: reached))
            let returnedNow = max(dueBack.fen - returned, 0)
            returned += returnedNow
            return (feeNow, returnedNow)
        }
    }

    private static func lock(
        _ session: PostgresSession, _ saleIDs: [RecordID]
    ) throws -> [RecordID: State] {
        let rows = try session.query(
            """
            SELECT sale_id, store_id, fee_per_million, reached, went_back, fee, returned
            FROM sale_fee WHERE sale_id = ANY (\(saleIDs))
            ORDER BY sale_id FOR NO KEY UPDATE
            """)
        var states: [RecordID: State] = [:]
        for row in rows {
            var state = State(
                try row["sale_id"], storeID: try row["store_id"],
                rate: try row["fee_per_million"] as Int64)
            state.reached = try row["reached"]
            state.wentBack = try row["went_back"]
            state.fee = try row["fee"]
            state.returned = try row["returned"]
            states[state.saleID] = state
        }
        return states
    }

    /// The rates of the stores' days.
    private static func rates(
        _ session: PostgresSession, _ sales: [Sale]
    ) throws -> [RateKey: Int64] {
        let keys = Set(
            sales.compactMap { sale in
                sale.transfers.first?.storeID.map { RateKey(storeID: $0, day: sale.soldOn) }
            })
        guard !keys.isEmpty else { return [:] }
        let wanted = Array(keys)
        let rows = try session.query(
            """
            SELECT wanted.store_id, wanted.day,
                   coalesce((SELECT rate.fee_per_million FROM store_fee_rate AS rate
                             WHERE rate.store_id = wanted.store_id AND rate.from_date <= wanted.day
                             ORDER BY rate.from_date DESC LIMIT 1),
                            store.fee_per_million) AS fee_per_million
            FROM unnest(\(wanted.map(\.storeID)), \(wanted.map(\.day))) AS wanted (store_id, day)
            JOIN store USING (store_id)
            """)
        var rates: [RateKey: Int64] = [:]
        for row in rows {
            let key = RateKey(storeID: try row["store_id"], day: try row["day"])
            rates[key] = try row["fee_per_million"] as Int64
        }
        return rates
    }

    private static func store(_ session: PostgresSession, _ states: [State]) throws {
        guard !states.isEmpty else { return }
        try session.execute(
            """
            INSERT INTO sale_fee (sale_id, store_id, fee_per_million, reached, went_back, fee, returned)
            SELECT sale_id, store_id, fee_per_million, reached, went_back, fee, returned
            FROM unnest(\(states.map(\.saleID)), \(states.map(\.storeID)),
                        \(states.map { Int32($0.rate) }), \(states.map(\.reached)),
                        \(states.map(\.wentBack)), \(states.map(\.fee)), \(states.map(\.returned)))
                 AS row (sale_id, store_id, fee_per_million, reached, went_back, fee, returned)
            ON CONFLICT (sale_id) DO UPDATE
            SET reached = EXCLUDED.reached, went_back = EXCLUDED.went_back, fee = EXCLUDED.fee,
                returned = EXCLUDED.returned
            """)
    }
}

extension NewTransfer {
    /// Whether money comes to a store or leaves it, other than by fees and settlements.
    fileprivate var touchesPayable: Bool {
        switch kind {
        case .fee, .feeReturned, .settlement: false
        default: from.kind == .storePayable || to.kind == .storePayable
        }
    }

    /// A movement of the same moment and source.
    fileprivate func beside(
        _ kind: TransferKind, from: LedgerAccount, to: LedgerAccount, _ amount: Int64
    ) -> NewTransfer {
        NewTransfer(
            kind, from: from, to: to, amount: Money(fen: amount), businessAt: businessAt,
            sourceID: sourceID, storeID: storeID, cardID: cardID)
    }
}

extension SaleFees {
    /// Fees that do not say what the transfers say. A sale's transfers have for their source the sale itself, a refund
    /// request, or the decision of its exception.
    static let differences: SQL = """
        WITH moved AS (
            SELECT coalesce(request.sale_id, exception.sale_id, source_id) AS sale_id,
                   CASE WHEN transfer.kind = 'fee' THEN 'fee'
                        WHEN transfer.kind = 'fee_returned' THEN 'returned'
                        WHEN payee.kind = 'store_payable' THEN 'reached'
                        ELSE 'went_back' END AS part,
                   transfer.amount
            FROM transfer
            JOIN account AS payer ON payer.account_id = from_account_id AND payer.book = 'real'
            JOIN account AS payee ON payee.account_id = to_account_id
            LEFT JOIN refund_request AS request ON request.request_id = source_id
            LEFT JOIN exception_event AS event ON event.decision_id = source_id
            LEFT JOIN exception ON exception.exception_id = event.exception_id
            WHERE transfer.kind <> 'settlement'
              AND (payer.kind = 'store_payable' OR payee.kind = 'store_payable')
        ), proved AS (
            SELECT sale_id,
                   (coalesce(sum(amount) FILTER (WHERE part = 'reached'), 0)::bigint,
                    coalesce(sum(amount) FILTER (WHERE part = 'went_back'), 0)::bigint,
                    coalesce(sum(amount) FILTER (WHERE part = 'fee'), 0)::bigint,
                    coalesce(sum(amount) FILTER (WHERE part = 'returned'), 0)::bigint)::text
                       AS figures,
                   bool_or(part IN ('fee', 'returned')) AS bears_fee
            FROM moved GROUP BY sale_id
        ), kept AS (
            SELECT sale_id, (reached, went_back, fee, returned)::text AS figures FROM sale_fee
        )
        SELECT 'sale_fee' AS place, 'sale ' || sale_id AS key,
               coalesce(kept.figures, 'no row') AS kept,
               coalesce(proved.figures, 'no row') AS proved
        FROM proved FULL JOIN kept USING (sale_id)
        WHERE kept.figures IS DISTINCT FROM proved.figures
          AND (kept.figures IS NOT NULL OR proved.bears_fee)
        ORDER BY sale_id
        """
}
