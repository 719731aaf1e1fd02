import Domain
import PostgresDriver

extension ExportOrders {
    /// An order in a list.
    struct Listed: Sendable {
        let orderID: RecordID
        let wish: Wish
        let askedBy: String
        let askedAt: Instant
        let state: State
        /// 0 where it is not known before.
        let rowEstimate: Int64
        let rowsWritten: Int64
        let code: String?
        let file: File?
    }

    /// What was made.
    struct File: Sendable {
        /// Below the order's folder: the folder of who wrote it, then the file's name.
        let path: String
        /// Bytes.
        let size: Int64
        /// Hex.
        let sha256: String

        var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    }

    /// Orders a page shows.
    static let pageSize = 30

    /// The newest orders.
    ///
    /// - Refuses: `.roleMissing`.
    func list(by actor: StaffActor) async throws -> [Listed] {
        try actor.require(.finance, .auditor)
        return try await store.read { session in
            try session.query(
                """
                \(fragment: Self.columns) ORDER BY asked_at DESC, order_id DESC
                LIMIT \(Int64(Self.pageSize))
                """
            ).map(Self.listed)
        }
    }

    /// One order.
    ///
    /// - Refuses, first match wins: `.roleMissing`, `.exportUnknown`.
    func find(_ orderID: RecordID, by actor: StaffActor) async throws -> Listed {
        try actor.require(.finance, .auditor)
        let row = try await store.read { session in
            try session.queryOne("\(fragment: Self.columns) WHERE order_id = \(orderID)")
                .map(Self.listed)
        }
        guard let row else { throw FinanceRefusal.exportUnknown }
        return row
    }

    private static let columns: SQL = """
        SELECT order_id, report, month, format, closing_number, row_estimate, login, asked_at, state,
               rows_written, code, file, file_size, file_sha256
        FROM export_order JOIN staff_account ON staff_account_id = asked_by
        """

    private static func listed(_ row: PostgresRow) throws -> Listed {
        let path: String? = try row["file"]
        return Listed(
            orderID: try row["order_id"], wish: try wish(row), askedBy: try row["login"],
            askedAt: try row["asked_at"],
            state: State(rawValue: try row["state"]) ?? .failed,
            rowEstimate: try row["row_estimate"], rowsWritten: try row["rows_written"],
            code: try row["code"],
            file: try path.map {
                File(path: $0, size: try row["file_size"], sha256: try row["file_sha256"])
            })
    }

    private static func wish(_ row: PostgresRow) throws -> Wish {
        guard let report = MonthReport(rawValue: try row["report"]),
            let format = ReportFormat(rawValue: try row["format"])
        else { throw FinanceRefusal.reportUnknown }
        return Wish(
            report: report, month: try row.decode("month", as: BusinessDate.self).tradingMonth,
            format: format,
            closing: try row.decode("closing_number", as: Int32?.self).map(Int.init))
    }

    /// An order that a program has taken on.
    struct Claimed: Sendable {
        let orderID: RecordID
        let wish: Wish
        let login: String
    }

    /// The oldest order that nobody writes, now this writer's.
    func claim(as writer: RecordID, at now: Instant) async throws -> Claimed? {
        try await store.write { session in
            try session.queryOne(
                """
                UPDATE export_order
                SET state = 'writing', writer = \(writer), seen_at = \(now), rows_written = 0
                FROM staff_account
                WHERE staff_account_id = asked_by AND order_id = (
                    SELECT order_id FROM export_order
                    WHERE state = 'waiting'
                       OR (state = 'writing'
                           AND seen_at < \(now.adding(milliseconds: -Self.writerLife)))
                    ORDER BY asked_at, order_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
                RETURNING export_order.order_id, report, month, format, closing_number, login
                """
            ).map { row in
                Claimed(
                    orderID: try row["order_id"], wish: try Self.wish(row),
                    login: try row["login"])
            }
        }
    }

    /// Says how far the writer is; false when the order is the writer's no longer.
    func note(
        _ orderID: RecordID, rows: Int64, by writer: RecordID, at now: Instant
    ) async throws -> Bool {
        try await store.write { session in
            try session.execute(
                """
                UPDATE export_order SET rows_written = \(rows), seen_at = \(now)
                WHERE order_id = \(orderID) AND writer = \(writer)
                """) == 1
        }
    }

    /// How the writing of an order ended.
    enum Ending: Sendable {
        case done(File, rows: Int64)
        case failed(code: String)
        /// The program stops: another, or the same when it is back, begins again.
        case released
    }

    /// Ends an order, unless it is the writer's no longer.
    ///
    /// - Returns: whether it was.
    @discardableResult
    func end(
        _ orderID: RecordID, _ ending: Ending, by writer: RecordID, at now: Instant
    ) async throws -> Bool {
        let change: SQL =
            switch ending {
            case .done(let file, let rows):
                """
                state = 'done', ended_at = \(now), rows_written = \(rows), file = \(file.path),
                file_size = \(file.size), file_sha256 = \(file.sha256)
                """
            case .failed(let code): "state = 'failed', ended_at = \(now), code = \(code)"
            case .released: "state = 'waiting', rows_written = 0"
            }
        return try await store.write { session in
            try session.execute(
                """
                UPDATE export_order SET \(fragment: change), writer = NULL
                WHERE order_id = \(orderID) AND writer = \(writer)
                """) == 1
        }
    }

    /// Which of these orders' files are still to come or kept.
    func kept(among orderIDs: [RecordID]) async throws -> Set<RecordID> {
        try await store.read { session in
            Set(
                try session.query(
                    """
                    SELECT order_id FROM export_order
                    WHERE order_id = ANY (\(orderIDs)) AND state IN ('waiting', 'writing', 'done')
                    """
                ).map { try $0["order_id"] as RecordID })
        }
    }

    /// Orders whose files have been kept long enough; their rows say so from now on.
    func removeOld(at now: Instant) async throws -> [RecordID] {
        try await store.write { session in
            try session.query(
                """
                UPDATE export_order SET state = 'removed'
                WHERE state = 'done' AND ended_at < \(now.adding(milliseconds: -Self.fileLife))
                RETURNING order_id
                """
            ).map { try $0["order_id"] }
        }
    }
}
