import Receipts

/// Talks with one printer: how are you, print this, is it on paper?
struct PrinterDialogue: Sendable {
    /// How a slip ended.
    struct Outcome: Sendable, Equatable {
        enum Result: Sendable, Equatable {
            /// The printer said that it worked through everything.
            case printed
            /// Everything was sent; this printer does not say more.
            case sent
            /// Not a byte went out.
            case notBegun
            /// It may be on paper.
            case unknown
        }
        let result: Result
        /// How the printer was found last.
        let condition: PrinterCondition
    }

    let limits: PrinterLimits
    let isStopped: @Sendable () -> Bool

    /// Opens the way and asks for the state.
    ///
    /// - Parameter expectsAnswer: whether this printer has answered before; then its silence counts
    ///   as a trouble.
    /// - Returns: no link when nothing should be sent.
    func begin(
        _ device: PrinterDevice, expectsAnswer: Bool
    ) -> (link: PrinterLink?, condition: PrinterCondition) {
        let link: PrinterLink
        do {
            link = try PrinterLink.open(device, limit: limits.connect, isStopped: isStopped)
        } catch {
            return (nil, error.condition)
        }
        guard let answers = askState(link) else {
            link.close()
            return (nil, .unreachable)
        }
        let condition: PrinterCondition
        if let status = PrinterStatus(answers: answers) {
            condition = PrinterCondition(status.state)
        } else {
            condition = expectsAnswer ? .silent : .mute
        }
        if condition.prints { return (link, condition) }
        link.close()
        return (nil, condition)
    }

    /// The answers to the question about the state, as many as came; nil when the way broke.
    private func askState(_ link: PrinterLink) -> [UInt8]? {
        let clock = ContinuousClock()
        var rest = PrinterStatus.request[...]
        var answers: [UInt8] = []
        let deadline = clock.now + limits.answer
        do {
            while clock.now < deadline, answers.count < 4, !isStopped() {
                if !rest.isEmpty { rest = rest.dropFirst(try link.write(rest, until: deadline)) }
                answers += try link.read(until: deadline).filter(PrinterStatus.isAnswer)
            }
        } catch {
            return nil
        }
        return Array(answers.prefix(4))
    }

    /// Sends a slip and waits until the printer says that it is done.
    func send(
        _ slip: [UInt8], to link: PrinterLink, answers: Bool,
        found: @Sendable (PrinterCondition) -> Void
    ) -> Outcome {
        var exchange = Exchange(answers: answers)
        let bytes = answers ? slip + PrinterStatus.confirmation : slip
        do {
            var rest = bytes[...]
            while !rest.isEmpty {
                if let outcome = exchange.timeUp(limits, isStopped: isStopped()) { return outcome }
                let count = try link.write(rest, until: .now + limits.question)
                rest = rest.dropFirst(count)
                exchange.sent(count)
                if count == 0 { exchange.heard(try link.read(until: .now), found) }
            }
            if !answers { return deliver(link, &exchange) }
            return try awaitConfirmation(link, &exchange, found)
        } catch {
            return Outcome(result: exchange.hasBegun ? .unknown : .notBegun, condition: .broken)
        }
    }

    /// A mute printer's machine has at least taken everything.
    private func deliver(_ link: PrinterLink, _ exchange: inout Exchange) -> Outcome {
        while !link.isDelivered() {
            if let outcome = exchange.timeUp(limits, isStopped: isStopped()) { return outcome }
            do { _ = try link.read(until: .now + .milliseconds(50)) } catch {
                return Outcome(result: .unknown, condition: .broken)
            }
        }
        return Outcome(result: .sent, condition: .mute)
    }

    private func awaitConfirmation(
        _ link: PrinterLink, _ exchange: inout Exchange,
        _ found: @Sendable (PrinterCondition) -> Void
    ) throws -> Outcome {
        let clock = ContinuousClock()
        var asked = clock.now
        while true {
            if let outcome = exchange.timeUp(limits, isStopped: isStopped()) { return outcome }
            exchange.heard(try link.read(until: clock.now + limits.question), found)
            if exchange.isConfirmed {
                return Outcome(result: .printed, condition: exchange.condition)
            }
            if clock.now - asked >= limits.question {
                asked = clock.now
                exchange.answersBegin()
                _ = try link.write(PrinterStatus.request[...], until: clock.now)
            }
        }
    }

    /// What has passed in both directions.
    private struct Exchange {
        let answers: Bool
        private(set) var condition: PrinterCondition
        private(set) var hasBegun = false
        private(set) var isConfirmed = false
        private var lastSign = ContinuousClock.now
        private var obstacleSince: ContinuousClock.Instant?
        private var pending: [UInt8] = []

        init(answers: Bool) {
            self.answers = answers
            condition = answers ? .ready : .mute
        }

        mutating func sent(_ count: Int) {
            guard count > 0 else { return }
            hasBegun = true
            lastSign = .now
        }

        mutating func answersBegin() { pending = [] }

        mutating func heard(_ bytes: [UInt8], _ found: @Sendable (PrinterCondition) -> Void) {
            guard !bytes.isEmpty else { return }
            lastSign = .now
            for byte in bytes {
                if PrinterStatus.isAnswer(byte) {
                    pending.append(byte)
                } else if PrinterStatus.isConfirmation(byte) {
                    isConfirmed = true
                }
            }
            guard pending.count >= 4, let status = PrinterStatus(answers: Array(pending.prefix(4)))
            else { return }
            pending = []
            condition = PrinterCondition(status.state)
            found(condition)
            obstacleSince = condition.prints ? nil : obstacleSince ?? .now
        }

        /// The end of the waiting, when there is no more reason to wait.
        func timeUp(_ limits: PrinterLimits, isStopped: Bool) -> Outcome? {
            let now = ContinuousClock.now
            let isSilent = now - lastSign > limits.silence
            let isLeft = obstacleSince.map { now - $0 > limits.person } ?? false
            guard isSilent || isLeft || isStopped else { return nil }
            let reason: PrinterCondition =
                isStopped ? .tillStopped : isLeft ? condition : .silent
            return Outcome(result: hasBegun ? .unknown : .notBegun, condition: reason)
        }
    }
}
