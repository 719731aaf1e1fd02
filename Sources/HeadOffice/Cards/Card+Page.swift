import Domain
import Hummingbird
import WebSupport

// A card's own page.
extension CardPages {
    private struct View {
        let card: CardView
        let revealed: RevealedView?
        let isIssuing: Bool
        let acts: [ActView]
        let loadID: String?
        let canSetHolder: Bool
        let lock: LockView?
        let hasMovements: Bool
        let movements: [MovementView]
        let hasLoads: Bool
        let loads: [AskedView]
        let hasRequests: Bool
        let requests: [AskedView]
        let hasHeldBack: Bool
        let heldBack: [HeldBackView]
        let hasHistory: Bool
        let history: [HistoryView]
        let replaces: LinkView?
        let replacedBy: LinkView?
    }

    private struct RevealedView {
        let number: String
        let holder: String
    }

    /// A form of one reason.
    private struct ActView {
        let action: String
        let label: String
        let hint: String
        let isDanger: Bool
        let kind: String
        let requestID: String
        let isRequest: Bool
        let field: String
    }

    private struct LockView {
        let words: String
    }

    private struct LinkView {
        let href: String
        let card: String
    }

    private struct HeldBackView {
        let till: String
        let amount: String
        let endsAt: String
        let state: String
    }

    private struct HistoryView {
        let at: String
        let actor: String
        let action: String
        let reason: String
    }

    private struct MovementView {
        let kind: String
        let amount: String
        let isOut: Bool
        let store: String
        let receipt: String
        let href: String
        let hasSale: Bool
        let businessAt: String
        let postedAt: String
    }

    func show(_ context: WebContext, revealed: Cards.Revealed?) async throws -> Response {
        let actor = try await desk.actor(context)
        let shown = try await desk.cards.show(try context.number("id"), by: actor)
        let text = desk.text(context)
        let card = shown.card
        let isIssuing = !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor])
        let view = View(
            card: CardView(card, text: text),
            revealed: revealed.map {
                RevealedView(
                    number: $0.number, holder: $0.holder ?? text.words("cards.noHolder"))
            }, isIssuing: isIssuing, acts: acts(shown, actor: actor, text: text),
            loadID: isIssuing && card.state == "active"
                ? desk.store.clock.makeID().description : nil,
            canSetHolder: isIssuing && card.state != "closed",
            lock: lock(card, text: text), hasMovements: !shown.movements.isEmpty,
            movements: shown.movements.map { movement($0, text: text) },
            hasLoads: !shown.loads.isEmpty,
            loads: shown.loads.map { LoadPages.view($0, text: text, actor: actor) },
            hasRequests: !shown.requests.isEmpty,
            requests: shown.requests.map {
                CardRequestPages.view($0, text: text, actor: actor)
            }, hasHeldBack: !shown.heldBack.isEmpty,
            heldBack: shown.heldBack.map {
                HeldBackView(
                    till: $0.tillCode, amount: text.money($0.amount),
                    endsAt: text.time($0.endsAt),
                    state: text.words($0.isHeard ? "cards.heard" : "cards.silent"))
            }, hasHistory: !shown.acts.isEmpty,
            history: shown.acts.map {
                HistoryView(
                    at: text.time($0.at), actor: $0.actor,
                    action: text.words.text("act." + $0.action) ?? $0.action,
                    reason: text.words.text("cardRequest." + $0.reason) ?? $0.reason)
            }, replaces: shown.replaces.map(link), replacedBy: shown.replacedBy.map(link))
        return try desk.page("cards/show", view, context)
    }

    private func link(_ card: Cards.Linked) -> LinkView {
        LinkView(href: "/cards/\(card.cardID)", card: card.mask)
    }

    private func lock(_ card: Cards.Listed, text: PageText) -> LockView? {
        if card.lock.needsReset { return LockView(words: text.words("cards.lockedUntilReset")) }
        if card.lock.isLocked(on: BusinessDate(desk.now)) {
            return LockView(words: text.words("cards.lockedToday"))
        }
        return nil
    }

    private func movement(_ movement: Cards.Movement, text: PageText) -> MovementView {
        MovementView(
            kind: text.words("transfer." + movement.kind), amount: text.money(movement.amount),
            isOut: movement.amount < .zero, store: movement.storeName ?? "",
            receipt: movement.receipt ?? "",
            href: movement.saleID.map { "/orders/\($0)" } ?? "",
            hasSale: movement.saleID != nil, businessAt: text.time(movement.businessAt),
            postedAt: text.time(movement.postedAt))
    }

    /// What fits the card's state and the person's roles.
    private func acts(
        _ shown: Cards.Shown, actor: StaffActor, text: PageText
    ) -> [ActView] {
        guard !actor.roles.isDisjoint(with: [.issuer, .issuingSupervisor]) else { return [] }
        let card = shown.card
        let isSupervisor = actor.roles.contains(.issuingSupervisor)
        let isWaiting = shown.requests.contains { $0.state == "asked" }
        let isReplaced = shown.replacedBy != nil
        var acts: [ActView] = []
        func act(_ name: String, danger: Bool = false) {
            acts.append(
                ActView(
                    action: "/cards/\(card.cardID)/\(name)", label: text.words("cardAct." + name),
                    hint: text.words("cardAct.\(name).hint"), isDanger: danger, kind: "",
                    requestID: "", isRequest: false, field: "reason-" + name))
        }
        func ask(_ kind: CardRequestKind, danger: Bool = false) {
            acts.append(
                ActView(
                    action: "/cards/\(card.cardID)/requests",
                    label: text.words("cardRequest." + kind.rawValue),
                    hint: text.words("cardRequest.\(kind.rawValue).hint"), isDanger: danger,
                    kind: kind.rawValue, requestID: desk.store.clock.makeID().description,
                    isRequest: true, field: "reason-" + kind.rawValue))
        }
        if card.state == "active" { act("freeze", danger: true) }
        if card.state == "frozen", !card.isExpired, isSupervisor { act("unfreeze") }
        if card.state == "active" || card.state == "frozen" { act("lost", danger: true) }
        if isSupervisor, card.lock != .unused, card.state != "closed" { act("reset-lock") }
        if card.state != "closed", !isReplaced, !isWaiting {
            if card.state == "lost" { ask(.replace) }
            if card.isExpired || card.state == "lost" { ask(.reactivate) }
            ask(.resetPassword)
            if !card.isTest, shown.movements.isEmpty, card.state == "active" { ask(.flagTest) }
            ask(.close, danger: true)
        }
        act("reveal")
        return acts
    }
}
