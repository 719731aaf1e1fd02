import Crypto
import Foundation

/// Six-digit codes of an authenticator app, from a shared secret and the time.
///
/// - Source: RFC 6238 with HMAC-SHA-1 and 30 seconds, as every app does it; RFC 4226 for the digits.
struct TimeCode: Sendable {
    /// 20 random bytes.
    let secret: [UInt8]

    static let secretLength = 20
    static let stepSeconds: Int64 = 30
    /// Steps before and after the present one that are taken too: phones' clocks drift.
    static let tolerance: Int64 = 1

    /// The step a moment lies in, from milliseconds since 1970.
    static func step(atMilliseconds milliseconds: Int64) -> Int64 {
        milliseconds / 1_000 / stepSeconds
    }

    /// The code of a step.
    func code(step: Int64) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (8 * (7 - Int64($0)))) }
        let hash = Array(
            HMAC<Insecure.SHA1>.authenticationCode(
                for: Data(counter), using: SymmetricKey(data: Data(secret))))
        let offset = Int(hash[hash.count - 1] & 0x0F)
        let number = hash[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let digits = String((number & 0x7FFF_FFFF) % 1_000_000)
        return String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The step whose code was typed, later than the last one used; nil when there is none.
    func step(of typed: String, atMilliseconds milliseconds: Int64, after used: Int64) -> Int64? {
        let present = Self.step(atMilliseconds: milliseconds)
        return (present - Self.tolerance...present + Self.tolerance).first {
            $0 > used && code(step: $0) == typed
        }
    }

    /// The secret as apps take it typed: base 32 without padding (RFC 4648).
    var text: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bits, count, text) = (UInt32(0), 0, "")
        for byte in secret {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[Int(bits >> UInt32(count)) & 31])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(5 - count)) & 31]) }
        return text
    }

    /// What an app reads from the QR symbol.
    func address(login: String, issuer: String) -> String {
        let issuer = issuer.queryEscaped
        return "otpauth://totp/\(issuer):\(login.queryEscaped)?secret=\(text)&issuer=\(issuer)"
            + "&algorithm=SHA1&digits=6&period=30"
    }
}

/// Codes that each let their owner in once when the phone is lost.
enum RecoveryCode {
    static let count = 10
    private static let letterCount = 10

    /// `ABCDE-FGHJK`, 47 bits, from at least 32 random bytes.
    static func make(randomBytes: [UInt8]) -> String {
        let letters = OneTimePassword.letters(letterCount, from: randomBytes)
        return String(letters.prefix(5)) + "-" + String(letters.suffix(5))
    }

    /// What the database keeps, of a code as typed.
    static func hash(_ typed: String) -> [UInt8] {
        let letters = typed.uppercased().filter { $0.isLetter || $0.isNumber }
        return Array(SHA256.hash(data: Data(letters.utf8)))
    }
}

/// A password for one sign-in, which somebody reads out.
enum OneTimePassword {
    /// 12 letters of 27: 57 bits, for at most a day.
    static func make(randomBytes: [UInt8]) -> String {
        let letters = letters(12, from: randomBytes)
        return [letters.prefix(4), letters.dropFirst(4).prefix(4), letters.suffix(4)]
            .map { String($0) }.joined(separator: "-")
    }

    /// Letters that cannot be read as another; bytes that would favour some are skipped.
    static func letters(_ count: Int, from randomBytes: [UInt8]) -> [Character] {
        let alphabet = EnrolmentCode.alphabet
        let fair = 256 - 256 % alphabet.count
        let letters = randomBytes.filter { Int($0) < fair }.prefix(count)
            .map { alphabet[Int($0) % alphabet.count] }
        precondition(
            letters.count == count,
            "\(randomBytes.count) random bytes gave \(letters.count) letters")
        return letters
    }
}
