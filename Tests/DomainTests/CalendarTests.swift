import Domain
import Testing

@Suite struct CalendarTests {
    // Milliseconds from `TZ=Asia/Shanghai date -d '…' +%s`.
    @Test(arguments: [
        ("2026-11-25", 1_795_536_000_000), ("1970-01-01", -28_800_000),
        ("2000-02-29", 951_753_600_000), ("2027-01-01", 1_798_732_800_000),
        ("2024-02-29", 1_709_136_000_000), ("1969-12-31", -115_200_000),
    ])
    func `a business day starts at midnight in Shanghai`(text: String, start: Int64) {
        let date = Fixture.date(text)
        #expect(date.start.milliseconds == start)
        #expect(BusinessDate(date.start) == date)
        #expect(BusinessDate(date.start.adding(milliseconds: -1)) == date.previous)
        #expect(BusinessDate(date.end.adding(milliseconds: -1)) == date)
        #expect(BusinessDate(date.end) == date.next)
    }

    @Test(arguments: [
        ("2026-11-30", "2026-11", "2026-12"), ("2026-12-31", "2026-12", "2027-01"),
        ("2028-02-29", "2028-02", "2028-03"), ("2027-02-28", "2027-02", "2027-03"),
        ("2026-04-30", "2026-04", "2026-05"),
    ])
    func `the month ends after 23 59 59 999 of its last day`(
        last: String, month: String, following: String
    ) {
        let end = Fixture.date(last).start.adding(milliseconds: 86_399_999)
        #expect(TradingMonth(end) == Fixture.month(month))
        #expect(TradingMonth(end.adding(milliseconds: 1)) == Fixture.month(following))
        #expect(Fixture.month(month).end == end.adding(milliseconds: 1))
        #expect(Fixture.month(month).contains(end))
        #expect(!Fixture.month(month).contains(Fixture.month(month).end))
        #expect(Fixture.month(month).lastDay == Fixture.date(last))
        #expect(Fixture.month(month).next == Fixture.month(following))
        #expect(Fixture.month(following).previous == Fixture.month(month))
    }

    @Test(arguments: [
        "2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-01", "2026-01-00",
        "2026-1-1", "0000-01-01", "20261125", "2026-11-25 ", "2026/11/25", "２０２６-11-25",
        "-026-01-01", "+026-01-01", "", "2026-11", "2026-11-25-01",
    ])
    func `a day that does not exist or has another shape is not read`(text: String) {
        #expect(BusinessDate.parse(text) == nil)
    }

    @Test(arguments: ["2026-13", "2026-00", "2026-1", "202611", "2026-11-25", ""])
    func `a month of another shape is not read`(text: String) {
        #expect(TradingMonth.parse(text) == nil)
    }

    @Test func `leap days exist in 2000 and 2024 and not in 1900 or 2100`() {
        #expect(BusinessDate(year: 2000, month: 2, day: 29) != nil)
        #expect(BusinessDate(year: 2024, month: 2, day: 29) != nil)
        #expect(BusinessDate(year: 1900, month: 2, day: 29) == nil)
        #expect(BusinessDate(year: 2100, month: 2, day: 29) == nil)
    }

    @Test func `days follow each other without gap over four centuries`() {
        var date = Fixture.date("1999-12-31")
        var dayCount = 0
        while date < Fixture.date("2400-01-01") {
            let following = date.next
            #expect(following.start == date.end)
            #expect(following.previous == date)
            #expect(BusinessDate.parse(following.description) == following)
            #expect(BusinessDate.parse(compact: following.compact) == following)
            date = following
            dayCount += 1
        }
        #expect(dayCount == 146_098)
    }

    @Test func `times beyond the calendar take its nearest day`() {
        #expect(BusinessDate(Instant(milliseconds: .max)).description == "9999-12-31")
        #expect(BusinessDate(Instant(milliseconds: .min)).description == "0001-01-01")
        #expect(Fixture.date("9999-12-31").next == Fixture.date("9999-12-31"))
        #expect(Fixture.month("9999-12").next == Fixture.month("9999-12"))
        #expect(Instant(milliseconds: .max).adding(milliseconds: 1).milliseconds == .max)
        #expect(Instant(milliseconds: .min).adding(milliseconds: -1).milliseconds == .min)
        let span = Instant(milliseconds: .min).milliseconds(since: Instant(milliseconds: .max))
        #expect(span == .min)
    }
}
