import Domain
import PostgresDriver

extension Stores {
    /// What may be changed of a store that is open.
    struct Details: Sendable {
        let name: String
        let address: String
        let telephone: String
        let settlementAccount: String
        /// The store's own numbers; empty takes the network's.
        let telephones: OfficeTelephones
    }

    /// Changes a store's facts and publishes them to its tills.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.nameEmpty`, `.telephoneInvalid`, `.unknownStore`.
    func setDetails(
        _ details: Details, ofStore code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        let name = details.name.trimmedText
        guard (1...60).contains(name.unicodeScalars.count) else { throw StoresRefusal.nameEmpty }
        let own = try Self.checked(details.telephones)
        try await store.write { [telephones] session in
            let row = try session.queryOne(
                """
                UPDATE store SET name = \(name), address = \(details.address.trimmedText),
                    telephone = \(details.telephone.trimmedText),
                    settlement_account = \(details.settlementAccount.trimmedText),
                    service_telephone = \(own.service), fault_telephone = \(own.fault)
                WHERE code = \(code) RETURNING store_id
                """)
            guard let storeID = try row?.decode("store_id", as: Int64.self) else {
                throw StoresRefusal.unknownStore
            }
            try ChangeItems.publishStore(storeID, telephones: telephones, in: session)
            try session.audit(
                actor, "store.set_details", code,
                [
                    "name": name, "settlementAccount": details.settlementAccount.trimmedText,
                    "service": own.service, "fault": own.fault,
                ], at: now)
        }
    }

    /// Sets the numbers of the whole network and publishes them to every till.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.telephoneInvalid`.
    func setTelephones(
        _ network: OfficeTelephones, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        let network = try Self.checked(network)
        try await store.write { [telephones] session in
            try session.execute(
                """
                UPDATE office_telephones
                SET service = \(network.service), fault = \(network.fault)
                """)
            try ChangeItems.publishStore(nil, telephones: telephones, in: session)
            try session.audit(
                actor, "office.set_telephones", "*",
                ["service": network.service, "fault": network.fault], at: now)
        }
    }

    /// The numbers of the whole network, as set here; empty when the setting counts.
    ///
    /// - Refuses: `.roleMissing`.
    func networkTelephones(by actor: StaffActor) async throws -> OfficeTelephones {
        try actor.require(.storeAdministrator, .auditor, .finance, .operator)
        return try await store.read { session in
            try session.queryOne("SELECT service, fault FROM office_telephones").map {
                OfficeTelephones(service: try $0["service"], fault: try $0["fault"])
            }
        } ?? OfficeTelephones(service: "", fault: "")
    }

    private static func checked(
        _ telephones: OfficeTelephones
    ) throws(StoresRefusal) -> OfficeTelephones {
        let allowed = Set("0123456789+-() 转")
        let (service, fault) = (telephones.service.trimmedText, telephones.fault.trimmedText)
        for text in [service, fault] {
            guard text.count <= 30, text.allSatisfy(allowed.contains) else {
                throw .telephoneInvalid
            }
        }
        return OfficeTelephones(service: service, fault: fault)
    }
}
