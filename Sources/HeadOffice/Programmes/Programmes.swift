public import Domain
import PostgresDriver

/// Card programmes: whose cards they are, what they look like and where they are taken.
public struct Programmes: Sendable {
    let store: OfficeStore

    /// On head office's database.
    public init(store: OfficeStore) {
        self.store = store
    }

    /// Who bears what a card could not pay (R-P5).
    public enum Bearer: String, Sendable, CaseIterable {
        /// The store that took the card.
        case store
        /// The programme that issued it.
        case programme
    }

    /// A programme to make. Amounts in fen.
    public struct NewProgramme: Sendable {
        /// 2–12 capital letters and digits.
        public var code: String
        /// The programme's name.
        public var name: String
        /// GB/T 2260, two digits.
        public var province: String
        /// First digits of its numbers, as long as the scheme asks.
        public var prefix: String
        /// How its cards are numbered.
        public var scheme: NumberScheme
        /// `#rrggbb`, lower case.
        public var faceColour: String
        /// Printed on the card.
        public var faceTitle: String
        /// Most of one sale offline.
        public var perSaleLimit: Money = Money(fen: 20_000)
        /// Most unsent for one card at a till.
        public var perCardLimit: Money = Money(fen: 50_000)
        /// Most that a card may hold.
        public var balanceMaximum: Money = Money(fen: 500_000)
        /// Who bears a shortfall.
        public var bearer = Bearer.store
        /// Provinces whose stores take its cards.
        public var acceptedIn: Set<String> = []

        /// A programme with the default limits.
        public init(
            code: String, name: String, province: String, prefix: String, scheme: NumberScheme,
            faceColour: String, faceTitle: String, acceptedIn: Set<String>
        ) {
            self.code = code
            self.name = name
            self.province = province
            self.prefix = prefix
            self.scheme = scheme
            self.faceColour = faceColour
            self.faceTitle = faceTitle
            self.acceptedIn = acceptedIn
        }
    }

    /// Makes a programme and publishes it to every store.
    ///
    /// - Refuses, first match wins: `.roleMissing`, then `ProgrammesRefusal` in the order of its cases.
    public func create(_ new: NewProgramme, by actor: StaffActor, at now: Instant) async throws {
        try actor.require(.issuingSupervisor, .storeAdministrator)
        try check(new)
        try await store.write { session in
            let taken = try session.query(
                "SELECT code FROM programme WHERE code = \(new.code) OR prefix = \(new.prefix)")
            if let row = taken.first {
                let isCode = try row.decode("code", as: String.self) == new.code
                throw isCode ? ProgrammesRefusal.codeTaken : .prefixTaken
            }
            let row = try session.queryOne(
                """
                INSERT INTO programme (code, name, province, prefix, scheme, face_colour, face_title,
                    per_sale_limit, per_card_limit, balance_maximum, shortfall_bearer, created_at)
                VALUES (\(new.code), \(new.name.trimmedText), \(new.province), \(new.prefix),
                    \(new.scheme.rawValue), \(new.faceColour), \(new.faceTitle.trimmedText),
                    \(new.perSaleLimit), \(new.perCardLimit), \(new.balanceMaximum),
                    \(new.bearer.rawValue), \(now))
                ON CONFLICT DO NOTHING
                RETURNING programme_id
                """)
            guard let programmeID = try row?.decode("programme_id", as: Int64.self) else {
                throw ProgrammesRefusal.codeTaken
            }
            try Self.setAcceptance(new.acceptedIn, of: programmeID, in: session)
            try ChangeItems.publishProgrammes(in: session)
            try session.audit(
                actor, "programme.create", new.code,
                ["prefix": new.prefix, "scheme": new.scheme.rawValue], at: now)
        }
    }

    /// Sets in which provinces' stores a programme's cards are taken.
    ///
    /// - Refuses: `.roleMissing`, `.provinceUnknown`, `.unknownProgramme`.
    public func setAcceptance(
        _ provinces: Set<String>, of code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor, .storeAdministrator)
        guard provinces.isSubset(of: Set(Province.all.map(\.code))) else {
            throw ProgrammesRefusal.provinceUnknown
        }
        try await store.write { session in
            let row = try session.queryOne(
                "SELECT programme_id FROM programme WHERE code = \(code) FOR UPDATE")
            guard let programmeID = try row?.decode("programme_id", as: Int64.self) else {
                throw ProgrammesRefusal.unknownProgramme
            }
            try Self.setAcceptance(provinces, of: programmeID, in: session)
            try ChangeItems.publishProgrammes(in: session)
            try session.audit(
                actor, "programme.set_acceptance", code,
                ["provinces": provinces.sorted().joined(separator: " ")], at: now)
        }
    }

    private static func setAcceptance(
        _ provinces: Set<String>, of programmeID: Int64, in session: PostgresSession
    ) throws {
        let codes = provinces.sorted()
        try session.execute(
            """
            DELETE FROM programme_acceptance
            WHERE programme_id = \(programmeID) AND province <> ALL(\(codes))
            """)
        try session.execute(
            """
            INSERT INTO programme_acceptance (programme_id, province)
            SELECT \(programmeID), province FROM unnest(\(codes)) AS province
            ON CONFLICT DO NOTHING
            """)
    }

    private func check(_ new: NewProgramme) throws(ProgrammesRefusal) {
        let code = Array(new.code.utf8)
        let isCode =
            (2...12).contains(code.count)
            && code.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }
        guard isCode else { throw .codeInvalid }
        guard (1...60).contains(new.name.trimmedText.unicodeScalars.count) else {
            throw .nameEmpty
        }
        let provinces = Set(Province.all.map(\.code))
        guard provinces.contains(new.province), new.acceptedIn.isSubset(of: provinces) else {
            throw .provinceUnknown
        }
        guard new.scheme.acceptsPrefix(new.prefix) else { throw .prefixInvalid }
        let colour = Array(new.faceColour.utf8)
        let isColour =
            colour.count == 7 && colour.first == 0x23
            && colour.dropFirst().allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            }
        guard isColour, (1...60).contains(new.faceTitle.trimmedText.unicodeScalars.count) else {
            throw .faceInvalid
        }
        guard new.perSaleLimit >= .zero, new.perCardLimit >= new.perSaleLimit,
            new.balanceMaximum > .zero, new.balanceMaximum <= .largestEntered,
            new.perCardLimit <= .largestEntered
        else { throw .limitsInvalid }
    }

    /// A programme as lists show it. Amounts in fen.
    struct Listed: Sendable {
        let programmeID: Int64
        let code: String
        let name: String
        let province: String
        let prefix: String
        let scheme: String
        let faceColour: String
        let faceTitle: String
        let perSaleLimit: Money
        let perCardLimit: Money
        let balanceMaximum: Money
        let bearer: String
        let acceptedIn: [String]
        let cardCount: Int
    }

    /// All programmes by code.
    func list(by actor: StaffActor) async throws -> [Listed] {
        try actor.require(
            .issuer, .issuingSupervisor, .storeAdministrator, .auditor, .finance)
        return try await store.read { session in
            try session.query(
                """
                SELECT programme_id, code, name, province, prefix, scheme, face_colour, face_title,
                    per_sale_limit, per_card_limit, balance_maximum, shortfall_bearer,
                    ARRAY(SELECT acceptance.province FROM programme_acceptance AS acceptance
                          WHERE acceptance.programme_id = programme.programme_id
                          ORDER BY 1) AS accepted_in,
                    (SELECT count(*) FROM card
                     WHERE card.programme_id = programme.programme_id AND NOT test) AS card_count
                FROM programme ORDER BY code
                """
            ).map { row in
                Listed(
                    programmeID: try row["programme_id"], code: try row["code"],
                    name: try row["name"], province: try row["province"],
                    prefix: try row["prefix"], scheme: try row["scheme"],
                    faceColour: try row["face_colour"], faceTitle: try row["face_title"],
                    perSaleLimit: try row["per_sale_limit"],
                    perCardLimit: try row["per_card_limit"],
                    balanceMaximum: try row["balance_maximum"],
                    bearer: try row["shortfall_bearer"], acceptedIn: try row["accepted_in"],
                    cardCount: Int(try row["card_count"] as Int64))
            }
        }
    }
}
