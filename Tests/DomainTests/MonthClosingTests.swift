import Domain
import Testing

struct MonthClosingTests {
    private func month(_ text: String) -> TradingMonth { Fixture.month(text) }

    private func status(_ month: TradingMonth) -> AccountingMonth.Status {
        if month == self.month("2026-10") { return .reopened }
        return month < self.month("2026-10") ? .closed : .open
    }

    @Test(arguments: [
        ("2026-09", MonthClosing.Refusal.monthClosed), ("2026-11", .earlierMonthOpen),
        ("2026-12", .monthNotOver), ("2027-01", .monthNotOver), ("2026-10", nil),
    ])
    func `a month closes after its end, once, and after those before it`(
        text: String, refusal: MonthClosing.Refusal?
    ) {
        var thrown: MonthClosing.Refusal?
        do throws(MonthClosing.Refusal) {
            try MonthClosing.checkClosing(
                month(text), now: month("2026-12").start, first: month("2026-08"),
                status: status)
        } catch { thrown = error }
        #expect(thrown == refusal)
    }

    @Test func `a month opens again only when it is closed and nothing after it is`() {
        #expect(throws: MonthClosing.Refusal.monthNotClosed) {
            try MonthClosing.checkReopening(
                month("2026-11"), last: month("2026-10"), status: status)
        }
        #expect(throws: MonthClosing.Refusal.laterMonthClosed) {
            try MonthClosing.checkReopening(
                month("2026-08"), last: month("2026-10"), status: status)
        }
        #expect(throws: Never.self) {
            try MonthClosing.checkReopening(
                month("2026-09"), last: month("2026-10"), status: status)
        }
    }
}
