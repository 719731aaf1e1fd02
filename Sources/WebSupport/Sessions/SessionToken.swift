import Crypto
import Foundation

/// A secret of 128 random bits that a browser holds in a cookie.
///
/// The store keeps its SHA-256 only, so a copy of the database opens no session.
public struct SessionToken: Sendable {
    /// Base64url text without padding, 22 characters: the cookie's value.
    public let text: String

    /// A fresh token from the system's secure generator.
    public static func random() -> SessionToken {
        SessionToken(text: Self.randomText())
    }

    /// A token as a browser sent it.
    ///
    /// - Refuses: anything but 22 characters of the base64url alphabet (nil).
    public init?(cookie value: String) {
        guard value.utf8.count == 22, value.utf8.allSatisfy(Self.isBase64URL) else { return nil }
        text = value
    }

    private init(text: String) {
        self.text = text
    }

    private static let bearerPrefix = "hyk_"

    /// A fresh token for a program. Its text is no cookie's and its hash not that of the cookie with the same letters.
    public static func randomBearer() -> SessionToken {
        SessionToken(text: bearerPrefix + randomText())
    }

    /// The token of a head `Authorization: Bearer hyk_…` (RFC 6750 §2.1).
    ///
    /// - Refuses: any other scheme, and a cookie's token (nil).
    public init?(authorization value: String) {
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bearer",
            parts[1].hasPrefix(Self.bearerPrefix),
            Self(cookie: String(parts[1].dropFirst(Self.bearerPrefix.count))) != nil
        else { return nil }
        text = String(parts[1])
    }

    /// What the store keeps: SHA-256 of the text, 32 bytes.
    public var hash: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    static func randomText() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return base64URL(bytes)
    }

    static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Compares two texts in a time that depends on their length only.
func isEqualInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool
{
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
