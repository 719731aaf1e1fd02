import Domain
import WebSupport

/// The parts of the status page that are more than figures.
struct StatusDetails {
    let report: TillReport
    let words: Words

    /// A condition of trading offline, in plain words with what to do.
    struct Condition {
        let key: String
        let name: String
        let text: String
        let level: String
        let advice: String?
    }

    /// Something that a person should look at.
    struct Matter {
        let text: String
        let href: String?
    }

    var conditions: [Condition] {
        OfflineCheck(report).states.map { item in
            let key = "till.offline.\(item.condition.rawValue)"
            let level =
                switch item.state {
                case .met: "good"
                case .limited: "warn"
                case .failed: "bad"
                }
            return Condition(
                key: item.condition.rawValue, name: words(key),
                text: value(of: item.condition)
                    ?? words("till.offline.state.\(item.state.rawValue)"),
                level: level, advice: item.state == .met ? nil : words(key + ".advice"))
        }
    }

    private func value(of condition: OfflineCheck.Condition) -> String? {
        switch condition {
        case .fresh:
            guard let age = report.contactAge, age >= 0 else { return nil }
            return words("till.status.ago", ["time": Texts.duration(age, words)])
        case .belowTotal:
            return report.limits.map {
                Texts.yuan(report.usage.tillTotal.fen) + " / " + Texts.yuan($0.tillTotal.fen)
            }
        case .belowCount:
            return report.limits.map { "\(report.usage.tillCount) / \($0.tillCount)" }
        case .diskRoom: return Texts.bytes(report.freeByteCount)
        case .notStopped, .storeOpen, .limitsKnown, .notRolledBack, .clockTrusted, .signIn,
            .managerActs:
            return nil
        }
    }

    /// Open payments, copies gone on from, and what disabled accounts did.
    var matters: [Matter] {
        report.openPayments.map { payment in
            Matter(
                text: words(
                    "till.matter.payment",
                    [
                        "amount": Texts.yuan(payment.amount.fen), "login": payment.login,
                        "time": Texts.time(payment.begunAt.milliseconds),
                    ]), href: "/pay/\(payment.id)")
        }
            + report.renewals.map { renewal in
                Matter(
                    text: words(
                        "till.matter.gap",
                        [
                            "epoch": String(renewal.epoch),
                            "time": Texts.time(renewal.at.milliseconds),
                            "last": renewal.lastAt.map { Texts.time($0.milliseconds) } ?? "–",
                        ]), href: nil)
            }
            + [report.longWriteAheadLog].compactMap { $0 }.map { count in
                Matter(
                    text: words("till.matter.log", ["size": Texts.bytes(count)]), href: nil)
            }
            + report.doubts.map { doubt in
                Matter(
                    text: words(
                        "till.matter.doubt",
                        [
                            "login": doubt.login, "count": String(doubt.saleCount),
                            "value": Texts.yuan(doubt.saleTotal),
                            "from": Texts.time(doubt.from.milliseconds),
                            "through": Texts.time(doubt.through.milliseconds),
                        ]), href: "/orders")
            }
    }

    /// What the till knows, by topic.
    var knowledge: [(name: String, text: String)] {
        let counts = report.counts
        let asOf =
            report.state.completeAt.map { Texts.time($0.milliseconds) }
            ?? words("till.status.never")
        return [
            (words("till.known.asOf"), asOf),
            (
                words("till.known.products"),
                words(
                    "till.known.text",
                    ["count": String(counts.products), "version": String(counts.catalogueVersion)])
            ),
            (
                words("till.known.blocked"),
                words(
                    "till.known.text",
                    [
                        "count": String(counts.blockedCards),
                        "version": String(report.state.blockListVersion),
                    ])
            ),
            (
                words("till.known.limits"),
                words(
                    "till.known.text",
                    [
                        "count": String(counts.limits),
                        "version": String(report.state.limitsVersion),
                    ])
            ),
            (
                words("till.known.accounts"),
                words(
                    "till.known.text",
                    [
                        "count": String(counts.accounts),
                        "version": String(counts.accountsVersion),
                    ])
            ),
        ]
    }
}
