// What a store administrator reads out and a store manager types. 16 letters of an alphabet of 28
// carry 76 bits: nobody guesses one in the 24 hours it lives.

import Crypto
import Foundation

/// A one-time code that lets a new till ask for enrolment (PROTOCOL §4).
public struct EnrolmentCode: Hashable, Sendable {
    /// `ABCD-EFGH-JKMN-PQRT`.
    public let text: String

    /// No letter or digit that could be read as another: no 0 O, 1 I L, 2 Z, 5 S.
    static let alphabet = Array("ABCDEFGHJKMNPQRTUVWXY346789")
    private static let letterCount = 16

    /// A new code from random bytes.
    ///
    /// - Shape: takes at least 64 bytes; bytes that would favour some letters are skipped.
    public init(randomBytes: [UInt8]) {
        let fair = 256 - 256 % Self.alphabet.count
        let letters = randomBytes.filter { Int($0) < fair }.prefix(Self.letterCount)
            .map { Self.alphabet[Int($0) % Self.alphabet.count] }
        precondition(
            letters.count == Self.letterCount,
            "\(randomBytes.count) random bytes gave \(letters.count) letters")
        text = Self.grouped(letters)
    }

    /// A code as typed: lower case, spaces and dashes do not matter. Nil when it cannot be one.
    public init?(typed: String) {
        let letters = Array(typed.uppercased().filter { $0 != "-" && !$0.isWhitespace })
        guard letters.count == Self.letterCount,
            letters.allSatisfy(Self.alphabet.contains)
        else { return nil }
        text = Self.grouped(letters)
    }

    /// What the database keeps: SHA-256 of the text.
    public var hash: [UInt8] { Array(SHA256.hash(data: Data(text.utf8))) }

    private static func grouped(_ letters: [Character]) -> String {
        stride(from: 0, to: letters.count, by: 4)
            .map { String(letters[$0..<$0 + 4]) }
            .joined(separator: "-")
    }
}
