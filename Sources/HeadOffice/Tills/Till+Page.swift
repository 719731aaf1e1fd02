import Domain
import Hummingbird
import WebSupport

/// One till: its health, its keys and epochs in plain words, and the way out of a fork.
struct TillPage: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/tills/{code}") { _, context in try await show(context) }
    }

    private struct View {
        let status: TillView
        /// Whether the list of tills is open to whoever looks.
        let hasList: Bool
        let name: String
        let storeCode: String
        let storeName: String
        let state: StateView
        let isRevoked: Bool
        let isForked: Bool
        let canRevoke: Bool
        let canRenew: Bool
        let received: String
        let stated: String
        let epochs: [EpochView]
        let hasQuarantine: Bool
        let quarantineText: String
        let quarantineHref: String?
        let gaps: [GapView]
        let hasGaps: Bool
    }

    private struct EpochView {
        let epoch: String
        let keyPrint: String
        let sealing: String
        let begun: String
        let ended: String
        let endedBy: String
        let received: String
        let stated: String
        let isPresent: Bool
    }

    private struct GapView {
        let sentence: String
    }

    private func show(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let code = context.parameters.get("code") ?? ""
        guard let found = try await desk.tills.status(tillCode: code, by: actor),
            let till = try await desk.overview.till(code, at: desk.now)
        else { throw RequestRefusal.notFound }
        let text = desk.text(context)
        let epochs = try await desk.tills.epochs(tillCode: code)
        let quarantined = epochs.reduce(0) { $0 + $1.quarantinedCount }
        let mayChange = actor.roles.contains(.storeAdministrator)
        let gaps = epochs.compactMap { gap(of: $0, text: text) }
        let view = View(
            status: TillView(till, text: text, now: desk.now),
            hasList: OfficeWeb.offers("/tills", to: actor), name: found.name,
            storeCode: found.storeCode, storeName: found.storeName,
            state: text.state(
                found.isRevoked ? "revoked" : found.isForked ? "forked" : "enabled"),
            isRevoked: found.isRevoked, isForked: found.isForked,
            canRevoke: mayChange && !found.isRevoked, canRenew: mayChange,
            received: String(found.durableSequence), stated: String(found.statedSequence),
            epochs: epochs.map { epochView($0, present: found.epoch, text: text) },
            hasQuarantine: quarantined > 0,
            quarantineText: text.words(
                "tills.quarantined", ["count": String(quarantined)]),
            quarantineHref: actor.hasOne(of: Quarantine.readers)
                ? address("/quarantine", [("till", code)]) : nil, gaps: gaps,
            hasGaps: !gaps.isEmpty)
        return try desk.page("tills/show", view, context)
    }

    private func epochView(_ epoch: Tills.Epoch, present: Int, text: PageText) -> EpochView {
        let endedBy =
            epoch.revokedAt == nil
            ? "–" : epoch.revokedBy ?? text.words("tills.endedByNext")
        return EpochView(
            epoch: String(epoch.epoch), keyPrint: epoch.keyPrint,
            sealing: epoch.sealingKeyID.map { $0 + " · " + text.time(epoch.sealingHeardAt) }
                ?? text.words("common.none"),
            begun: text.time(epoch.begunAt),
            ended: epoch.revokedAt.map(text.time) ?? text.words("tills.stillCounts"),
            endedBy: endedBy, received: String(epoch.receivedSequence),
            stated: String(epoch.statedSequence), isPresent: epoch.epoch == present)
    }

    /// A till in contact is a few records ahead all the time: only what an ended key or a silent till holds back is told.
    private func gap(of epoch: Tills.Epoch, text: PageText) -> GapView? {
        guard let missing = epoch.missing else { return nil }
        let isOver = epoch.revokedAt != nil
        return GapView(
            sentence: text.words(
                isOver ? "tills.gapOver" : "tills.gapOpen",
                [
                    "epoch": String(epoch.epoch), "first": String(missing.lowerBound),
                    "last": String(missing.upperBound), "count": String(missing.count),
                    "time": text.time(epoch.statedAt),
                ]))
    }
}
