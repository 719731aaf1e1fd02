import Journal

extension OfficeNode {
    /// Takes in a till's unsent records from the file that `huiyika-till export-unsent` wrote.
    ///
    /// - Returns: one line a record: its place and verdict.
    /// - Repetition: records that are here already get the verdict they got first.
    /// - Refuses, first match wins, as `OfficeStartError.setting`: a file of another layout, an unknown till,
    ///   a frame that its key did not sign; what a push refuses, from the first such frame on.
    public func importUnsent(_ bytes: [UInt8]) async throws -> [String] {
        func refusal(_ reason: String) -> OfficeStartError {
            .setting(key: "--from", reason: reason)
        }
        guard let export = try? UnsentExport(bytes: bytes) else {
            throw refusal("this is no file of unsent records")
        }
        guard let till = try await Tills(store).known(code: export.till, epoch: export.epoch)
        else { throw refusal("no till \(export.till)/\(export.epoch) is known") }
        guard export.frames.allSatisfy({ $0.isValid(till.publicKey) }) else {
            throw refusal("the till did not sign this")
        }
        let ingest = BatchIngest(store)
        var lines: [String] = []
        for frame in export.frames {
            let frame = try BatchFrame(decoding: frame.bytes)
            switch try await ingest.take(frame, from: till) {
            case .refused(let refused): throw refusal("refused: \(refused.code)")
            case .taken(let reply):
                lines += reply.verdicts.map { verdict in
                    let code = verdict.code.map { " " + $0 } ?? ""
                    return "\(export.till)/\(export.epoch) \(verdict.sequence): "
                        + verdict.state.rawValue + code
                }
            }
        }
        return lines
    }
}
