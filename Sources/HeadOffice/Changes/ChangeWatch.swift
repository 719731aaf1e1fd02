// Long polls wait here. One look at the feed every fifth of a second serves all of them, whichever
// process made the change; nothing waits inside a transaction and nothing rests on LISTEN.

import Foundation
import Logging
public import ServiceLifecycle

/// Wakes those who wait for news of a store.
public actor ChangeWatch: Service {
    private let store: OfficeStore
    private var waiters: [UInt64: Waiter] = [:]
    private var nextWaiter: UInt64 = 0
    private var isStopping = false
    /// The newest place seen; nil before the first look, which wakes nobody.
    private var position: ChangeCursor?

    private struct Waiter {
        let scope: String
        let continuation: CheckedContinuation<Void, Never>
    }

    /// Over head office's database.
    public init(_ store: OfficeStore) {
        self.store = store
    }

    /// Looks until the service stops; then wakes everybody.
    public func run() async throws {
        try? await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await look()
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        isStopping = true
        wake([Change.everyStore])
    }

    /// Returns when the scope has news, at the latest after `limit`.
    ///
    /// - Shape: false when there is no sense in waiting on: the service stops or the caller is
    ///   cancelled.
    public func wait(scope: String, limit: Duration) async -> Bool {
        guard !isStopping, !Task.isCancelled else { return false }
        guard limit > .zero else { return true }
        nextWaiter += 1
        let waiter = nextWaiter
        let timer = Task {
            try? await Task.sleep(for: limit)
            self.end(waiter)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || isStopping {
                    continuation.resume()
                } else {
                    waiters[waiter] = Waiter(scope: scope, continuation: continuation)
                }
            }
        } onCancel: {
            Task { await self.end(waiter) }
        }
        timer.cancel()
        return !isStopping && !Task.isCancelled
    }

    private func look() async {
        do {
            let after = position ?? .start
            let (newest, scopes) = try await store.read { session in
                try ChangeFeed.newest(session, after: after)
            }
            if position != nil { wake(scopes) }
            position = newest
        } catch {
            store.logger.warning(
                "The change feed cannot be watched", metadata: ["error": "\(error)"])
        }
    }

    private func end(_ waiter: UInt64) {
        waiters.removeValue(forKey: waiter)?.continuation.resume()
    }

    private func wake(_ scopes: Set<String>) {
        guard !scopes.isEmpty else { return }
        let everybody = scopes.contains(Change.everyStore)
        for (key, waiter) in waiters where everybody || scopes.contains(waiter.scope) {
            waiters.removeValue(forKey: key)
            waiter.continuation.resume()
        }
    }
}
