import CLibPQ

extension PostgresSession {
    /// Runs statements without waiting for each answer; the answers come in the same order.
    ///
    /// - Shape: inside a transaction any number, sent in groups of `pipelineStatementsMax`, each
    ///   group's answers read before the next is sent. Outside a transaction the statements
    ///   commit together, so one group is all that is allowed.
    /// - Refuses: `.misuse` for more than `pipelineStatementsMax` outside a transaction; the first
    ///   statement's error, after which the rest did not run.
    /// - Cost: one round trip per group, and one for every text new to the connection.
    @discardableResult
    public func pipeline(
        _ statements: [SQL], fileID: String = #fileID, line: Int = #line
    ) throws -> [PostgresRows] {
        let location = PostgresError.Location(fileID: fileID, line: line)
        guard isInTransaction || statements.count <= Self.pipelineStatementsMax else {
            throw PostgresError(
                .misuse,
                "\(statements.count) statements in a pipeline outside a transaction, "
                    + "\(Self.pipelineStatementsMax) are allowed",
                location: location)
        }
        var rows: [PostgresRows] = []
        rows.reserveCapacity(statements.count)
        var start = 0
        while start < statements.count {
            let end = min(start + Self.pipelineStatementsMax, statements.count)
            let group = statements[start..<end]
            rows += try perform(location) { try $0.pipeline(group, location: location) }
            start = end
        }
        return rows
    }
}

extension Link {
    fileprivate func pipeline(
        _ statements: ArraySlice<SQL>, location: PostgresError.Location
    ) throws -> [PostgresRows] {
        let keys = statements.map {
            StatementCache.Key(text: $0.text, types: $0.binds.map(\.type))
        }
        let names = try keys.map { try cache.name(of: $0) ?? prepare($0, location: location) }
        guard PQenterPipelineMode(handle) == 1 else {
            throw failure(nil, statement: "", location: location)
        }
        var firstFailure: PostgresError?
        // In blocking mode libpq reads answers while it waits to send, so neither side can wait
        // for the other for ever; the group's bound limits what it buffers.
        for ((statement, key), name) in zip(zip(statements, keys), names) {
            let isSent = ParameterList(statement.binds).withPointers { values, lengths, formats in
                PQsendQueryPrepared(
                    handle, name, Int32(statement.binds.count), values, lengths, formats, 1)
            }
            guard isSent == 1 else {
                // The answers already under way would be taken for those of later statements.
                let error = failure(nil, statement: key.text, location: location)
                abandon()
                throw error
            }
        }
        guard PQpipelineSync(handle) == 1 else {
            let error = failure(nil, statement: "", location: location)
            abandon()
            throw error
        }
        var rows: [PostgresRows] = []
        rows.reserveCapacity(keys.count)
        for key in keys {
            do {
                rows.append(PostgresRows(result: try nextAnswer(key.text, location)))
            } catch let error as PostgresError {
                if error.isStalePlan { forget(key) }
                firstFailure = firstFailure ?? error
                if !isUsable { throw firstFailure ?? error }
            }
        }
        try leavePipeline(location)
        if let firstFailure { throw firstFailure }
        return rows
    }

    /// One statement's answer and the null that ends it.
    private func nextAnswer(
        _ text: String, _ location: PostgresError.Location
    ) throws -> PostgresResult {
        let first = PQgetResult(handle)
        defer {
            if isUsable, let extra = PQgetResult(handle) {
                PQclear(extra)
                abandon()
            }
        }
        return try check(first, statement: text, location: location)
    }

    private func leavePipeline(_ location: PostgresError.Location) throws {
        let sync = PQgetResult(handle)
        let isSync = sync.map { PQresultStatus($0) == PGRES_PIPELINE_SYNC } ?? false
        PQclear(sync)
        guard isSync, PQexitPipelineMode(handle) == 1 else {
            let error = failure(nil, statement: "", location: location)
            abandon()
            throw error
        }
    }
}
