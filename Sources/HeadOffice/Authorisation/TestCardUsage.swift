import Domain
import PostgresDriver

/// What a till charged to test cards today: holds, and what sales took (R-P7).
enum TestCardUsage {
    static func today(
        _ card: CardRow?, tillID: Int64, at now: Instant, in session: PostgresSession
    ) throws -> TestCardLimits.Usage {
        guard let card, card.isTest else { return .none }
        let today = BusinessDate(now)
        let row = try session.queryOne(
            """
            SELECT coalesce(sum(amount), 0)::bigint AS total, count(*) AS count
            FROM (SELECT payment.amount FROM payment JOIN card USING (card_id)
                  WHERE payment.till_id = \(tillID) AND payment.state = 'held' AND card.test
                  UNION ALL
                  SELECT paid_by_card FROM sale
                  WHERE till_id = \(tillID) AND test AND business_date = \(today)
                    AND paid_by_card > 0)
                 AS charge (amount)
            """)
        guard let row else { return .none }
        return TestCardLimits.Usage(total: try row["total"], count: try row["count"])
    }
}
