import Journal
import WebSupport

/// The printers of a till as it last found them.
struct TillPrintersView {
    struct Printer {
        let name: String
        let slip: String
        let state: StateView
        let waiting: String
        let hasWaiting: Bool
    }

    let isEmpty: Bool
    let all: [Printer]
    /// One that does not print, for the list of tills.
    let trouble: StateView?

    init(_ printers: [TillStatus.Printer], text: PageText) {
        isEmpty = printers.isEmpty
        all = printers.map { printer in
            Printer(
                name: printer.name,
                slip: text.words.text("printer.slip.\(printer.slip)") ?? printer.slip,
                state: Self.state(printer, text), waiting: String(printer.waiting),
                hasWaiting: printer.waiting > 0)
        }
        trouble = all.first { $0.state.badge == "badge-bad" }?.state
    }

    /// A word that this version does not know is shown as it is.
    private static func state(_ printer: TillStatus.Printer, _ text: PageText) -> StateView {
        let state = printer.state ?? "unseen"
        let badge =
            switch state {
            case "ready": "badge-good"
            case "mute", "queued", "unseen": "badge-info"
            case "paper_near_end": "badge-wait"
            default: "badge-bad"
            }
        return StateView(text: text.words.text("printer.\(state)") ?? state, badge: badge)
    }
}
