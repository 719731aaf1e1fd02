import Domain
import Journal
import Logging
import PostgresDriver

/// `GET /sync/v1/changes` (PROTOCOL §7): a long poll of the change feed.
struct ChangesEndpoint: Sendable {
    let door: SyncDoor
    let watch: ChangeWatch

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        guard
            let asked = ChangesRequest(
                after: request.query["after"], wait: request.query["wait"],
                head: request.query["head"], status: request.query["status"]),
            let after = ChangeCursor(text: asked.after.text)
        else {
            return SyncReply(
                refusing: 422, "unreadable_request", "The address is not the protocol's.")
        }
        try await door.tills.noteContact(
            tillID: request.till.tillID, head: asked.head, status: asked.status)
        try await door.tills.acknowledge(
            request.till, headSequence: asked.head.sequence, cursor: after)
        try await CardJobs(door.store).hear(
            tillID: request.till.tillID, epoch: request.till.epoch,
            headSequence: asked.head.sequence, cursor: after)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(asked.waitSeconds)
        var look = try await self.look(request, after: after)
        while look.page.items.isEmpty, clock.now < end {
            // Short slices: what commits between a look and the wait is found by the next look.
            let slice = look.page.isComplete ? Duration.seconds(1) : .milliseconds(100)
            let goesOn = await watch.wait(
                scope: request.till.storeCode, limit: min(slice, clock.now.duration(to: end)))
            look = try await self.look(request, after: after)
            if !goesOn { break }
        }
        return try reply(look, request)
    }

    private struct Look {
        let page: ChangeFeed.Page
        /// Head office's time before the look: everything committed by then is in it.
        let at: Instant
    }

    private func look(_ request: SyncRequest, after: ChangeCursor) async throws -> Look {
        let at = door.store.clock.now()
        let scope = request.till.storeCode
        let page = try await door.store.read { session in
            try ChangeFeed.read(session, scope: scope, after: after)
        }
        return Look(page: page, at: at)
    }

    private func reply(_ look: Look, _ request: SyncRequest) throws -> SyncReply {
        let items = look.page.items.compactMap { item -> ChangeItem? in
            do throws(WireFault) {
                guard let topic = ChangeItem.Topic(rawValue: item.topic) else { return nil }
                return try ChangeItem(
                    topic: topic, key: item.key, version: item.position.changeID,
                    bodyBytes: item.removed ? nil : Array(item.body.utf8))
            } catch {
                // One bad item must not stop the others (S-2).
                door.store.logger.error(
                    "A change is not the protocol's and is left out",
                    metadata: ["topic": "\(item.topic)", "fault": "\(error)"])
                return nil
            }
        }
        guard let next = Cursor(look.page.next.text) else {
            preconditionFailure("a cursor that the protocol cannot carry: \(look.page.next.text)")
        }
        let beacon = Beacon(
            issued: door.store.clock.now(), nonce: request.nonce, till: request.till.code,
            key: door.key)
        return SyncReply(
            ChangesReply(
                beacon: beacon.token,
                complete: look.page.isComplete
                    ? ChangesReply.Complete(at: look.at, version: next) : nil,
                items: items, next: next))
    }
}
