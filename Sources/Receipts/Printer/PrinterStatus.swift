/// What a printer says about itself.
///
/// - Source: ESC/POS `DLE EOT n`. Each answer is a byte `0xx1xx10`; n = 1 tells of the printer, 2 why
///   it is offline, 3 of errors, 4 of the paper.
public struct PrinterStatus: Sendable, Hashable {
    /// Asks all four at once; a printer answers even while it is offline or printing.
    public static let request: [UInt8] = (1...4).flatMap { [0x10, 0x04, UInt8($0)] }

    /// `GS r 1`: answered only after everything before it was worked through.
    public static let confirmation: [UInt8] = [0x1D, 0x72, 0x01]

    /// What a person has to do first.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// The cover is open.
        case coverOpen = "cover_open"
        /// There is no paper.
        case paperOut = "paper_out"
        /// The cutter is stuck.
        case cutterStuck = "cutter_stuck"
        /// An error that only a person or a restart ends.
        case error
        /// It does not print, and does not say why.
        case offline
        /// It prints, and the roll is nearly used up.
        case paperNearEnd = "paper_near_end"
        /// It prints.
        case ready

        /// Whether something sent now would be printed.
        public var prints: Bool { self == .ready || self == .paperNearEnd }
    }

    /// The first that applies, in the order of the cases.
    public let state: State

    /// Reads the answers to ``request``, in its order.
    ///
    /// - Shape: one to four bytes, because some printers know the first questions only.
    /// - Refuses: bytes of another form (nil).
    public init?(answers: [UInt8]) {
        guard (1...4).contains(answers.count), answers.allSatisfy(Self.isAnswer) else { return nil }
        func has(_ question: Int, _ bits: UInt8) -> Bool {
            answers.count >= question && answers[question - 1] & bits != 0
        }
        state =
            if has(2, 0x04) { .coverOpen } else if has(4, 0x60) || has(2, 0x20) {
                .paperOut
            } else if has(3, 0x08) { .cutterStuck } else if has(3, 0x60) || has(2, 0x40) {
                .error
            } else if has(1, 0x08) { .offline } else if has(4, 0x0C) {
                .paperNearEnd
            } else { .ready }
    }

    /// Whether the byte has the form of an answer to `DLE EOT`.
    public static func isAnswer(_ byte: UInt8) -> Bool { byte & 0x93 == 0x12 }

    /// Whether the byte has the form of an answer to ``confirmation``.
    public static func isConfirmation(_ byte: UInt8) -> Bool { byte & 0x90 == 0 }
}
