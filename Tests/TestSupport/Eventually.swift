/// The condition did not come true in the time that is certainly enough.
public struct NeverHappened: Error {
    public let what: String
}

/// Waits until the condition holds, asking again and again. For conditions that come true by
/// themselves, such as another session's statement starting to wait; the limit only ends a test
/// that would hang.
public func eventually(
    _ what: String, limit: Duration = .seconds(60), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(2))
    }
}
