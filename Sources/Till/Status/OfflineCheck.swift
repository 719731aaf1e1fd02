import Domain

/// What must be so for this till to take a card without head office (R-P3, R-P14), one by one.
struct OfflineCheck: Sendable, Equatable {
    /// One condition.
    enum Condition: String, Sendable, CaseIterable {
        /// Head office has not stopped this till.
        case notStopped = "not_stopped"
        /// The store is open.
        case storeOpen = "store_open"
        /// Limits were published.
        case limitsKnown = "limits_known"
        /// The database is the newest that this till had.
        case notRolledBack = "not_rolled_back"
        /// The clock was not set back.
        case clockTrusted = "clock_trusted"
        /// What the till knows is not too old.
        case fresh
        /// The till's unsent sum leaves room.
        case belowTotal = "below_total"
        /// The till's unsent number leaves room.
        case belowCount = "below_count"
        /// The disk has room.
        case diskRoom = "disk_room"
        /// People can sign in.
        case signIn = "sign_in"
        /// A manager can allow a sale above the limit.
        case managerActs = "manager_acts"

        /// Whether nothing can be taken offline without it.
        var isNeeded: Bool { self != .managerActs }
    }

    enum State: String, Sendable {
        case met
        /// With less than the full limits.
        case limited
        case failed
    }

    /// Every condition with its state, in order.
    let states: [(condition: Condition, state: State)]

    /// Whether a stand-in sale could be taken now, whatever the card.
    var isPossible: Bool {
        !states.contains { $0.condition.isNeeded && $0.state == .failed }
    }

    init(_ report: TillReport) {
        let age = report.contactAge
        let knows = age ?? .max
        let isFresh: State =
            switch report.freshness {
            case .green: .met
            case .amber: .limited
            case .red: .failed
            }
        let limits = report.limits
        states = Condition.allCases.map { condition in
            let state: State =
                switch condition {
                case .notStopped: Self.state(report.state.stop == nil)
                case .storeOpen: Self.state(report.store?.isSuspended != true)
                case .limitsKnown: Self.state(limits != nil)
                case .notRolledBack: Self.state(!report.state.isRolledBack)
                case .clockTrusted: Self.state((age ?? 0) >= 0)
                case .fresh: isFresh
                case .belowTotal:
                    Self.state(limits.map { report.usage.tillTotal < $0.tillTotal } ?? false)
                case .belowCount:
                    Self.state(limits.map { report.usage.tillCount < $0.tillCount } ?? false)
                case .diskRoom: Self.state(!report.isDiskLow)
                case .signIn:
                    Self.state((0...StaffSignIn.knowledgeSecondsMax).contains(knows))
                case .managerActs:
                    (0...ManagerOverride.knowledgeAgeMax).contains(knows) ? .met : .limited
                }
            return (condition, state)
        }
    }

    static func == (left: OfflineCheck, right: OfflineCheck) -> Bool {
        left.states.map(\.condition) == right.states.map(\.condition)
            && left.states.map(\.state) == right.states.map(\.state)
    }

    private static func state(_ isMet: Bool) -> State { isMet ? .met : .failed }
}
