import Receipts

/// How a printer was found; the raw value is the end of its word's key.
enum PrinterCondition: String, Sendable, Hashable, CaseIterable, Codable {
    /// It prints.
    case ready
    case paperNearEnd = "paper_near_end"
    case coverOpen = "cover_open"
    case paperOut = "paper_out"
    case cutterStuck = "cutter_stuck"
    case error
    case offline
    /// It takes what is sent and never says how it is.
    case mute
    /// It has answered before, and does not now.
    case silent
    /// Nothing answers at the address, or the device file is not there.
    case unreachable
    /// The device file is there, and this program may not use it or it is no device.
    case notAllowed = "not_allowed"
    /// The print system has the job; its own screens tell more.
    case queued
    /// The print system did not take the job.
    case queueRefused = "queue_refused"
    /// The program `lp` of the print system is not installed.
    case queueMissing = "queue_missing"
    /// The connection ended in the middle of a slip.
    case broken
    /// The till stopped in the middle of a slip.
    case tillStopped = "till_stopped"

    init(_ state: PrinterStatus.State) {
        self =
            switch state {
            case .ready: .ready
            case .paperNearEnd: .paperNearEnd
            case .coverOpen: .coverOpen
            case .paperOut: .paperOut
            case .cutterStuck: .cutterStuck
            case .error: .error
            case .offline: .offline
            }
    }

    /// Whether a slip sent now may be expected on paper.
    var prints: Bool {
        switch self {
        case .ready, .paperNearEnd, .mute, .queued: true
        case .coverOpen, .paperOut, .cutterStuck, .error, .offline, .silent, .unreachable,
            .notAllowed, .queueRefused, .queueMissing, .broken, .tillStopped:
            false
        }
    }

    var level: String {
        switch self {
        case .ready: "good"
        case .mute, .queued: "plain"
        case .paperNearEnd: "warn"
        case .coverOpen, .paperOut, .cutterStuck, .error, .offline, .silent, .unreachable,
            .notAllowed, .queueRefused, .queueMissing, .broken, .tillStopped:
            "bad"
        }
    }
}
