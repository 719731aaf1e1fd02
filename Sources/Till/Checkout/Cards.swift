import Domain
import GRDB

/// A programme as a till knows it, with the look of its cards.
struct Programme: Sendable, Equatable {
    let code: String
    let name: String
    let prefix: String
    let scheme: NumberScheme
    let isAccepted: Bool
    let faceTitle: String
    let faceColour: String
    /// Where the page finds the face's picture; nil until it has been fetched, or when there is none.
    let facePicture: String?
    /// Stand-in takes only cards that this till saw approved lately (R-P15).
    let isVerifiedOnly: Bool
}

/// What a till knows of cards: programmes, flags, and what head office said of a card before.
enum Cards {
    /// The programme of a number.
    ///
    /// - Refuses, first match wins: `PaymentRefusal.unknownProgramme`, `CardRefusal.numberScheme`
    ///   (the prefix is known, the number is not of its scheme), `StandInRefusal
    ///   .programmeNotAccepted`.
    static func programme(of number: CardNumber, in database: Database) throws -> Programme {
        let known = try Row.fetchAll(
            database,
            sql: """
                SELECT code, name, prefix, scheme, accepted, face_title, face_colour, content,
                    verified_only
                FROM programme LEFT JOIN face_picture ON content = programme.face_picture
                WHERE substr(?, 1, length(prefix)) = prefix
                ORDER BY length(prefix) DESC, code
                """,
            arguments: [number.text]
        ).compactMap(programme)
        guard !known.isEmpty else { throw PaymentRefusal.unknownProgramme }
        guard let found = known.first(where: { $0.scheme.accepts(number, prefix: $0.prefix) })
        else { throw CardRefusal.numberScheme }
        guard found.isAccepted else { throw StandInRefusal.programmeNotAccepted }
        return found
    }

    static func programme(_ code: String, in database: Database) throws -> Programme? {
        try Row.fetchOne(
            database,
            sql: """
                SELECT code, name, prefix, scheme, accepted, face_title, face_colour, content,
                    verified_only
                FROM programme LEFT JOIN face_picture ON content = programme.face_picture
                WHERE code = ?
                """,
            arguments: [code]
        ).flatMap(programme)
    }

    private static func programme(_ row: Row) -> Programme? {
        guard let scheme = NumberScheme(rawValue: row["scheme"]) else { return nil }
        return Programme(
            code: row["code"], name: row["name"], prefix: row["prefix"], scheme: scheme,
            isAccepted: row["accepted"], faceTitle: row["face_title"],
            faceColour: row["face_colour"],
            facePicture: (row["content"] as String?).map { "/faces/\($0)" },
            isVerifiedOnly: row["verified_only"])
    }

    static func isTest(_ fingerprint: CardFingerprint, in database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT test FROM card_flag WHERE fingerprint = ?",
            arguments: [fingerprint.text]) ?? false
    }

    /// Bars the card from stand-in until an online approval (R-P9).
    static func refused(
        _ fingerprint: CardFingerprint, code: String, at now: Instant, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO card_seen (fingerprint, refused_at, refused_code) VALUES (?, ?, ?)
                ON CONFLICT (fingerprint) DO UPDATE SET refused_at = excluded.refused_at,
                    refused_code = excluded.refused_code
                """,
            arguments: [fingerprint.text, now.milliseconds, code])
    }

    /// Notes an online approval: it lifts the bar and vouches for the card (R-P15).
    static func approved(
        _ fingerprint: CardFingerprint, at now: Instant, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO card_seen (fingerprint, approved_at) VALUES (?, ?)
                ON CONFLICT (fingerprint) DO UPDATE SET approved_at = excluded.approved_at,
                    refused_at = NULL, refused_code = NULL
                """,
            arguments: [fingerprint.text, now.milliseconds])
    }

    static func isRefusedOnline(
        _ fingerprint: CardFingerprint, in database: Database
    ) throws -> Bool {
        try Int64.fetchOne(
            database, sql: "SELECT refused_at FROM card_seen WHERE fingerprint = ?",
            arguments: [fingerprint.text]) != nil
    }
}
