// A proof is made every night and kept, also one that somebody asks for; finance and the audit see what it found.

public import Domain
import Logging
import PostgresDriver

/// Makes proofs of the ledger and remembers what they found.
public struct LedgerProofs: Sendable {
    let store: OfficeStore

    /// The hour of the business day, Asia/Shanghai, from which the night's proof is made.
    private static let nightHour: Int64 = 3

    /// On head office's database.
    public init(_ store: OfficeStore) {
        self.store = store
    }

    /// A proof as it is remembered.
    public struct Kept: Sendable, Equatable {
        /// When.
        public let madeAt: Instant
        /// `system` for the night's and the shell's, else a login.
        public let madeBy: String
        /// Whether everything agreed.
        public let isRight: Bool
        /// Up to which transfer.
        public let position: Int64
        /// How many accounts and rows were compared.
        public let comparedCount: Int64
        /// How many transfers they were compared with.
        public let transferCount: Int64
        /// How many rows differed.
        public let differenceCount: Int64
        /// The first of them.
        public let firstDifference: String?
    }

    /// Compares all caches with the transfers and keeps what was found, in the audit too.
    @discardableResult
    public func make(by actor: StaffActor = .setUp, at now: Instant) async throws -> LedgerProof {
        try await make(night: nil, by: .staff(actor), at: now).proof
    }

    /// Makes the night's proof, from 3 o'clock on, once a business day.
    ///
    /// - Shape: 1 when it was made now, else 0.
    /// - Repetition: of two processes one keeps its proof.
    @discardableResult
    public func makeNightly(at now: Instant) async throws -> Int {
        let day = BusinessDate(now)
        guard now >= day.start.adding(milliseconds: Self.nightHour * 3_600_000) else { return 0 }
        let isKnown = try await store.read { session in
            try session.queryOne("SELECT night FROM ledger_proof WHERE night = \(day)") != nil
        }
        if isKnown { return 0 }
        let made = try await make(night: day, by: .system, at: now)
        guard made.isKept else { return 0 }
        if let first = made.proof.findings.first {
            store.logger.error(
                "The ledger's caches differ from its transfers", metadata: ["first": "\(first)"])
        }
        return 1
    }

    private func make(
        night: BusinessDate?, by actor: AuditActor, at now: Instant
    ) async throws -> (proof: LedgerProof, isKept: Bool) {
        let proof = try await LedgerProof.make(store)
        let isKept = try await store.write { session in
            let findings = proof.findings
            let kept = try session.execute(
                """
                INSERT INTO ledger_proof (night, made_at, made_by, is_right, ledger_position,
                    account_count, transfer_count, rollup_count, fee_count, difference_count,
                    first_difference)
                VALUES (\(night as BusinessDate?), \(now), \(actor.name), \(proof.isRight),
                    \(proof.position), \(proof.accountCount), \(proof.transferCount),
                    \(proof.rollupCount), \(proof.feeCount), \(Int64(findings.count)),
                    \(findings.first as String?))
                ON CONFLICT (night) DO NOTHING
                """)
            guard kept == 1 else { return false }
            try AuditEntry(
                actor: actor, action: "ledger.prove", subject: proof.isRight ? "right" : "wrong",
                detail: [
                    "ledgerPosition": String(proof.position),
                    "differences": String(findings.count), "first": findings.first ?? "",
                ].filter { !$0.value.isEmpty }
            ).write(session, at: now)
            return true
        }
        return (proof, isKept)
    }

    /// The newest proof.
    static func latest(in session: PostgresSession) throws -> Kept? {
        try session.queryOne(
            """
            SELECT made_at, made_by, is_right, ledger_position,
                   account_count + rollup_count + fee_count AS compared_count, transfer_count,
                   difference_count, first_difference
            FROM ledger_proof ORDER BY proof_id DESC LIMIT 1
            """
        ).map { row in
            Kept(
                madeAt: try row["made_at"], madeBy: try row["made_by"],
                isRight: try row["is_right"], position: try row["ledger_position"],
                comparedCount: try row["compared_count"],
                transferCount: try row["transfer_count"],
                differenceCount: try row["difference_count"],
                firstDifference: try row["first_difference"])
        }
    }
}
