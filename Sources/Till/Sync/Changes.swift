import Domain
import Foundation
import GRDB
import Journal

/// Applies what head office publishes. The newest item per topic and key is enough; applying one
/// twice, or an older one after it, changes nothing.
enum Changes {
    static func apply(_ item: ChangeItem, in database: Database) throws {
        guard try isNews(item, in: database) else { return }
        switch item.body {
        case .removed: try remove(item, in: database)
        case .product(let change):
            let product = Product(
                sku: change.sku, barcode: change.barcode, name: change.name, spec: change.spec,
                price: change.price.fen, isOnSale: change.status == .onSale,
                pinyin: change.pinyin)
            try Catalogue.apply(product, version: item.version, in: database)
        case .account(let change):
            try Accounts.apply(change, version: item.version, in: database)
        case .programmeLimits(let change):
            try database.execute(
                sql: """
                    INSERT INTO programme_limit (programme, per_sale, per_card, version)
                    VALUES (?, ?, ?, ?)
                    ON CONFLICT (programme) DO UPDATE SET per_sale = excluded.per_sale,
                        per_card = excluded.per_card, version = excluded.version
                    WHERE excluded.version > version
                    """,
                arguments: [
                    item.key, max(0, change.perSale.fen), max(0, change.perCard.fen), item.version,
                ])
        case .tillLimits(let change):
            try database.execute(
                sql: """
                    INSERT INTO till_limit
                        (single, till_total, till_count, amber_after, red_after, version)
                    VALUES (1, ?, ?, ?, ?, ?)
                    ON CONFLICT (single) DO UPDATE SET till_total = excluded.till_total,
                        till_count = excluded.till_count, amber_after = excluded.amber_after,
                        red_after = excluded.red_after, version = excluded.version
                    WHERE excluded.version > version
                    """,
                arguments: [
                    max(0, change.tillTotal.fen), max(0, change.tillCount),
                    max(0, change.amberAfter), max(0, change.redAfter), item.version,
                ])
        case .card(let change):
            try database.execute(
                sql: """
                    INSERT INTO card_flag (fingerprint, blocked, test, version) VALUES (?, ?, ?, ?)
                    ON CONFLICT (fingerprint) DO UPDATE SET blocked = excluded.blocked,
                        test = excluded.test, version = excluded.version
                    WHERE excluded.version > version
                    """,
                arguments: [item.key, change.isBlocked, change.isTest, item.version])
        case .programme(let change): try apply(change, item, in: database)
        case .decision(let change): try apply(change, item, in: database)
        case .verdict(let change):
            try database.execute(
                sql: """
                    UPDATE journal_record SET verdict = ?, verdict_code = ?, verdict_version = ?,
                        password_verdict = coalesce(?, password_verdict)
                    WHERE id = ? AND verdict_version < ?
                    """,
                arguments: [
                    change.state.rawValue, change.code, item.version,
                    change.password.map { Data($0.bytes) }, item.key, item.version,
                ])
        case .store(let change): try apply(change, version: item.version, in: database)
        case .sealingKey(let key):
            try database.execute(
                sql: "UPDATE identity SET sealing_key_id = ?, sealing_key = ?",
                arguments: [key.id, Data(key.rawRepresentation)])
        case .unknown: return
        }
        try noteVersion(of: item, in: database)
    }

    private static func noteVersion(of item: ChangeItem, in database: Database) throws {
        switch ChangeItem.Topic(rawValue: item.topic) {
        case .limits:
            try database.execute(
                sql: "UPDATE sync_state SET limits_version = max(limits_version, ?)",
                arguments: [item.version])
        case .card:
            try database.execute(
                sql: "UPDATE sync_state SET block_list_version = max(block_list_version, ?)",
                arguments: [item.version])
        case .account:
            try database.execute(
                sql: "UPDATE sync_state SET accounts_version = max(accounts_version, ?)",
                arguments: [item.version])
        default: return
        }
    }

    private static func apply(
        _ change: ProgrammeChange, _ item: ChangeItem, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO programme (code, name, province, prefix, scheme, accepted, face_title,
                    face_colour, face_picture, verified_only, version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (code) DO UPDATE SET name = excluded.name,
                    province = excluded.province, prefix = excluded.prefix,
                    scheme = excluded.scheme, accepted = excluded.accepted,
                    face_title = excluded.face_title, face_colour = excluded.face_colour,
                    face_picture = excluded.face_picture, verified_only = excluded.verified_only,
                    version = excluded.version
                WHERE excluded.version > version
                """,
            arguments: [
                item.key, change.name, change.province, change.prefix, change.scheme.rawValue,
                change.isAccepted, change.face.title, change.face.colour,
                change.face.picture?.hex, change.isVerifiedOnly, item.version,
            ])
    }

    private static func apply(
        _ change: DecisionChange, _ item: ChangeItem, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO decision (request, sale, amount, state, code, opinion, decided_by,
                    decided_at, receipt, version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (request) DO UPDATE SET sale = excluded.sale,
                    amount = excluded.amount, state = excluded.state, code = excluded.code,
                    opinion = excluded.opinion, decided_by = excluded.decided_by,
                    decided_at = excluded.decided_at, receipt = excluded.receipt,
                    version = excluded.version
                WHERE excluded.version > version
                """,
            arguments: [
                item.key, change.sale.description, change.amount.fen, change.state.rawValue,
                change.code, change.opinion, change.by, change.decidedAt.milliseconds,
                change.receipt, item.version,
            ])
    }

    private static func apply(
        _ change: StoreChange, version: Int64, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO store_info (single, code, name, address, province, telephone,
                    service_telephone, fault_telephone, suspended, version)
                VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (single) DO UPDATE SET code = excluded.code, name = excluded.name,
                    address = excluded.address, province = excluded.province,
                    telephone = excluded.telephone,
                    service_telephone = excluded.service_telephone,
                    fault_telephone = excluded.fault_telephone, suspended = excluded.suspended,
                    version = excluded.version
                WHERE excluded.version > version
                """,
            arguments: [
                change.code, change.name, change.address, change.province, change.telephone,
                change.serviceTelephone, change.faultTelephone, change.isSuspended, version,
            ])
    }

    /// Whether nothing newer was said of it: a removal is remembered with its version, because the row
    /// that would hold it is gone.
    private static func isNews(_ item: ChangeItem, in database: Database) throws -> Bool {
        let removed = try Int64.fetchOne(
            database, sql: "SELECT version FROM removed_change WHERE topic = ? AND key = ?",
            arguments: [item.topic, item.key])
        return (removed ?? .min) < item.version
    }

    /// Takes out what is not newer than the removal: an older one lifts no block.
    private static func remove(_ item: ChangeItem, in database: Database) throws {
        func delete(_ table: String, _ column: String) throws {
            try database.execute(
                sql: "DELETE FROM \(table) WHERE \(column) = ? AND version <= ?",
                arguments: [item.key, item.version])
        }
        switch ChangeItem.Topic(rawValue: item.topic) {
        case .product:
            try Catalogue.remove(sku: item.key, version: item.version, in: database)
        case .account:
            try Accounts.remove(login: item.key, version: item.version, in: database)
        case .limits where item.key == TillLimitsChange.key:
            try database.execute(
                sql: "DELETE FROM till_limit WHERE version <= ?", arguments: [item.version])
        case .limits: try delete("programme_limit", "programme")
        case .card: try delete("card_flag", "fingerprint")
        case .programme: try delete("programme", "code")
        // Decisions, verdicts, the store's own data and the sealing key are never taken back.
        case .decision, .verdict, .store, .sealingKey, nil: return
        }
        try database.execute(
            sql: """
                INSERT INTO removed_change (topic, key, version) VALUES (?, ?, ?)
                ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version
                WHERE excluded.version > version
                """,
            arguments: [item.topic, item.key, item.version])
    }
}
