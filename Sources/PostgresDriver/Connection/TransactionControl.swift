/// Recognises statements that begin or end a transaction, so that they can be refused before the
/// server has carried them out.
enum TransactionControl {
    /// Whether the statement's first words, behind blanks and comments, control a transaction.
    static func begins(_ text: String) -> Bool {
        let words = skippingComments(text.utf8[...]).prefix(100)
            .split(omittingEmptySubsequences: true) { !isLetter($0) }
            .prefix(2).map { String(decoding: $0, as: UTF8.self).uppercased() }
        switch words.first {
        case "BEGIN", "COMMIT", "END", "ABORT", "START": return true
        case "ROLLBACK": return words.dropFirst().first != "TO"
        case "PREPARE": return words.dropFirst().first == "TRANSACTION"
        default: return false
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func skippingComments(
        _ text: Substring.UTF8View
    ) -> Substring.UTF8View {
        var rest = text
        while let byte = rest.first {
            if byte <= 0x20 || byte == UInt8(ascii: ";") {
                rest = rest.dropFirst()
            } else if rest.starts(with: "--".utf8) {
                rest = rest.drop { $0 != UInt8(ascii: "\n") }
            } else if rest.starts(with: "/*".utf8) {
                rest = skippingBlockComment(rest)
            } else {
                break
            }
        }
        return rest
    }

    /// The server's block comments nest.
    private static func skippingBlockComment(
        _ text: Substring.UTF8View
    ) -> Substring.UTF8View {
        var rest = text
        var depth = 0
        repeat {
            if rest.starts(with: "/*".utf8) {
                depth += 1
                rest = rest.dropFirst(2)
            } else if rest.starts(with: "*/".utf8) {
                depth -= 1
                rest = rest.dropFirst(2)
            } else {
                rest = rest.dropFirst()
            }
        } while depth > 0 && !rest.isEmpty
        return rest
    }
}
