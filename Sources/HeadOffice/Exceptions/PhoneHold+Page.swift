import Domain
import Hummingbird
import Journal
import WebSupport

/// The part of an exception's page that is about a phone's hold, and the two steps that end it (R-P11).
struct PhoneHoldView {
    let confirmedAt: String
    let card: String
    let cardHref: String
    let hasCard: Bool
    let items: String
    /// Why not everything can be done; nil when it can.
    let obstacle: String?
    let isInQuarantine: Bool
    /// For those who may see it.
    let quarantineHref: String?
    let canAsk: Bool
    let moves: [MoveView]
    let takesSlip: Bool
    let request: RequestView?

    /// A way to end the hold.
    struct MoveView {
        let value: String
        let label: String
        let explanation: String
        let isChosen: Bool
    }

    /// What somebody asked, for the second person.
    struct RequestView {
        let who: String
        let askedAt: String
        let what: String
        let receipt: String
        let isProved: Bool
        let reason: String
        let canDecide: Bool
        let canAgree: Bool
    }

    init(_ shown: PhoneHoldEnds.Shown, text: PageText, actor: StaffActor) {
        let canAct = shown.isHeld && !actor.roles.isDisjoint(with: [.approver, .finance])
        confirmedAt = text.time(shown.confirmedAt)
        card = [shown.cardMask, shown.holder].filter { !$0.isEmpty }.joined(separator: " · ")
        cardHref = shown.cardID.map { "/cards/\($0)" } ?? ""
        hasCard = shown.cardID != nil
        items = shown.items.map { "\($0.name) × \($0.quantity)" }
            .joined(separator: text.words.language == .en ? ", " : "、")
        let moves = shown.moves
        isInQuarantine = shown.isHeld && shown.record == .waits
        quarantineHref =
            isInQuarantine && !actor.roles.isDisjoint(with: [.finance, .auditor])
            ? "/quarantine" : nil
        let isReleaseOnly = shown.isHeld && shown.record == .decided
        obstacle =
            isInQuarantine
            ? text.words("exceptions.holdWaits")
            : isReleaseOnly ? text.words("exceptions.holdReleaseOnly") : nil
        canAsk = canAct && shown.request == nil && !moves.isEmpty
        self.moves = moves.enumerated().map { index, move in
            MoveView(
                value: move.rawValue, label: text.words("exceptions.holdMove." + move.rawValue),
                explanation: text.words("exceptions.holdHint." + move.rawValue),
                isChosen: index == 0)
        }
        takesSlip = moves.contains(.payStore)
        request =
            shown.isHeld
            ? shown.request.map {
                RequestView(
                    who: $0.personName, askedAt: text.time($0.askedAt),
                    what: text.words("exceptions.holdMove." + $0.move.rawValue),
                    receipt: $0.receipt, isProved: $0.isProved, reason: $0.reason,
                    canDecide: canAct && !moves.isEmpty && $0.personID != actor.personID,
                    canAgree: moves.contains($0.move))
            } : nil
    }
}

extension ExceptionPages {
    func askHoldEnd(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        guard let move = PhoneHoldEnds.Move(rawValue: try form.require("move")) else {
            throw RequestRefusal.malformedBody
        }
        let exceptionID = try context.number("id")
        let (slip, reason) = (try form.text("slip"), try form.text("reason"))
        let actor = try await desk.actor(context)
        let desk = desk
        _ = try await desk.commit {
            try await desk.phoneHoldEnds.ask(
                exceptionID, move, slip: slip, reason: reason, by: actor, at: desk.now)
        }
        return .redirect(
            to: "/exceptions/\(exceptionID)", notice: Notice(.success, "exceptions.holdAsked"))
    }

    func decideHoldEnd(_ context: WebContext) async throws -> Response {
        let form = try context.requireForm()
        let agrees = try form.agrees()
        let exceptionID = try context.number("id")
        let actor = try await desk.actor(context)
        let desk = desk
        _ = try await desk.commit {
            try await desk.phoneHoldEnds.decide(
                exceptionID, agrees: agrees, by: actor, at: desk.now)
        }
        return .redirect(
            to: "/exceptions/\(exceptionID)",
            notice: Notice(.success, agrees ? "exceptions.holdEnded" : "exceptions.holdKept"))
    }
}

extension FormFields {
    /// What a second person says.
    ///
    /// - Refuses: anything but `approved` and `refused`.
    func agrees() throws -> Bool {
        switch try require("verdict") {
        case "approved": true
        case "refused": false
        default: throw RequestRefusal.malformedBody
        }
    }
}
