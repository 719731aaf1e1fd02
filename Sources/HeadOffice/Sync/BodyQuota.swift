import Synchronization

/// How many large bodies one address may have under way at once, before anything of them is read: whoever knows a till's code
/// could otherwise make head office collect 8 MiB over and over without a signature.
///
/// - Units: bodies at once, for each address and for all. A store's tills often share one address.
final class BodyQuota: Sendable {
    private struct State {
        var byAddress: [String: Int] = [:]
        var total = 0
    }

    private let perAddress: Int
    private let total: Int
    private let state = Mutex(State())

    init(perAddress: Int = 8, total: Int = 64) {
        self.perAddress = perAddress
        self.total = total
    }

    /// Takes a place; false when the address, or head office, has none left.
    func enter(_ address: String) -> Bool {
        state.withLock { state in
            let count = state.byAddress[address, default: 0]
            guard count < perAddress, state.total < total else { return false }
            state.byAddress[address] = count + 1
            state.total += 1
            return true
        }
    }

    /// Gives a place back.
    func leave(_ address: String) {
        state.withLock { state in
            let count = state.byAddress[address, default: 0]
            precondition(
                count > 0 && state.total > 0, "\(count) places of \(state.total) given back")
            state.byAddress[address] = count == 1 ? nil : count - 1
            state.total -= 1
        }
    }
}
