import CCurl
import Synchronization

/// One request on its way to the loop, with the caller who waits for it.
final class Submission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let target: RequestTarget
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Result<HTTPResponse, TransportError>, Never>

    init(
        id: UInt64, request: HTTPRequest, target: RequestTarget,
        deadline: ContinuousClock.Instant,
        continuation: CheckedContinuation<Result<HTTPResponse, TransportError>, Never>
    ) {
        self.id = id
        self.request = request
        self.target = target
        self.deadline = deadline
        self.continuation = continuation
    }

    func fail(_ code: TransportError.Code, _ message: String, mayHaveArrived: Bool = false) {
        let error = TransportError(
            code: code, message: message, requestMayHaveArrived: mayHaveArrived)
        continuation.resume(returning: .failure(error))
    }
}

/// libcurl's multi handle.
///
/// `@unchecked Sendable`: every call on it is made on the loop's thread, except
/// `curl_multi_wakeup`, which libcurl documents as callable from any thread while the handle lives;
/// ``Mailbox`` calls it under its lock and only before ``Mailbox/closeDoor()``.
struct MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer
}

/// The one place where callers and the loop's thread meet.
final class Mailbox: Sendable {
    /// What the loop takes out at one go.
    struct Delivery {
        var submissions: [Submission] = []
        var cancelledIDs: [UInt64] = []
        var isStopping = false
    }

    private struct State {
        var delivery = Delivery()
        var lastID: UInt64 = 0
        /// Submitted and not yet answered.
        var unfinishedCount = 0
        /// The multi handle may no longer be touched.
        var isDoorClosed = false
        /// The loop has let go of everything.
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let multi: MultiHandle
    private let unfinishedCountMax: Int

    init(multi: MultiHandle, unfinishedCountMax: Int) {
        self.multi = multi
        self.unfinishedCountMax = unfinishedCountMax
    }

    func makeID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Hands a request to the loop, or answers it at once.
    ///
    /// Cancellation is looked at under the lock: a task cancelled later calls ``cancel(_:)``, which
    /// then finds the submission in front of it.
    func submit(_ submission: Submission) {
        let refusal: (TransportError.Code, String)? = state.withLock { state in
            if Task.isCancelled { return (.cancelled, "cancelled before it was started") }
            if state.delivery.isStopping { return (.shutDown, "the transport is shut down") }
            if state.unfinishedCount >= unfinishedCountMax {
                return (.queueFull, "\(state.unfinishedCount) transfers are unfinished")
            }
            state.unfinishedCount += 1
            state.delivery.submissions.append(submission)
            wake(&state)
            return nil
        }
        if let (code, message) = refusal { submission.fail(code, message) }
    }

    func cancel(_ id: UInt64) {
        state.withLock { state in
            guard !state.isDoorClosed else { return }
            state.delivery.cancelledIDs.append(id)
            wake(&state)
        }
    }

    func requestStop() {
        state.withLock { state in
            state.delivery.isStopping = true
            wake(&state)
        }
    }

    /// Returns when the loop has let go of everything.
    func waitForEnd() async {
        await withCheckedContinuation { (waiter: CheckedContinuation<Void, Never>) in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(waiter) }
                return state.hasEnded
            }
            if hasEnded { waiter.resume() }
        }
    }

    // For the loop's thread.

    func take() -> Delivery {
        state.withLock { state in
            let delivery = state.delivery
            state.delivery = Delivery(isStopping: delivery.isStopping)
            return delivery
        }
    }

    func noteFinished() {
        state.withLock { $0.unfinishedCount -= 1 }
    }

    /// From here on nobody wakes the multi handle.
    func closeDoor() {
        state.withLock { $0.isDoorClosed = true }
    }

    func noteEnded() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func wake(_ state: inout State) {
        if !state.isDoorClosed { _ = curl_multi_wakeup(multi.pointer) }
    }
}
