import Foundation

/// Prints the steps of a demonstration with their evidence; a step that fails ends it.
public final class Report {
    private var stepNumber = 0
    private let start = ContinuousClock.now

    /// An empty report.
    public init() {}

    /// Begins a step.
    public func step(_ title: String) {
        stepNumber += 1
        write("\n\(stepNumber). \(title)")
    }

    /// States what was seen.
    public func saw(_ evidence: String) {
        write("   \(evidence)")
    }

    /// Checks what was seen against what must be.
    ///
    /// - Refuses: `LabError` when they differ.
    public func expect<Value: Equatable>(_ name: String, _ seen: Value, _ expected: Value) throws {
        guard seen == expected else {
            throw LabError("\(name): \(plain(seen)) instead of \(plain(expected))")
        }
        write("   ✓ \(name): \(plain(seen))")
    }

    /// A value as people read it: an optional without its wrapping.
    private func plain(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        guard mirror.displayStyle == .optional else { return "\(value)" }
        return mirror.children.first.map { plain($0.value) } ?? "nothing"
    }

    /// Checks a condition.
    ///
    /// - Refuses: `LabError` when it does not hold.
    public func expect(_ name: String, _ holds: Bool, _ detail: @autoclosure () -> String = "")
        throws
    {
        guard holds else { throw LabError("\(name) does not hold. \(detail())") }
        write("   ✓ \(name)")
    }

    /// Ends the report.
    public func finish(_ text: String) {
        let seconds = start.duration(to: .now).components.seconds
        write("\n\(text) (\(stepNumber) steps, \(seconds) s)")
    }

    /// Writes a line at once, also when the output is a file.
    public func write(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}

/// Asks again until an answer is there; the network needs a moment for what it does by itself.
///
/// - Refuses: `LabError` after `seconds` without one.
func eventually<Value>(
    _ what: String, within seconds: Int = 30, _ ask: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var lastError: (any Error)?
    while ContinuousClock.now < deadline {
        do {
            if let value = try await ask() { return value }
        } catch { lastError = error }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw LabError("\(what) did not come within \(seconds) s\(lastError.map { ": \($0)" } ?? "")")
}
