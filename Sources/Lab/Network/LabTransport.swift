public import Foundation
public import HTTPTransport

/// How the lab reaches head office's sync port.
public enum LabTransport {
    /// A transport that trusts one certificate authority only, as tills do.
    public static func pinned(to authority: URL) throws -> HTTPTransport {
        try HTTPTransport(
            configuration: HTTPTransportConfiguration(certificateAuthorityFile: authority.path),
            logger: DemoNetwork.silentLogger)
    }
}
