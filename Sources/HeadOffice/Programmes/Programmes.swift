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
        /// Most that a card registered to a holder may hold.
        public var balanceMaximum: Money = Money(fen: 500_000)
        /// Most that a card without a holder may hold.
        public var bearerMaximum: Money = Money(fen: 100_000)
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
                    per_sale_limit, per_card_limit, balance_maximum, bearer_maximum,
                    shortfall_bearer, created_at)
                VALUES (\(new.code), \(new.name.trimmedText), \(new.province), \(new.prefix),
                    \(new.scheme.rawValue), \(new.faceColour), \(new.faceTitle.trimmedText),
                    \(new.perSaleLimit), \(new.perCardLimit), \(new.balanceMaximum),
                    \(new.bearerMaximum), \(new.bearer.rawValue), \(now))
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
            try Self.keepEarlierAcceptance(provinces, of: programmeID, at: now, in: session)
            try Self.setAcceptance(provinces, of: programmeID, in: session)
            try ChangeItems.publishProgrammes(in: session)
            try session.audit(
                actor, "programme.set_acceptance", code,
                ["provinces": provinces.sorted().joined(separator: " ")], at: now)
        }
    }

    /// Tills that are silent may still take the cards where they are no longer taken.
    private static func keepEarlierAcceptance(
        _ provinces: Set<String>, of programmeID: Int64, at now: Instant,
        in session: PostgresSession
    ) throws {
        try session.execute(
            """
            INSERT INTO programme_earlier_acceptance (programme_id, province, valid_until)
            SELECT programme_id, province, \(now) FROM programme_acceptance
            WHERE programme_id = \(programmeID) AND province <> ALL(\(provinces.sorted()))
            ON CONFLICT DO NOTHING
            """)
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
        guard Self.isFace(new.faceColour, new.faceTitle) else { throw .faceInvalid }
        try Self.checkLimits(
            perSale: new.perSaleLimit, perCard: new.perCardLimit,
            balanceMaximum: new.balanceMaximum, bearerMaximum: new.bearerMaximum)
    }

    static func isFace(_ colour: String, _ title: String) -> Bool {
        let bytes = Array(colour.utf8)
        return bytes.count == 7 && bytes.first == 0x23
            && bytes.dropFirst().allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
            } && (1...60).contains(title.trimmedText.unicodeScalars.count)
    }

    static func checkLimits(
        perSale: Money, perCard: Money, balanceMaximum: Money, bearerMaximum: Money
    ) throws(ProgrammesRefusal) {
        guard perSale >= .zero, perCard >= perSale, perCard <= .largestEntered,
            bearerMaximum > .zero, balanceMaximum >= bearerMaximum,
            balanceMaximum <= .largestEntered
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
        let bearerMaximum: Money
        let validityMonths: Int?
        /// Offline only for cards that the till saw approved lately (R-P15).
        let isVerifiedOnly: Bool
        let face: (content: [UInt8], width: Int, height: Int)?
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
                    per_sale_limit, per_card_limit, balance_maximum, bearer_maximum,
                    validity_months, verified_only, shortfall_bearer, content, width, height,
                    ARRAY(SELECT acceptance.province FROM programme_acceptance AS acceptance
                          WHERE acceptance.programme_id = programme.programme_id
                          ORDER BY 1) AS accepted_in,
                    (SELECT count(*) FROM card
                     WHERE card.programme_id = programme.programme_id AND NOT test) AS card_count
                FROM programme LEFT JOIN programme_face USING (programme_id) ORDER BY code
                """
            ).map { row in
                let content: [UInt8]? = try row["content"]
                return Listed(
                    programmeID: try row["programme_id"], code: try row["code"],
                    name: try row["name"], province: try row["province"],
                    prefix: try row["prefix"], scheme: try row["scheme"],
                    faceColour: try row["face_colour"], faceTitle: try row["face_title"],
                    perSaleLimit: try row["per_sale_limit"],
                    perCardLimit: try row["per_card_limit"],
                    balanceMaximum: try row["balance_maximum"],
                    bearerMaximum: try row["bearer_maximum"],
                    validityMonths: (try row["validity_months"] as Int32?).map { Int($0) },
                    isVerifiedOnly: try row["verified_only"],
                    face: try content.map {
                        (
                            content: $0, width: Int(try row["width"] as Int32),
                            height: Int(try row["height"] as Int32)
                        )
                    },
                    bearer: try row["shortfall_bearer"], acceptedIn: try row["accepted_in"],
                    cardCount: Int(try row["card_count"] as Int64))
            }
        }
    }
}
