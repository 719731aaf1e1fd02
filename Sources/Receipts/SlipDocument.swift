public import Domain

/// A slip as rows, ready for any paper or screen.
///
/// - Shape: texts are bounded (names 60 characters, opinions 200, others 80) and free of control
///   and direction characters, so that no name can imitate a row of the slip.
public struct SlipDocument: Sendable, Hashable, Codable {
    /// Who keeps the slip.
    public enum Copy: Sendable, Hashable, CaseIterable {
        /// 商户存根, with the signature line.
        case merchant
        /// 顾客联.
        case customer
    }

    /// One row.
    public enum Row: Sendable, Hashable, Codable {
        /// The store's name, large.
        case store(String)
        /// What the slip is.
        case title(String)
        /// A line in the middle.
        case centred(String)
        /// A line in a box: the test mark.
        case boxed(String)
        /// A rule across.
        case rule
        /// A label and its value.
        case pair(label: String, value: String)
        /// Something sold: name, how many at what price, amount, and a note on the price.
        case item(name: String, count: String, amount: String, note: String?)
        /// The total, large.
        case total(label: String, value: String)
        /// Room to sign, under a label.
        case signature(String)
        /// The order number, as a bar code where the paper can show one.
        case barcode(String)
        /// Text signed by the till, as a QR code where the paper can show one.
        case signedCode(String)
    }

    /// The rows from top to bottom.
    public let rows: [Row]

    /// Arranges a slip.
    ///
    /// - Shape: `reprint` is nil for the original pair, else counts the reprints from 1;
    ///   `signedCode` is printed on the merchant's copy only.
    /// - Refuses, first match wins: `noLines`, `tooManyLines`, `overflow`, `totalDiffers`.
    public init(
        _ facts: SlipFacts, copy: Copy, language: SlipLanguage, reprint: Int? = nil,
        signedCode: String? = nil
    ) throws(SlipRefusal) {
        if facts.lines.isEmpty { throw .noLines }
        if facts.lines.count > 200 { throw .tooManyLines }
        let sums = try Self.sums(facts.lines)
        if sums.charged != facts.total { throw .totalDiffers }
        let words = SlipWords(language: language)
        rows =
            Self.head(facts, copy, words, reprint) + Self.about(facts, words)
            + facts.lines.map { Self.item($0, words, isRefund: facts.isRefund) }
            + Self.amounts(facts, sums.list, words) + Self.payment(facts, words)
            + Self.foot(facts, copy, words, signedCode)
    }

    /// A page that shows whether a printer is set up right: width, Chinese, ¥, bar code and QR code.
    public init(testOf printer: String, paper: SlipPaper, time: Instant, language: SlipLanguage) {
        let words = SlipWords(language: language)
        let ruler = (1...paper.columns).map { String($0 % 10) }.joined()
        rows = [
            .title(words.testPage), .centred(SlipText.clean(printer, 60)), .rule,
            .pair(label: words.paper, value: "\(paper.rawValue) mm"),
            .pair(label: words.time, value: SlipTime.text(time)), .centred(ruler),
            .item(
                name: "番茄牛腩煲仔饭（大份，少辣，不要香菜）", count: "1 x 2,380.00",
                amount: "¥2,380.00", note: nil),
            .total(label: words.total, value: "¥2,380.00"), .rule,
            .barcode("TEST-20261125-0001"), .signedCode("https://example.invalid/test"),
            .centred(words.testHint),
        ]
    }

    private static func head(
        _ facts: SlipFacts, _ copy: Copy, _ words: SlipWords, _ reprint: Int?
    ) -> [Row] {
        var rows: [Row] = [.store(SlipText.clean(facts.store.name, 60))]
        let address = SlipText.clean(facts.store.address, 80)
        if !address.isEmpty { rows.append(.centred(address)) }
        rows.append(.title(facts.isRefund ? words.refundTitle : words.saleTitle))
        rows.append(.centred(copy == .merchant ? words.merchantCopy : words.customerCopy))
        if let reprint {
            let till = facts.reprintedAt.map { " · " + SlipText.clean($0, 40) } ?? ""
            rows.append(.centred(words.reprint(reprint) + till))
        }
        if facts.isTest { rows.append(.boxed(words.test)) }
        return rows + [.rule]
    }

    private static func about(_ facts: SlipFacts, _ words: SlipWords) -> [Row] {
        var rows: [Row] = []
        if case .approvedRefund(let saleNumber, _, _) = facts.event {
            rows.append(.pair(label: words.refundNumber, value: SlipText.clean(facts.number, 80)))
            rows.append(.pair(label: words.saleNumber, value: SlipText.clean(saleNumber, 80)))
        } else {
            rows.append(.pair(label: words.orderNumber, value: SlipText.clean(facts.number, 80)))
        }
        return rows + [
            .pair(label: words.till, value: SlipText.clean(facts.till, 80)),
            .pair(label: words.time, value: SlipTime.text(facts.time)),
            .pair(label: words.cashier, value: SlipText.clean(facts.cashier, 60)),
            .rule,
        ]
    }

    private static func item(
        _ line: SaleLine, _ words: SlipWords, isRefund: Bool
    ) -> Row {
        let isAtListPrice = isRefund || line.list == line.price
        let spec = SlipText.clean(line.spec, 60)
        let name = SlipText.clean(line.name, 60) + (spec.isEmpty ? "" : " " + spec)
        // Checked by `sums`, which runs before.
        let amount = (try? line.amount) ?? .zero
        return .item(
            name: name, count: "\(line.quantity) x \(line.price.grouped)",
            amount: amount.grouped,
            note: isAtListPrice ? nil : words.listPrice + " " + line.list.grouped)
    }

    private static func amounts(
        _ facts: SlipFacts, _ list: Money, _ words: SlipWords
    ) -> [Row] {
        var rows: [Row] = [.rule]
        if list != facts.total, !facts.isRefund {
            rows.append(.pair(label: words.listTotal, value: list.grouped))
        }
        let label = facts.isRefund ? words.refundTotal : words.total
        return rows + [.total(label: label, value: "¥" + facts.total.grouped), .rule]
    }

    private static func payment(_ facts: SlipFacts, _ words: SlipWords) -> [Row] {
        let mask = SlipText.clean(facts.card.mask, 40)
        var rows: [Row] = [
            .pair(label: words.card, value: mask.isEmpty ? words.cardUnknown : mask)
        ]
        if let balance = facts.card.balance {
            rows.append(.pair(label: words.balance, value: "¥" + balance.grouped))
        } else if facts.event == .standInSale {
            rows.append(.pair(label: words.balance, value: words.balanceUnknown))
        }
        switch facts.event {
        case .authorisedSale:
            rows.append(.pair(label: words.state, value: words.authorised))
        case .standInSale:
            rows.append(.pair(label: words.state, value: words.standIn))
        case .approvedRefund(_, let opinion, let decidedBy):
            rows.append(.pair(label: words.state, value: words.refundApproved))
            rows.append(.pair(label: words.decidedBy, value: SlipText.clean(decidedBy, 60)))
            rows.append(.pair(label: words.opinion, value: SlipText.clean(opinion, 200)))
        }
        return rows
    }

    private static func foot(
        _ facts: SlipFacts, _ copy: Copy, _ words: SlipWords, _ signedCode: String?
    ) -> [Row] {
        var rows: [Row] = []
        if copy == .merchant {
            let holder = facts.card.holder.map { SlipText.clean($0, 60) } ?? words.holderUnknown
            rows += [.rule, .pair(label: words.holder, value: holder), .signature(words.signature)]
        }
        rows.append(.barcode(SlipText.clean(facts.number, 80)))
        if copy == .merchant, let signedCode { rows.append(.signedCode(signedCode)) }
        rows += facts.store.telephones.prefix(4).map {
            .centred(SlipText.clean(words.telephone($0), 80))
        }
        if copy == .customer { rows.append(.centred(words.keep)) }
        return rows
    }

    private static func sums(
        _ lines: [SaleLine]
    ) throws(SlipRefusal) -> (charged: Money, list: Money) {
        do {
            var (charged, list) = (Money.zero, Money.zero)
            for line in lines {
                charged = try charged.adding(line.amount)
                list = try list.adding(line.list.multiplied(by: line.quantity))
            }
            return (charged, list)
        } catch {
            throw .overflow
        }
    }
}

extension SlipFacts {
    var isRefund: Bool {
        if case .approvedRefund = event { true } else { false }
    }
}

/// A moment as slips show it: Asia/Shanghai, to the second (R-T1).
enum SlipTime {
    static func text(_ instant: Instant) -> String {
        let date = BusinessDate(instant)
        let seconds = instant.milliseconds(since: date.start) / 1000
        return "\(date) \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
