import CCurl
import Logging

/// What every transfer of one transport shares.
struct TransportSettings: Sendable {
    var configuration: HTTPTransportConfiguration
    var certificateAuthorities: [UInt8]?
    var logger: Logger
}

/// The thread that owns libcurl: takes requests from the mailbox, runs as many at once as allowed,
/// and answers each exactly once.
///
/// Not `Sendable`: made and used on its own thread only.
final class TransferLoop {
    private static let pollTimeMax: Duration = .seconds(60)

    private let settings: TransportSettings
    private let mailbox: Mailbox
    private let multi: UnsafeMutableRawPointer
    private var queue: [Submission] = []
    private var running: [UnsafeMutableRawPointer: Transfer] = [:]
    private var idleHandles: [UnsafeMutableRawPointer] = []

    init(settings: TransportSettings, mailbox: Mailbox, multi: MultiHandle) {
        self.settings = settings
        self.mailbox = mailbox
        self.multi = multi.pointer
    }

    /// Runs until the mailbox says stop, then ends every transfer and frees everything.
    func run() {
        while true {
            let delivery = mailbox.take()
            queue += delivery.submissions
            for id in delivery.cancelledIDs { cancel(id) }
            if delivery.isStopping { break }
            expireQueued()
            repeat { startQueued() } while performAndCollect() > 0 && !queue.isEmpty
            poll()
        }
        endEverything()
    }

    private func startQueued() {
        let freeCount = settings.configuration.maximumConcurrentTransfers - running.count
        let starting = queue.prefix(max(0, freeCount))
        queue.removeFirst(starting.count)
        for submission in starting { start(submission) }
    }

    private func start(_ submission: Submission) {
        guard let easy = idleHandles.popLast() ?? curl_easy_init() else {
            answer(submission, .failure(outOfMemory))
            return
        }
        let transfer = Transfer(
            submission, easy: easy,
            bodyByteCountMax: settings.configuration.maximumResponseBytes)
        do throws(TransportError) {
            try transfer.prepare(settings, now: .now)
        } catch {
            letGo(transfer)
            answer(submission, .failure(error))
            return
        }
        let code = curl_multi_add_handle(multi, easy)
        precondition(code == CURLM_OK, "curl_multi_add_handle answered \(code.rawValue)")
        running[easy] = transfer
    }

    /// Moves every transfer on and answers those that are over; returns how many.
    private func performAndCollect() -> Int {
        var runningCount: Int32 = 0
        let code = curl_multi_perform(multi, &runningCount)
        precondition(code == CURLM_OK, "curl_multi_perform answered \(code.rawValue)")
        var finishedCount = 0
        var leftCount: Int32 = 0
        while let message = curl_multi_info_read(multi, &leftCount) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = running[easy]
            else { continue }
            let outcome = transfer.outcome(ccurl_message_result(message))
            finish(transfer, outcome)
            finishedCount += 1
        }
        return finishedCount
    }

    private func poll() {
        var limit = Self.pollTimeMax
        if let first = queue.lazy.map(\.deadline).min() {
            limit = min(limit, max(.zero, first - .now))
        }
        let code = curl_multi_poll(
            multi, nil, 0, Int32(TimeLimits.milliseconds(limit)), nil)
        precondition(code == CURLM_OK, "curl_multi_poll answered \(code.rawValue)")
    }

    private func cancel(_ id: UInt64) {
        if let index = queue.firstIndex(where: { $0.id == id }) {
            let submission = queue.remove(at: index)
            answer(submission, .failure(ended(.cancelled, "cancelled while waiting")))
        } else if let transfer = running.values.first(where: { $0.submission.id == id }) {
            let error = ended(.cancelled, "cancelled", mayHaveArrived: transfer.requestStarted)
            finish(transfer, .failure(error))
        }
    }

    private func expireQueued() {
        let now = ContinuousClock.now
        guard queue.contains(where: { $0.deadline <= now }) else { return }
        let expired = queue.filter { $0.deadline <= now }
        queue.removeAll { $0.deadline <= now }
        for submission in expired {
            answer(submission, .failure(ended(.timedOut, "timed out waiting for its turn")))
        }
    }

    private func endEverything() {
        for submission in queue {
            answer(submission, .failure(ended(.shutDown, "the transport is shut down")))
        }
        queue = []
        for transfer in Array(running.values) {
            let error = ended(
                .shutDown, "the transport is shut down", mayHaveArrived: transfer.requestStarted)
            finish(transfer, .failure(error))
        }
        mailbox.closeDoor()
        for easy in idleHandles { curl_easy_cleanup(easy) }
        idleHandles = []
        curl_multi_cleanup(multi)
        mailbox.noteEnded()
    }

    private func finish(_ transfer: Transfer, _ outcome: Result<HTTPResponse, TransportError>) {
        running[transfer.easy] = nil
        let code = curl_multi_remove_handle(multi, transfer.easy)
        precondition(code == CURLM_OK, "curl_multi_remove_handle answered \(code.rawValue)")
        letGo(transfer)
        answer(transfer.submission, outcome)
    }

    /// Makes the handle forget the transfer, but keep its TLS sessions for the next one.
    private func letGo(_ transfer: Transfer) {
        curl_easy_reset(transfer.easy)
        idleHandles.append(transfer.easy)
    }

    private func answer(
        _ submission: Submission, _ outcome: Result<HTTPResponse, TransportError>
    ) {
        if case .failure(let error) = outcome {
            settings.logger.debug(
                "transfer ended without an answer",
                metadata: [
                    "http.host": "\(submission.target.host)",
                    "transport.error.code": "\(error.code)",
                    "transport.error.message": "\(error.message)",
                    "transport.request.mayHaveArrived": "\(error.requestMayHaveArrived)",
                ])
        }
        mailbox.noteFinished()
        submission.continuation.resume(returning: outcome)
    }

    private var outOfMemory: TransportError {
        ended(.other(Int(CURLE_OUT_OF_MEMORY.rawValue)), "no memory for a transfer")
    }

    private func ended(
        _ code: TransportError.Code, _ message: String, mayHaveArrived: Bool = false
    ) -> TransportError {
        TransportError(code: code, message: message, requestMayHaveArrived: mayHaveArrived)
    }
}
