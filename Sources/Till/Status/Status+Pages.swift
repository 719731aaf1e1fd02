import Domain
import Hummingbird
import WebSupport

extension TillWeb {
    private struct StatusView {
        struct Fact {
            let name: String
            let text: String
            let level: String
        }
        struct Pair {
            let name: String
            let text: String
        }
        let facts: [Fact]
        let offlineText: String
        let offlineLevel: String
        let conditions: [StatusDetails.Condition]
        let limits: [Pair]
        let knowledge: [Pair]
        let hasMatters: Bool
        let matters: [StatusDetails.Matter]
        let identity: [Pair]
    }

    private struct StatusAnswer: Encodable {
        let level: String
        let bar: [BarItem]
        let till: String
        let epoch: Int
        let online: Bool
        let since: Int64?
        let stopped: String?
        let unsentRecords: Int64
        let unsentSales: Int64
        let unsentValue: Int64
        let oldestUnsent: Int64?
        let contactAge: Int64?
        let clockOffset: Int64?
        let freeBytes: Int64
        let couldTradeOffline: Bool
        let printers: [PrinterStateAnswer]
        let offlineConditions: [ConditionAnswer]
        let openPayments: [String]
    }

    private struct ConditionAnswer: Encodable {
        let condition: String
        let state: String
    }

    private struct PrinterStateAnswer: Encodable {
        let name: String
        let slip: String
        let state: String?
        let text: String
        let level: String
        let waiting: Int

        init(_ answer: PrinterAnswer) {
            name = answer.name
            slip = answer.slip
            state = answer.state
            text = answer.stateText
            level = answer.level
            waiting = answer.waiting
        }
    }

    private struct BarItem: Encodable {
        let key: String
        let text: String
        let level: String
    }

    func addStatus(to router: RouterGroup<WebContext>) {
        router.get("/status") { _, context in try await statusPage(context) }
        router.get("/api/status") { _, context in
            let report = try await report()
            let words = site.pages.words(context.language)
            let printing = try await PrintingReport.load(printing)
            let items = bar(report, printing, words)
            let isBad = items.contains { $0.level == "bad" }
            let isWarning = items.contains { $0.level == "warn" }
            return try Response.json(
                StatusAnswer(
                    level: isBad ? "bad" : isWarning ? "warn" : "good", bar: items,
                    till: identity.till, epoch: identity.epoch, online: report.line.isOnline,
                    since: report.line.since?.milliseconds,
                    stopped: report.state.stop?.rawValue,
                    unsentRecords: report.unsent.recordCount,
                    unsentSales: report.unsent.saleCount, unsentValue: report.unsent.value.fen,
                    oldestUnsent: report.unsent.oldest?.milliseconds,
                    contactAge: report.contactAge, clockOffset: report.state.clockOffset,
                    freeBytes: report.freeByteCount,
                    couldTradeOffline: report.couldTradeOffline,
                    printers: printerAnswers(printing, words).map(PrinterStateAnswer.init),
                    offlineConditions: OfflineCheck(report).states.map {
                        .init(condition: $0.condition.rawValue, state: $0.state.rawValue)
                    }, openPayments: report.openPayments.map(\.id.description)))
        }
    }

    private func report() async throws -> TillReport {
        try await TillReport.load(store, line: await contact.status, at: world.now())
    }

    private func bar(
        _ report: TillReport, _ printing: PrintingReport, _ words: Words
    ) -> [BarItem] {
        let items = [
            lineItem(report, words), unsentItem(report, words), knowledgeItem(report, words),
            clockItem(report, words),
            BarItem(
                key: "disk", text: Texts.bytes(report.freeByteCount),
                level: report.isDiskLow ? "bad" : "plain"),
        ]
        let summary = printing.summary(words)
        return items
            + (summary.map { [BarItem(key: "printers", text: $0.text, level: $0.level)] } ?? [])
    }

    private func printerAnswers(_ printing: PrintingReport, _ words: Words) -> [PrinterAnswer] {
        printing.printers.map { printer in
            PrinterAnswer(
                printer, sight: printing.sights[printer.id],
                waiting: printing.openJobs.filter { $0.printer == printer.id }.count, words)
        }
    }

    private func lineItem(_ report: TillReport, _ words: Words) -> BarItem {
        if let stop = report.state.stop {
            return BarItem(key: "line", text: words("till.stopped.\(stop.rawValue)"), level: "bad")
        }
        let since = report.line.since.map {
            Texts.duration(report.now.milliseconds(since: $0) / 1_000, words)
        }
        let key = report.line.isOnline ? "till.status.online" : "till.status.offline"
        return BarItem(
            key: "line",
            text: since.map { words(key + "Since", ["time": $0]) } ?? words("till.status.looking"),
            level: report.line.isOnline ? "good" : report.line.since == nil ? "plain" : "warn")
    }

    private func unsentItem(_ report: TillReport, _ words: Words) -> BarItem {
        let unsent = report.unsent
        guard unsent.recordCount > 0 else {
            return BarItem(key: "unsent", text: words("till.status.nothingUnsent"), level: "good")
        }
        let age = unsent.oldest.map { report.now.milliseconds(since: $0) / 1_000 } ?? 0
        return BarItem(
            key: "unsent",
            text: words(
                "till.status.unsentText",
                [
                    "count": String(unsent.recordCount), "value": Texts.yuan(unsent.value.fen),
                    "age": Texts.duration(age, words),
                ]),
            level: age > 3_600 ? "warn" : "plain")
    }

    private func knowledgeItem(_ report: TillReport, _ words: Words) -> BarItem {
        if report.state.isRolledBack {
            return BarItem(
                key: "knowledge", text: words("till.status.rolledBack"), level: "bad")
        }
        guard let age = report.contactAge else {
            return BarItem(key: "knowledge", text: words("till.status.never"), level: "bad")
        }
        guard age >= 0 else {
            return BarItem(
                key: "knowledge", text: words("till.status.clockSetBack"), level: "bad")
        }
        let level = ["green": "plain", "amber": "warn", "red": "bad"][report.freshness.rawValue]
        return BarItem(
            key: "knowledge",
            text: words("till.status.ago", ["time": Texts.duration(age, words)]),
            level: level ?? "plain")
    }

    private func clockItem(_ report: TillReport, _ words: Words) -> BarItem {
        guard let offset = report.state.clockOffset else {
            return BarItem(key: "clock", text: words("till.status.notMeasured"), level: "plain")
        }
        let seconds = offset.magnitude / 1_000
        let text = (offset < 0 ? "-" : "+") + words("till.seconds", ["count": String(seconds)])
        return BarItem(key: "clock", text: text, level: report.isClockOff ? "bad" : "plain")
    }

    private func statusPage(_ context: WebContext) async throws -> Response {
        let words = site.pages.words(context.language)
        let report = try await report()
        let printing = try await PrintingReport.load(printing)
        var facts = bar(report, printing, words).map { item in
            StatusView.Fact(
                name: words("till.fact.\(item.key)"), text: item.text, level: item.level)
        }
        if report.store?.isSuspended == true {
            facts.append(
                .init(
                    name: words("till.fact.store"), text: words("refusal.store_suspended"),
                    level: "bad"))
        }
        facts += printerAnswers(printing, words).map { printer in
            .init(
                name: printer.name + " · " + printer.slipText, text: printer.stateText,
                level: printer.level)
        }
        if report.line.trouble != nil {
            facts.append(
                .init(
                    name: words("till.fact.trouble"), text: words("till.status.needsPerson"),
                    level: "bad"))
        }
        let details = StatusDetails(report: report, words: words)
        let matters = details.matters
        let view = StatusView(
            facts: facts,
            offlineText: words(
                report.couldTradeOffline ? "till.status.offlineYes" : "till.status.offlineNo"),
            offlineLevel: report.couldTradeOffline ? "good" : "warn",
            conditions: details.conditions, limits: limits(report, words),
            knowledge: details.knowledge.map { .init(name: $0.name, text: $0.text) },
            hasMatters: !matters.isEmpty, matters: matters, identity: identityPairs(report, words))
        return try site.pages.page("status/page", view, context: context)
    }

    private func limits(_ report: TillReport, _ words: Words) -> [StatusView.Pair] {
        guard let limits = report.limits else {
            return [
                .init(name: words("till.limit.none"), text: words("refusal.limits_unknown"))
            ]
        }
        let freshness = report.freshness
        return [
            .init(
                name: words("till.limit.perSale"),
                text: Texts.yuan(limits.perSale(freshness, managerOverride: false).fen)),
            .init(
                name: words("till.limit.perCard"), text: Texts.yuan(limits.perCard(freshness).fen)),
            .init(
                name: words("till.limit.tillTotal"),
                text: Texts.yuan(report.usage.tillTotal.fen) + " / "
                    + Texts.yuan(limits.tillTotal.fen)),
            .init(
                name: words("till.limit.tillCount"),
                text: "\(report.usage.tillCount) / \(limits.tillCount)"),
        ]
    }

    private func identityPairs(_ report: TillReport, _ words: Words) -> [StatusView.Pair] {
        [
            ("till.fact.till", "\(identity.till) (\(identity.epoch))"),
            ("till.fact.store", report.store.map { "\($0.code) \($0.name)" } ?? ""),
            ("till.fact.address", report.store?.address ?? ""),
            ("till.telephone.service", report.store?.serviceTelephone ?? ""),
            ("till.telephone.fault", report.store?.faultTelephone ?? ""),
            ("till.fact.office", identity.office),
            ("till.fact.version", "\(TillProgram.version) (\(report.counts.schema.prefix(5)))"),
        ].map { .init(name: words($0.0), text: $0.1.isEmpty ? "–" : $0.1) }
    }
}
