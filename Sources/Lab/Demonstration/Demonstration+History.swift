import Domain
import Foundation

/// A day of the demonstration's past: the same programs then see the clock of that day.
struct PastDay: Sendable, Equatable {
    let daysAgo: Int
    let month: TradingMonth

    /// Two days of each month before the present one, oldest first.
    static func days(beforeMonthOf now: Instant, months: Int) -> [PastDay] {
        let today = BusinessDate(now)
        var month = today.tradingMonth
        var days: [PastDay] = []
        for _ in 1..<max(months, 1) {
            month = month.previous
            for number in [22, 8] {
                guard let day = BusinessDate(year: month.year, month: month.month, day: number)
                else { continue }
                let daysAgo = today.start.milliseconds(since: day.start) / 86_400_000
                days.insert(PastDay(daysAgo: Int(daysAgo), month: month), at: 0)
            }
        }
        return days
    }
}

extension Demonstration {
    /// Trades on each day of the past, closes each month when the next has begun, and comes back to today.
    func live(through past: [PastDay]) async throws {
        var month = past[0].month
        for (place, day) in past.enumerated() {
            if place > 0 { try await travel(to: .daysAgo(day.daysAgo)) }
            report.step("\(day.daysAgo) days ago (the programs see that day's clock)")
            if day.month != month {
                try await close(month)
                month = day.month
            }
            try await trade(isBusy: place.isMultiple(of: 2))
        }
        try await travel(to: .none)
        report.step("Today again, by the true clock")
        try await close(month)
    }

    private func travel(to clock: DemoNetwork.ClockShift) async throws {
        await network.stop()
        network = try await reopened(clock: clock)
        try await network.startOffice()
        for till in firstTills { try await network.startTill(till) }
    }

    /// A day at the first two tills: cards of the own and the other province; on a busy day the first till also sells offline and
    /// takes something back.
    func trade(isBusy: Bool) async throws {
        var sales: [DemoSale] = []
        for (index, till) in firstTills.enumerated() {
            let cashier = try await self.cashier(at: index)
            let own = historyCards.filter { till.store.hasPrefix($0.programme) }
            let guest = historyCards.first { $0.programme == "GD" }
            let customers = own + [guest].compactMap(\.self)
            for (card, product) in zip(customers, ["100001", "100003", "100006"]) {
                sales.append(try await cashier.sell([(product, index + 1)], to: card))
            }
            if isBusy, index == 0 {
                try network.line.set(.cut)
                sales.append(try await cashier.sellOffline([("100002", 1)], to: own[0]))
                try network.line.set(.whole)
                try await giveBack(sales[0], of: own[0], through: cashier)
                lastMonthSale = (sales[1], own[1])
            }
            try await waitUntilSent(cashier)
        }
        let total = sales.reduce(0) { $0 + $1.amount }
        report.saw(
            "\(sales.count) sales of \(yuan(total)) at \(firstTills.count) tills"
                + (isBusy ? ", one of them offline, one given back" : ""))
    }

    private func giveBack(
        _ sale: DemoSale, of card: DemoCard, through cashier: Cashier
    ) async throws {
        let asked = try await cashier.call(
            "POST", "/api/sales/\(sale.id)/refunds",
            ["card": card.number, "reason": "包装破损", "lines": NSNull()])
        guard let request = asked["id"] as? String else { throw LabError("no request: \(asked)") }
        try await waitUntilSent(cashier)
        try await clerk("approver").approveRefund(request, opinion: "小票与药品已核对")
    }

    /// Finance closes the month and pays the stores; another person of finance agrees to the run.
    private func close(_ month: TradingMonth) async throws {
        for index in firstTills.indices {
            try await waitUntilSent(try await self.cashier(at: index))
        }
        let finance = try await clerk("finance")
        _ = try await finance.call("POST", "/months/\(month)/close")
        let run = LabClock.recordID(at: LabClock.now())
        _ = try await finance.call("PUT", "/settlements/\(run)")
        _ = try await clerk("finance2").call(
            "POST", "/settlements/\(run)/decide", ["verdict": "approved"])
        report.saw("finance closed \(month) and paid the stores, by two people")
    }
}
