public import Domain
import PostgresDriver
public import WebSupport

/// Stores and the logins at their tills.
public struct Stores: Sendable {
    let store: OfficeStore
    let telephones: OfficeTelephones
    let passwords: PasswordWorker

    /// On head office's database.
    public init(
        store: OfficeStore, telephones: OfficeTelephones, passwords: PasswordWorker
    ) {
        self.store = store
        self.passwords = passwords
        self.telephones = telephones
    }

    /// What a store is opened with.
    public struct NewStore: Sendable {
        /// Two capital letters and four digits.
        public var code: String
        /// Shown on tills and slips.
        public var name: String
        /// GB/T 2260, two digits.
        public var province: String
        /// Shown on slips.
        public var address: String
        /// Shown on slips.
        public var telephone: String
        /// Where the store is paid; empty until finance knows it.
        public var settlementAccount: String
        /// Fee in millionths of what reached store payable.
        public var feePerMillion: Int

        /// A store to open.
        public init(
            code: String, name: String, province: String, address: String, telephone: String,
            settlementAccount: String = "", feePerMillion: Int = 0
        ) {
            self.code = code
            self.name = name
            self.province = province
            self.address = address
            self.telephone = telephone
            self.settlementAccount = settlementAccount
            self.feePerMillion = feePerMillion
        }
    }

    /// Opens a store and publishes its facts, limits and programmes to its tills.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.codeInvalid`, `.nameEmpty`, `.provinceUnknown`, `.feeInvalid`,
    ///   `.codeTaken`.
    @discardableResult
    public func create(_ new: NewStore, by actor: StaffActor, at now: Instant) async throws -> Int64
    {
        try actor.require(.storeAdministrator)
        guard Self.isCode(new.code) else { throw StoresRefusal.codeInvalid }
        let name = new.name.trimmedText
        guard (1...60).contains(name.unicodeScalars.count) else { throw StoresRefusal.nameEmpty }
        guard Province.all.contains(where: { $0.code == new.province }) else {
            throw StoresRefusal.provinceUnknown
        }
        guard (0...200_000).contains(new.feePerMillion) else { throw StoresRefusal.feeInvalid }
        return try await store.write { [telephones] session in
            let row = try session.queryOne(
                """
                INSERT INTO store (code, name, province, address, telephone, settlement_account,
                                   fee_per_million, created_at)
                VALUES (\(new.code), \(name), \(new.province), \(new.address.trimmedText),
                        \(new.telephone.trimmedText), \(new.settlementAccount.trimmedText),
                        \(Int32(new.feePerMillion)), \(now))
                ON CONFLICT (code) DO NOTHING
                RETURNING store_id
                """)
            guard let storeID = try row?.decode("store_id", as: Int64.self) else {
                throw StoresRefusal.codeTaken
            }
            try ChangeItems.publishStore(storeID, telephones: telephones, in: session)
            try ChangeItems.publishProgrammes(toStore: storeID, in: session)
            try session.audit(actor, "store.create", new.code, ["name": name], at: now)
            return storeID
        }
    }

    /// Offline limits of a store (R-P3).
    public struct Limits: Sendable, Equatable {
        /// In fen.
        public var tillTotal: Money
        /// Most unsent sales.
        public var tillCount: Int
        /// In seconds.
        public var amberAfter: Int
        /// In seconds; not before amber.
        public var redAfter: Int

        /// Limits to set.
        public init(tillTotal: Money, tillCount: Int, amberAfter: Int, redAfter: Int) {
            self.tillTotal = tillTotal
            self.tillCount = tillCount
            self.amberAfter = amberAfter
            self.redAfter = redAfter
        }
    }

    /// Sets a store's offline limits and publishes them.
    ///
    /// - Refuses: `.roleMissing`, `.limitsInvalid`, `.unknownStore`.
    public func setLimits(
        _ limits: Limits, ofStore code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        guard limits.tillTotal >= .zero, limits.tillTotal <= .largestEntered,
            (0...100_000).contains(limits.tillCount), limits.amberAfter > 0,
            limits.redAfter >= limits.amberAfter, limits.redAfter <= 31 * 86_400
        else { throw StoresRefusal.limitsInvalid }
        try await store.write { [telephones] session in
            let row = try session.queryOne(
                """
                UPDATE store SET till_total_limit = \(limits.tillTotal),
                    till_count_limit = \(Int32(limits.tillCount)),
                    amber_after = \(Int32(limits.amberAfter)), red_after = \(Int32(limits.redAfter))
                WHERE code = \(code) RETURNING store_id
                """)
            guard let storeID = try row?.decode("store_id", as: Int64.self) else {
                throw StoresRefusal.unknownStore
            }
            try ChangeItems.publishStore(storeID, telephones: telephones, in: session)
            try session.audit(
                actor, "store.set_limits", code,
                [
                    "tillTotal": String(limits.tillTotal.fen),
                    "tillCount": String(limits.tillCount), "amberAfter": String(limits.amberAfter),
                    "redAfter": String(limits.redAfter),
                ], at: now)
        }
    }

    /// Suspends a store or opens it again.
    ///
    /// - Refuses: `.roleMissing`, `.unknownStore`.
    public func setSuspended(
        _ isSuspended: Bool, store code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.storeAdministrator)
        try await store.write { [telephones] session in
            let row = try session.queryOne(
                "UPDATE store SET suspended = \(isSuspended) WHERE code = \(code) RETURNING store_id"
            )
            guard let storeID = try row?.decode("store_id", as: Int64.self) else {
                throw StoresRefusal.unknownStore
            }
            try ChangeItems.publishStore(storeID, telephones: telephones, in: session)
            try session.audit(actor, isSuspended ? "store.suspend" : "store.resume", code, at: now)
        }
    }

    static func isCode(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 6 && bytes.prefix(2).allSatisfy { (0x41...0x5A).contains($0) }
            && bytes.suffix(4).allSatisfy { (0x30...0x39).contains($0) }
    }
}
