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
    let canAsk: Bool
    let request: RequestView?

    /// What somebody asked, for the second person.
    struct RequestView {
        let who: String
        let askedAt: String
        let what: String
        let receipt: String
        let isProved: Bool
        let reason: String
        let canDecide: Bool
    }

    init(_ shown: PhoneHoldEnds.Shown, text: PageText, actor: StaffActor) {
        let canAct = shown.isHeld && !actor.roles.isDisjoint(with: [.approver, .finance])
        confirmedAt = text.time(shown.confirmedAt)
        card = [shown.cardMask, shown.holder].filter { !$0.isEmpty }.joined(separator: " · ")
        cardHref = shown.cardID.map { "/cards/\($0)" } ?? ""
        hasCard = shown.cardID != nil
        items = shown.items.map { "\($0.name) × \($0.quantity)" }
            .joined(separator: text.words.language == .en ? ", " : "、")
        canAsk = canAct && shown.request == nil
        request =
            shown.isHeld
            ? shown.request.map {
                RequestView(
                    who: $0.personName, askedAt: text.time($0.askedAt),
                    what: text.words("exceptions.holdMove." + $0.move.rawValue),
                    receipt: $0.receipt, isProved: $0.isProved, reason: $0.reason,
                    canDecide: canAct && $0.personID != actor.personID)
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
