import Hummingbird

/// Why a request's body was not taken.
enum SyncBodyFault: Error {
    /// More bytes than the endpoint takes.
    case tooLarge
    /// Not all there within the deadline: a line that drips, or nobody.
    case tooSlow
    /// The address has as many under way as it may; nothing was read.
    case tooMany
}

enum SyncBody {
    /// How long a whole body may take.
    static let deadline: Duration = .seconds(30)

    /// The body's bytes, counted while they come in.
    ///
    /// - Refuses: `.tooLarge` as soon as the bound is passed, `.tooSlow` at the deadline, whatever
    ///   still drips in.
    static func collect(
        _ body: RequestBody, limit: Int, deadline: Duration = deadline
    ) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await var buffer in body {
                    guard bytes.count + buffer.readableBytes <= limit else {
                        throw SyncBodyFault.tooLarge
                    }
                    if let part = buffer.readBytes(length: buffer.readableBytes) { bytes += part }
                }
                return bytes
            }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw SyncBodyFault.tooSlow
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}
