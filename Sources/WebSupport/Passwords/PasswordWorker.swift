import Dispatch
import Foundation

/// Makes and checks staff passwords off the cooperative threads, two at a time.
///
/// Each takes 128 MiB and a third of a second of one core: unbounded, a handful of sign-ins would
/// stop the program from answering anyone.
public actor PasswordWorker {
    private let cost: StaffPassword.Cost
    private let runningMax: Int
    private let waitingMax: Int
    private var runningCount = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private let queue = DispatchQueue(label: "staff-passwords", attributes: .concurrent)

    /// - Parameters:
    ///   - cost: cost of new passwords.
    ///   - runningMax: most at once.
    ///   - waitingMax: most that wait; more are refused.
    public init(cost: StaffPassword.Cost = .standard, runningMax: Int = 2, waitingMax: Int = 32) {
        self.cost = cost
        self.runningMax = runningMax
        self.waitingMax = waitingMax
    }

    /// The text to store for a new password with a fresh salt.
    ///
    /// - Refuses: `.busy`.
    public func make(_ password: String) async throws -> StaffPassword {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let cost = cost
        return try await run { try StaffPassword.make(password, cost: cost, salt: salt) }
    }

    /// Whether the password is the stored one.
    ///
    /// - Shape: without a stored one (unknown login) the same work is done and the answer is no,
    ///   so that time does not tell which logins exist.
    /// - Refuses: `.busy`.
    public func matches(_ password: String, _ stored: StaffPassword?) async throws -> Bool {
        guard !password.isEmpty else { return false }
        let cost = cost
        return try await run {
            if let stored { return try stored.matches(password) }
            let salt = [UInt8](repeating: 0, count: 16)
            _ = try StaffPassword.derive(password, cost: cost, salt: salt, byteCount: 32)
            return false
        }
    }

    private func run<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        if runningCount < runningMax {
            runningCount += 1
        } else {
            guard waiting.count < waitingMax else { throw RequestRefusal.busy }
            // Whoever ends hands its place over, so the count does not change.
            await withCheckedContinuation { waiting.append($0) }
        }
        defer { handOver() }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private func handOver() {
        if waiting.isEmpty { runningCount -= 1 } else { waiting.removeFirst().resume() }
    }
}
