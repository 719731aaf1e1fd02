import Crypto
import CryptoExtras
import Foundation

/// A staff password as it is stored: scrypt with its parameters, salt and hash in one text.
///
/// - Shape: `scrypt$ln=17,r=8,p=1$SALT$HASH`, base64 without padding; salt 16 and hash 32 bytes.
/// - Source: RFC 7914; parameters are OWASP's for scrypt.
public struct StaffPassword: Sendable, Equatable {
    /// How much work a guess costs.
    public struct Cost: Sendable, Equatable {
        /// Base-2 logarithm of the number of rounds.
        public let logRounds: Int
        /// Block size; memory is 128 × block size × rounds bytes.
        public let blockSize: Int
        /// Parallelism.
        public let parallelism: Int

        /// A cost. Only tests make cheaper ones than `.standard`.
        public init(logRounds: Int, blockSize: Int, parallelism: Int) {
            self.logRounds = logRounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// 128 MiB and about a third of a second.
        public static let standard = Cost(logRounds: 17, blockSize: 8, parallelism: 1)

        // A stored text must not be able to ask for more memory than the machine has.
        var isWithinBounds: Bool {
            (1...18).contains(logRounds) && (1...16).contains(blockSize)
                && (1...4).contains(parallelism)
                && (128 << logRounds) * blockSize * parallelism <= 256 << 20
        }
    }

    /// The text to store.
    public let text: String
    let cost: Cost
    let salt: [UInt8]
    let hash: [UInt8]

    /// A stored text.
    ///
    /// - Refuses: another shape or parameters out of bounds (nil).
    public init?(text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "scrypt", let cost = Self.cost(parts[1]),
            cost.isWithinBounds, let salt = Self.bytes(parts[2]), (8...64).contains(salt.count),
            let hash = Self.bytes(parts[3]), (16...64).contains(hash.count)
        else { return nil }
        self.text = text
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// Derives the text for a new password. Takes long and much memory: call it through
    /// `PasswordWorker`.
    static func make(_ password: String, cost: Cost, salt: [UInt8]) throws -> StaffPassword {
        let hash = try derive(password, cost: cost, salt: salt, byteCount: 32)
        let text =
            "scrypt$ln=\(cost.logRounds),r=\(cost.blockSize),p=\(cost.parallelism)"
            + "$\(base64(salt))$\(base64(hash))"
        guard let made = StaffPassword(text: text) else {
            throw CryptoKitError.incorrectParameterSize
        }
        return made
    }

    func matches(_ password: String) throws -> Bool {
        let derived = try Self.derive(password, cost: cost, salt: salt, byteCount: hash.count)
        return isEqualInConstantTime(derived, hash)
    }

    /// Whether the text was made at a lower cost than the standard and should be made anew at the
    /// next sign-in.
    public var isOutdated: Bool { cost != .standard }

    static func derive(
        _ password: String, cost: Cost, salt: [UInt8], byteCount: Int
    ) throws -> [UInt8] {
        guard !password.isEmpty else { throw CryptoKitError.incorrectParameterSize }
        let key = try KDF.Scrypt.deriveKey(
            from: Data(password.utf8), salt: salt, outputByteCount: byteCount,
            rounds: 1 << cost.logRounds, blockSize: cost.blockSize,
            parallelism: cost.parallelism)
        return key.withUnsafeBytes { Array($0) }
    }

    private static func cost(_ text: Substring) -> Cost? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 3, let logRounds = number(parts[0], "ln="),
            let blockSize = number(parts[1], "r="), let parallelism = number(parts[2], "p=")
        else { return nil }
        return Cost(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
    }

    private static func number(_ text: Substring, _ prefix: String) -> Int? {
        guard text.hasPrefix(prefix) else { return nil }
        let digits = text.dropFirst(prefix.count)
        guard (1...3).contains(digits.utf8.count), digits.allSatisfy(\.isASCII) else { return nil }
        return Int(digits)
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("=", with: "")
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        return Data(base64Encoded: text + padding).map { Array($0) }
    }
}

/// What a new staff password must be.
public enum StaffPasswordRefusal: String, WebRefusal, CaseIterable {
    /// Shorter than 8 characters.
    case tooShort = "password_too_short"
    /// Longer than 200 characters.
    case tooLong = "password_too_long"
    /// The login, or one that contains it and little else.
    case isLogin = "password_is_login"
    /// One character over and over.
    case isOneCharacter = "password_is_one_character"
    /// One that everybody tries first.
    case isCommon = "password_is_common"

    /// Stable code.
    public var code: String { rawValue }

    /// Checks a new password.
    ///
    /// - Refuses, first match wins: `.tooShort`, `.tooLong`, `.isLogin`, `.isOneCharacter`, `.isCommon`.
    public static func check(_ password: String, login: String) throws(StaffPasswordRefusal) {
        guard password.count >= 8 else { throw .tooShort }
        guard password.count <= 200 else { throw .tooLong }
        let (lowered, loweredLogin) = (password.lowercased(), login.lowercased())
        if !loweredLogin.isEmpty, lowered.contains(loweredLogin),
            lowered.count < loweredLogin.count + 4
        {
            throw .isLogin
        }
        guard Set(password).count > 1 else { throw .isOneCharacter }
        guard !common.contains(lowered) else { throw .isCommon }
    }

    /// Of at least 8 characters; shorter ones are refused anyway.
    private static let common: Set<String> = [
        "12345678", "123456789", "1234567890", "87654321", "987654321", "0123456789", "123123123",
        "12341234", "11223344", "1122334455", "12344321", "147258369", "123456789a", "a123456789",
        "a1234567", "a12345678", "abc12345", "abcd1234", "aa123456", "qwer1234", "1qaz2wsx",
        "1q2w3e4r", "1q2w3e4r5t", "q1w2e3r4", "qwertyui", "qwertyuiop", "qwerty123", "asdfghjk",
        "asdfghjkl", "zxcvbnm1", "zxcvbnm123", "password", "password1", "password123", "passw0rd",
        "p@ssw0rd", "p@ssword", "iloveyou", "admin123", "admin888", "administrator", "changeme",
        "welcome1", "letmein1", "woaini123", "woaini1314", "woaini520", "5201314520", "1314520520",
        "52013145", "zhangwei", "huiyika1", "huiyika123", "huiyika888", "88888888a", "00000000a",
    ]
}
