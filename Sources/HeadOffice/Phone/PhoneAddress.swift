import Synchronization

/// Where phones reach head office; tills put it into their QR codes.
public final class PhoneAddress: Sendable {
    private let address: Mutex<String>

    /// A configured address; empty until the web port listens.
    public init(_ configured: String) { address = Mutex(configured) }

    /// Such as `https://pay.example`; empty while it is not known.
    public var text: String { address.withLock { $0 } }

    /// Takes the web port's own address where none was configured.
    func setUnlessConfigured(_ text: String) {
        address.withLock { if $0.isEmpty { $0 = text } }
    }

    /// The host of an http or https address; nil for anything else.
    static func host(of address: String) -> String? {
        let schemes = ["https://", "http://"]
        guard let scheme = schemes.first(where: { address.hasPrefix($0) }) else { return nil }
        let rest = address.dropFirst(scheme.count)
        guard !rest.contains("/"), !rest.contains("@"), !rest.contains("?") else { return nil }
        return rest.prefix { $0 != ":" }.lowercased()
    }
}
