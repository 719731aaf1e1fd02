// The audit lines are a hash chain: whoever changes, removes or inserts one, even as the database's owner, breaks every
// hash after it. What a chain cannot show by itself is that its end was cut off: a head noted elsewhere shows that.

import Crypto
import Domain
import Foundation
import PostgresDriver

/// Checks the chain of the audit lines.
public enum AuditChain {
    /// What a line's hash covers, each field with its length: nothing can move from one into another.
    static func digest(
        at: Instant, actor: String, personID: Int64?, action: String, subject: String,
        detail: [String: String]
    ) -> [UInt8] {
        var fields = [
            "huiyika/audit/1", String(at.milliseconds), actor,
            personID.map { String($0) } ?? "", action, subject,
        ]
        for (key, value) in detail.sorted(by: { $0.key < $1.key }) { fields += [key, value] }
        var hash = SHA256()
        for field in fields {
            let bytes = Data(field.utf8)
            hash.update(data: Data("\(bytes.count):".utf8))
            hash.update(data: bytes)
        }
        return Array(hash.finalize())
    }

    /// What was found.
    public struct Proof: Sendable, Equatable {
        /// Lines in the chain.
        public let lineCount: Int64
        /// Lines from before there was a chain.
        public let earlierCount: Int64
        /// Where the chain ends, `SEQ:HASH`: to be noted elsewhere.
        public let head: String
        /// The first thing that is wrong; nil when the trail is whole.
        public let fault: Fault?
    }

    /// What is wrong with a chain, at the first place.
    public enum Fault: Sendable, Equatable, CustomStringConvertible {
        /// There is no line where the chain says there is one.
        case missing(sequence: Int64)
        /// A line is not what was written, or not what follows the one before it.
        case broken(sequence: Int64, auditID: Int64)
        /// The chain ends elsewhere than its head says.
        case endDiffers(lastSequence: Int64)
        /// The noted head is not in the chain.
        case notedHeadMissing

        /// For an operator's screen.
        public var description: String {
            switch self {
            case .missing(let sequence): "Line \(sequence) of the chain is missing."
            case .broken(let sequence, let auditID):
                "Line \(sequence) of the chain (audit_id \(auditID)) is not what was written."
            case .endDiffers(let last):
                "The chain ends at line \(last), which is not what its head says."
            case .notedHeadMissing: "The head noted before is not in this chain."
            }
        }
    }

    private struct Line: Sendable {
        let auditID: Int64
        let sequence: Int64
        let hash: [UInt8]
        let digest: [UInt8]
    }

    private static let portion = 2_000

    /// Computes the chain again, from its first line to its head.
    ///
    /// - Parameter noted: a head `SEQ:HASH` noted before, which must be in the chain.
    /// - Cost: reads every line.
    public static func verify(_ store: OfficeStore, noted: String? = nil) async throws -> Proof {
        // Read first: lines that are written meanwhile lie beyond it.
        let head = try await store.read { session in
            try session.queryOne(
                """
                SELECT seq, hash, (SELECT count(*) FROM audit WHERE chain_seq IS NULL) AS earlier
                FROM audit_head
                """
            ).map {
                (try $0["seq"] as Int64, try $0["hash"] as [UInt8], try $0["earlier"] as Int64)
            }
        }
        let (last, lastHash, earlier) = head ?? (0, [], 0)
        var hash = Array(SHA256.hash(data: Data("huiyika/audit-genesis/1".utf8)))
        var (sequence, isNotedFound) = (Int64(0), noted == nil)
        var fault: Fault?
        while fault == nil, sequence < last {
            let lines = try await lines(after: sequence, upTo: last, in: store)
            if lines.isEmpty { fault = .missing(sequence: sequence + 1) }
            for line in lines {
                guard line.sequence == sequence + 1 else {
                    fault = .missing(sequence: sequence + 1)
                    break
                }
                hash = Array(SHA256.hash(data: Data(hash + line.digest)))
                guard hash == line.hash else {
                    fault = .broken(sequence: line.sequence, auditID: line.auditID)
                    break
                }
                sequence = line.sequence
                if noted == text(sequence, hash) { isNotedFound = true }
            }
        }
        if fault == nil, hash != lastHash { fault = .endDiffers(lastSequence: sequence) }
        if fault == nil, try await isBeyond(last, in: store) {
            fault = .endDiffers(lastSequence: last)
        }
        if fault == nil, !isNotedFound { fault = .notedHeadMissing }
        return Proof(
            lineCount: last, earlierCount: earlier, head: text(last, lastHash), fault: fault)
    }

    private static func text(_ sequence: Int64, _ hash: [UInt8]) -> String {
        "\(sequence):" + hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether the table goes on beyond what the head says now.
    private static func isBeyond(_ last: Int64, in store: OfficeStore) async throws -> Bool {
        try await store.read { session in
            try session.queryOne(
                """
                SELECT audit_id FROM audit, audit_head
                WHERE chain_seq > audit_head.seq AND chain_seq > \(last) LIMIT 1
                """) != nil
        }
    }

    private static func lines(
        after sequence: Int64, upTo last: Int64, in store: OfficeStore
    ) async throws -> [Line] {
        try await store.read { session in
            try session.query(
                """
                SELECT audit_id, chain_seq, hash, at, actor, person_id, action, subject,
                       ARRAY(SELECT key FROM jsonb_each_text(detail) ORDER BY key) AS names,
                       ARRAY(SELECT coalesce(value, '') FROM jsonb_each_text(detail)
                             ORDER BY key) AS contents
                FROM audit WHERE chain_seq > \(sequence) AND chain_seq <= \(last)
                ORDER BY chain_seq LIMIT \(portion)
                """
            ).map { row in
                let (names, contents): ([String], [String]) = (
                    try row["names"], try row["contents"]
                )
                return Line(
                    auditID: try row["audit_id"], sequence: try row["chain_seq"],
                    hash: try row["hash"],
                    digest: digest(
                        at: try row["at"], actor: try row["actor"],
                        personID: try row["person_id"], action: try row["action"],
                        subject: try row["subject"],
                        detail: Dictionary(zip(names, contents), uniquingKeysWith: { $1 })))
            }
        }
    }
}
