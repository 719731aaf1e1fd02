import Domain
import GRDB
import Journal

/// Applies what head office publishes. The newest item per topic and key is enough; applying one
/// twice, or an older one after it, changes nothing.
enum Changes {
    static func apply(_ item: ChangeItem, in database: Database) throws {
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
                arguments: [item.key, change.perSale.fen, change.perCard.fen, item.version])
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
                    change.tillTotal.fen, change.tillCount, change.amberAfter, change.redAfter,
                    item.version,
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
                sql: "UPDATE journal_record SET verdict = ?, verdict_code = ? WHERE id = ?",
                arguments: [change.state.rawValue, change.code, item.key])
        case .store(let change): try apply(change, in: database)
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
        default: return
        }
    }

    private static func apply(
        _ change: ProgrammeChange, _ item: ChangeItem, in database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO programme (code, name, province, prefix, scheme, accepted, face_title,
                    face_colour, version)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (code) DO UPDATE SET name = excluded.name,
                    province = excluded.province, prefix = excluded.prefix,
                    scheme = excluded.scheme, accepted = excluded.accepted,
                    face_title = excluded.face_title, face_colour = excluded.face_colour,
                    version = excluded.version
                WHERE excluded.version > version
                """,
            arguments: [
                item.key, change.name, change.province, change.prefix, change.scheme.rawValue,
                change.isAccepted, change.face.title, change.face.colour, item.version,
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

    private static func apply(_ change: StoreChange, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO store_info (single, code, name, address, province, telephone,
                    service_telephone, fault_telephone, suspended)
                VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (single) DO UPDATE SET code = excluded.code, name = excluded.name,
                    address = excluded.address, province = excluded.province,
                    telephone = excluded.telephone,
                    service_telephone = excluded.service_telephone,
                    fault_telephone = excluded.fault_telephone, suspended = excluded.suspended
                """,
            arguments: [
                change.code, change.name, change.address, change.province, change.telephone,
                change.serviceTelephone, change.faultTelephone, change.isSuspended,
            ])
    }

    private static func remove(_ item: ChangeItem, in database: Database) throws {
        switch ChangeItem.Topic(rawValue: item.topic) {
        case .product:
            try Catalogue.remove(sku: item.key, version: item.version, in: database)
        case .account:
            try Accounts.remove(login: item.key, in: database)
        case .limits where item.key == TillLimitsChange.key:
            try database.execute(sql: "DELETE FROM till_limit")
        case .limits:
            try database.execute(
                sql: "DELETE FROM programme_limit WHERE programme = ?", arguments: [item.key])
        case .card:
            try database.execute(
                sql: "DELETE FROM card_flag WHERE fingerprint = ?", arguments: [item.key])
        case .programme:
            try database.execute(
                sql: "DELETE FROM programme WHERE code = ?", arguments: [item.key])
        // Decisions, verdicts and the store's own data are never taken back.
        case .decision, .verdict, .store, nil: return
        }
        try noteVersion(of: item, in: database)
    }
}
