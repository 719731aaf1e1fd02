import Domain
import Hummingbird
import WebSupport

// The page of one exception: what happened in plain words, the record as received, what can be done, what was done.
extension ExceptionPages {
    private struct View {
        let id: String
        let title: String
        let state: StateView
        let isTest: Bool
        let cause: String
        let story: String
        let amount: String
        let disputed: String
        let disputedFen: String
        let paidByCard: String
        let hasSale: Bool
        let total: String
        let refunded: String
        let bearer: String
        let outcome: String
        let isSettled: Bool
        let orderHref: String
        let store: String
        let till: String
        let cashier: String
        let card: String
        let cardHref: String
        let hasCard: Bool
        let cardState: String
        let credential: String
        let soldAt: String
        let receivedAt: String
        let place: String
        let flags: String
        let hasFlags: Bool
        let lines: [LineView]
        let hasContent: Bool
        let content: String
        let hasHistory: Bool
        let history: [HistoryView]
        let hasMovements: Bool
        let movements: [MovementView]
        let moves: [MoveView]
        let hasMoves: Bool
        let quarantineHref: String?
        let writeOff: WriteOffView?
        let hold: PhoneHoldView?
        let reasonMax: String
    }

    private struct LineView {
        let name: String
        let spec: String
        let sku: String
        let price: String
        let quantity: String
        let amount: String
    }

    private struct HistoryView {
        let at: String
        let who: String
        let words: String
        let amount: String
        let reason: String
    }

    private struct MovementView {
        let kind: String
        let from: String
        let to: String
        let amount: String
        let postedAt: String
        let month: String
    }

    private struct MoveView {
        let value: String
        let label: String
        let explanation: String
        let isChosen: Bool
    }

    private struct WriteOffView {
        let who: String
        let reason: String
        let canDecide: Bool
    }

    func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let shown = try await desk.exceptions.show(try context.number("id"), by: actor)
        let hold = try await desk.phoneHoldEnds.show(shown.listed.exceptionID, by: actor)
        return try desk.page(
            "exceptions/show", view(shown, hold, text: desk.text(context), actor: actor), context)
    }

    private func view(
        _ shown: Exceptions.Shown, _ hold: PhoneHoldEnds.Shown?, text: PageText, actor: StaffActor
    ) -> View {
        let listed = shown.listed
        let order = shown.sale?.order
        let canAct = !actor.roles.isDisjoint(with: [.approver, .finance])
        let isQuarantined = listed.code == RecordException.quarantined.code
        let moves =
            canAct && !listed.awaitsSecond && !isQuarantined ? self.moves(shown, text) : []
        let none = text.words("common.none")
        let flags =
            shown.received.flags
            + (shown.sale?.isPolicyRollback == true ? ["policy_rollback"] : [])
        return View(
            id: String(listed.exceptionID),
            title: listed.receipt ?? "\(listed.tillCode) #\(listed.exceptionID)",
            state: state(listed, text), isTest: listed.isTest, cause: cause(listed.code, text),
            story: story(shown, text), amount: text.money(listed.amount),
            disputed: text.money(listed.disputed), disputedFen: String(listed.disputed.fen),
            paidByCard: text.money(order?.paidByCard ?? .zero), hasSale: order != nil,
            total: text.money(order?.total ?? .zero),
            refunded: text.money(order?.refunded ?? .zero),
            bearer: text.words("exceptions.bearer." + listed.bearer),
            outcome: listed.outcome.map { text.words("exceptions.outcome." + $0) } ?? "",
            isSettled: listed.state == "settled",
            orderHref: shown.saleID.map { "/orders/\($0)" } ?? "",
            store: "\(listed.storeCode) \(listed.storeName)", till: listed.tillCode,
            cashier: order?.cashier ?? none, card: listed.cardMask ?? none,
            cardHref: shown.cardID.map { "/cards/\($0)" } ?? "", hasCard: shown.cardID != nil,
            cardState: shown.cardState.map { text.words("state." + $0) } ?? none,
            credential: text.words("exceptions.credential." + (shown.credential ?? "none")),
            soldAt: text.time(shown.received.businessAt),
            receivedAt: text.time(shown.received.receivedAt),
            place: "\(listed.tillCode)/\(shown.received.epoch) · \(shown.received.sequence)",
            flags: flags.map { text.words("exceptions.flag." + $0) }
                .joined(separator: text.words.language == .en ? ", " : "、"),
            hasFlags: !flags.isEmpty, lines: lines(shown, text),
            hasContent: order == nil, content: String(shown.received.content.prefix(4_000)),
            hasHistory: !shown.history.isEmpty,
            history: shown.history.map { history($0, text) },
            hasMovements: !(shown.sale?.movements ?? []).isEmpty,
            movements: (shown.sale?.movements ?? []).map { movement($0, text) },
            moves: moves, hasMoves: !moves.isEmpty,
            quarantineHref: isQuarantined && listed.state != "settled"
                ? "/quarantine" : nil,
            writeOff: listed.awaitsSecond
                ? WriteOffView(
                    who: shown.writeOffBy ?? none, reason: shown.writeOffReason ?? "",
                    canDecide: canAct && shown.writeOffPersonID != actor.personID) : nil,
            hold: hold.map { PhoneHoldView($0, text: text, actor: actor) },
            reasonMax: String(Exceptions.reasonLengthMax))
    }

    /// What happened, as one would tell a colleague.
    private func story(_ shown: Exceptions.Shown, _ text: PageText) -> String {
        let listed = shown.listed
        let why =
            text.words.text("exception." + listed.code) ?? text.words("exceptions.whyOther")
        guard let order = shown.sale?.order else {
            return text.words(
                "exceptions.storyRecord",
                [
                    "till": listed.tillCode, "time": text.time(shown.received.receivedAt),
                    "kind": text.words("exceptions.kind." + kindKey(listed.kind)), "why": why,
                ])
        }
        return text.words(
            "exceptions.storySale",
            [
                "store": listed.storeName, "time": text.time(order.soldAt),
                "mode": text.words("mode." + order.mode), "total": text.money(order.total),
                "paid": text.money(order.paidByCard), "why": why,
                "disputed": text.money(listed.disputed),
            ])
    }

    private func lines(_ shown: Exceptions.Shown, _ text: PageText) -> [LineView] {
        (shown.sale?.lines ?? []).map {
            LineView(
                name: $0.name, spec: $0.spec, sku: $0.sku, price: text.money($0.price),
                quantity: String($0.quantity), amount: text.money($0.amount))
        }
    }

    private func history(_ happened: Exceptions.Happened, _ text: PageText) -> HistoryView {
        HistoryView(
            at: text.time(happened.at),
            who: happened.person
                ?? (happened.actor == "system"
                    ? text.words("exceptions.system") : happened.actor),
            words: text.words("exceptions.event." + happened.action),
            amount: text.money(happened.amount),
            reason: happened.reason == Jobs.undecidedReason
                ? text.words("exceptions.undecided") : happened.reason)
    }

    private func movement(_ movement: Orders.Movement, _ text: PageText) -> MovementView {
        MovementView(
            kind: text.words("transfer." + movement.kind),
            from: text.words("account." + movement.fromKind),
            to: text.words("account." + movement.toKind), amount: text.money(movement.amount),
            postedAt: text.time(movement.postedAt),
            month: movement.accountingMonth.tradingMonth.description)
    }

    private func moves(_ shown: Exceptions.Shown, _ text: PageText) -> [MoveView] {
        let fitting = ExceptionPosting.moves(for: shown.facts).filter {
            $0 != .collect || shown.listed.state == "open"
        }
        return fitting.enumerated().map { index, move in
            MoveView(
                value: move.rawValue, label: text.words("exceptions.move." + move.rawValue),
                explanation: text.words("exceptions.moveHint." + move.rawValue),
                isChosen: index == 0)
        }
    }

    // MARK: Decisions

    private func disputed(_ form: FormFields) throws -> Money {
        guard let fen = Int64(try form.require("disputed")) else {
            throw RequestRefusal.malformedBody
        }
        return Money(fen: fen)
    }

    func decide(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        guard let move = ExceptionPosting.Move(rawValue: try form.require("move")) else {
            throw RequestRefusal.malformedBody
        }
        let exceptionID = try context.number("id")
        let (reason, disputed) = (try form.text("reason"), try disputed(form))
        let actor = try await desk.actor(context)
        let desk = desk
        _ = try await desk.commit {
            try await desk.exceptions.decide(
                exceptionID, move, reason: reason, disputed: disputed, by: actor, at: desk.now)
        }
        return .redirect(
            to: "/exceptions/\(exceptionID)",
            notice: Notice(.success, "exceptions.did." + move.rawValue))
    }

    func decideWriteOff(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let agrees = try form.agrees()
        let exceptionID = try context.number("id")
        let disputed = try disputed(form)
        let actor = try await desk.actor(context)
        let desk = desk
        _ = try await desk.commit {
            try await desk.exceptions.decideWriteOff(
                exceptionID, agrees: agrees, disputed: disputed, by: actor, at: desk.now)
        }
        return .redirect(
            to: "/exceptions/\(exceptionID)",
            notice: Notice(
                .success, agrees ? "exceptions.writtenOff" : "exceptions.writeOffRefused"))
    }
}
