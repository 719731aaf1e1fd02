import Domain
import Journal

/// `POST /sync/v1/confirmation-keys` (PROTOCOL §8).
struct ConfirmationKeyEndpoint: Sendable {
    let door: SyncDoor
    let phoneAddress: PhoneAddress

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        let asked: ConfirmationKeyRequest
        do throws(WireFault) {
            asked = try ConfirmationKeyRequest(bytes: request.body)
        } catch {
            return .unreadable("\(error)")
        }
        guard asked.version == 1 else { return .unknownVersion }
        try await door.tills.noteContact(tillID: request.till.tillID, head: asked.tillHead)
        let key = try await ConfirmationKeys(door.store).current(
            for: request.till, holds: asked.holds)
        return SyncReply(
            ConfirmationKeyReply(
                address: phoneAddress.text, beacon: door.beacon(for: request), key: key))
    }
}

/// `POST /sync/v1/payments` (PROTOCOL §8): waits until a phone has paid, or for as long as asked.
struct PhonePaymentEndpoint: Sendable {
    let door: SyncDoor
    let watch: ChangeWatch

    /// How often it is looked whether a phone has paid.
    static let interval: Duration = .milliseconds(250)

    func answer(_ request: SyncRequest) async throws -> SyncReply {
        let asked: PhonePaymentRequest
        do throws(WireFault) {
            asked = try PhonePaymentRequest(bytes: request.body)
        } catch {
            return .unreadable("\(error)")
        }
        guard asked.version == 1 else { return .unknownVersion }
        guard let read = PhoneRequest(token: asked.request), read.till == request.till.code,
            read.epoch == request.till.epoch, read.itemsHash == PhoneRequest.hash(of: asked.items)
        else { return .unreadable("the token is not this till's") }
        try await door.tills.noteContact(tillID: request.till.tillID, head: asked.tillHead)
        let payments = PhonePayments(door.store)
        do {
            let demand = try await payments.demand(asked.request)
            try await payments.register(demand, items: asked.items)
        } catch let refusal as PhoneRefusal where refusal == .keySuperseded {
            // The money may be held already: the till is told all the same.
        } catch let refusal as PhoneRefusal {
            return SyncReply(refusing: 409, refusal.code, "This till cannot be paid by phone.")
        } catch let refusal as AuthorisationRefusal {
            return SyncReply(refusing: 409, refusal.code, "The payment was another before.")
        }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(asked.wait)
        var standing = try await payments.standing(read.payment)
        while (standing?.state ?? PaymentState.none) == PaymentState.none, clock.now < end {
            let goesOn = await watch.wait(scope: request.till.storeCode, limit: Self.interval)
            standing = try await payments.standing(read.payment)
            if !goesOn { break }
        }
        return SyncReply(reply(read.payment, standing, request))
    }

    private func reply(
        _ payment: RecordID, _ standing: PhonePayments.Standing?, _ request: SyncRequest
    ) -> PhonePaymentReply {
        let isConfirmed = standing.map { $0.state == .held && $0.isByPhone } ?? false
        return PhonePaymentReply(
            beacon: door.beacon(for: request), card: isConfirmed ? standing?.card : nil,
            holder: isConfirmed ? standing?.holder : nil, isConfirmed: isConfirmed,
            payment: payment, remaining: isConfirmed ? standing?.remaining : nil,
            state: standing?.state ?? PaymentState.none, isTest: standing?.isTest ?? false)
    }
}

extension SyncDoor {
    /// Head office's time, bound to the request.
    func beacon(for request: SyncRequest) -> String {
        Beacon(
            issued: store.clock.now(), nonce: request.nonce, till: request.till.code, key: key
        ).token
    }
}

extension SyncReply {
    static func unreadable(_ why: String) -> SyncReply {
        SyncReply(
            refusing: 422, "unreadable_request", "The request is not the protocol's: \(why).")
    }

    static var unknownVersion: SyncReply {
        SyncReply(
            refusing: 426, "version", "This version of the protocol is not known here.")
    }
}
