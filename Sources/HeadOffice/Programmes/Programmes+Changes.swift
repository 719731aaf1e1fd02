import Crypto
public import Domain
import Foundation
import PostgresDriver

// Changing a programme after it was made: words, limits, face. Code, prefix, scheme and province stay for ever.
extension Programmes {
    /// What may change of a programme. Amounts in fen.
    public struct Changes: Sendable {
        /// The programme's name.
        public var name: String
        /// `#rrggbb`, lower case.
        public var faceColour: String
        /// Printed on the card.
        public var faceTitle: String
        /// Most of one sale offline.
        public var perSaleLimit: Money
        /// Most unsent for one card at a till.
        public var perCardLimit: Money
        /// Most on a card registered to a holder.
        public var balanceMaximum: Money
        /// Most on a card without a holder.
        public var bearerMaximum: Money
        /// How many months a new card is valid; nil for ever.
        public var validityMonths: Int?
        /// Offline only for cards that the till saw approved lately, whatever the scheme (R-P15).
        public var isVerifiedOnly: Bool
    }

    /// Changes a programme and publishes it to every store. A limit for one card that was higher is remembered: tills
    /// that are silent may still go by it.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.nameEmpty`, `.faceInvalid`, `.limitsInvalid`, `.validityInvalid`,
    ///   `.unknownProgramme`.
    public func change(
        _ code: String, to new: Changes, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor, .storeAdministrator)
        try Self.check(new)
        try await store.write { session in
            guard
                let row = try session.queryOne(
                    """
                    SELECT programme_id, per_card_limit FROM programme
                    WHERE code = \(code) FOR NO KEY UPDATE
                    """)
            else { throw ProgrammesRefusal.unknownProgramme }
            let programmeID: Int64 = try row["programme_id"]
            let earlier: Money = try row["per_card_limit"]
            if earlier > new.perCardLimit {
                try session.execute(
                    """
                    INSERT INTO programme_earlier_limit (programme_id, valid_until, per_card_limit)
                    VALUES (\(programmeID), \(now), \(earlier)) ON CONFLICT DO NOTHING
                    """)
            }
            try session.execute(
                """
                UPDATE programme SET name = \(new.name.trimmedText), face_colour = \(new.faceColour),
                    face_title = \(new.faceTitle.trimmedText),
                    per_sale_limit = \(new.perSaleLimit), per_card_limit = \(new.perCardLimit),
                    balance_maximum = \(new.balanceMaximum),
                    bearer_maximum = \(new.bearerMaximum),
                    validity_months = \(new.validityMonths.map { Int32($0) } as Int32?),
                    verified_only = \(new.isVerifiedOnly)
                WHERE programme_id = \(programmeID)
                """)
            try ChangeItems.publishProgrammes(in: session)
            try session.audit(
                actor, "programme.change", code,
                [
                    "perSale": String(new.perSaleLimit.fen),
                    "perCard": String(new.perCardLimit.fen),
                    "balanceMaximum": String(new.balanceMaximum.fen),
                    "bearerMaximum": String(new.bearerMaximum.fen),
                    "validityMonths": new.validityMonths.map(String.init) ?? "",
                    "verifiedOnly": String(new.isVerifiedOnly),
                ], at: now)
        }
    }

    private static func check(_ new: Changes) throws(ProgrammesRefusal) {
        guard (1...60).contains(new.name.trimmedText.unicodeScalars.count) else {
            throw .nameEmpty
        }
        guard isFace(new.faceColour, new.faceTitle) else { throw .faceInvalid }
        try checkLimits(
            perSale: new.perSaleLimit, perCard: new.perCardLimit,
            balanceMaximum: new.balanceMaximum, bearerMaximum: new.bearerMaximum)
        guard new.validityMonths.map({ (1...240).contains($0) }) ?? true else {
            throw .validityInvalid
        }
    }

    /// Keeps a face picture, checked and written anew, and tells tills of it.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `FacePicture.init`'s, `.unknownProgramme`.
    func setFace(
        _ upload: [UInt8], of code: String, by actor: StaffActor, at now: Instant
    ) async throws {
        try actor.require(.issuingSupervisor, .storeAdministrator)
        let picture = try FacePicture(upload: upload)
        let content = Array(SHA256.hash(data: Data(picture.bytes)))
        try await store.write { session in
            let made = try session.execute(
                """
                INSERT INTO programme_face (programme_id, picture, content, width, height, set_by,
                                            set_at)
                SELECT programme_id, \(picture.bytes), \(content), \(Int32(picture.width)),
                       \(Int32(picture.height)), \(actor.accountID), \(now)
                FROM programme WHERE code = \(code)
                ON CONFLICT (programme_id) DO UPDATE
                SET picture = excluded.picture, content = excluded.content,
                    width = excluded.width, height = excluded.height, set_by = excluded.set_by,
                    set_at = excluded.set_at
                """)
            guard made == 1 else { throw ProgrammesRefusal.unknownProgramme }
            try ChangeItems.publishProgrammes(in: session)
            try session.audit(
                actor, "programme.set_face", code, ["sha256": content.hex], at: now)
        }
    }

    /// A programme's face picture, nil when it has none.
    ///
    /// - Refuses: `.roleMissing`.
    func face(of code: String, by actor: StaffActor) async throws -> [UInt8]? {
        guard !actor.roles.isEmpty else { throw RoleRefusal.roleMissing }
        return try await store.read { session in
            try session.queryOne(
                """
                SELECT picture FROM programme_face JOIN programme USING (programme_id)
                WHERE code = \(code)
                """)?.decode("picture", as: [UInt8].self)
        }
    }
}
