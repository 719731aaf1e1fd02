import Dispatch
import Glibc

/// Signals that stand for a hand at the line's plug: SIGUSR1 pulls it out, SIGUSR2 puts it back.
enum LineSignals {
    /// Passes on what becomes of the line, as signals come, until the task is cancelled.
    static func follow(_ change: (FaultProxy.Line) throws -> Void) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: FaultProxy.Line.self)
        let meanings: [(Int32, FaultProxy.Line)] = [(SIGUSR1, .cut), (SIGUSR2, .whole)]
        let sources = meanings.map { number, line in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(line) }
            source.resume()
            return source
        }
        defer { sources.forEach { $0.cancel() } }
        for await line in stream { try change(line) }
        try Task.checkCancellation()
    }
}
