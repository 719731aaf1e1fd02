internal import Foundation

/// How Chinese reaches a printer; raw values are stored.
///
/// - Source: GB 18030-2022. Printers take two bytes for what GBK has; a later one also takes the four
///   bytes of the ideographs of extension A. Everything else a printer would show as other signs
///   than meant, so it becomes ``substitute``.
public enum PrinterEncoding: String, Sendable, Hashable, CaseIterable {
    /// Two bytes for what GBK has, four for extension A.
    case gb18030
    /// Two bytes only, for older printers.
    case gbk

    /// 〓, as wide as what it stands for.
    public static let substitute: [UInt8] = [0xA1, 0xFE]

    private static let converter = String.Encoding(rawValue: 0x8000_0632)

    /// The bytes of a text; each character takes as many columns as ``SlipText`` counted for it.
    ///
    /// - Shape: control characters are left out; what the printer lacks is the substitute; ¥ is
    ///   A3 A4 (O-23).
    public func bytes(_ text: String) -> [UInt8] {
        text.flatMap { bytes($0) ?? Self.substitute }
    }

    /// Whether a printer has every character of the text.
    public func covers(_ text: String) -> Bool {
        text.allSatisfy { bytes($0) != nil }
    }

    private func bytes(_ character: Character) -> [UInt8]? {
        if character.isASCII {
            return character.utf8.filter { (0x20...0x7E).contains($0) }
        }
        // One written as letter and accent may have a code as a whole.
        let whole = String(character).precomposedStringWithCanonicalMapping.unicodeScalars
        guard whole.count == 1, let scalar = whole.first else { return nil }
        if scalar == "\u{A5}" { return [0xA3, 0xA4] }
        if scalar.properties.generalCategory == .control { return [] }
        guard let code = String(scalar).data(using: Self.converter).map(Array.init) else {
            return nil
        }
        switch code.count {
        case 2: return Self.isInGBK(code[0], code[1]) ? code : nil
        case 4: return self == .gb18030 && (0x3400...0x4DB5).contains(scalar.value) ? code : nil
        default: return nil
        }
    }

    /// GBK without the zones of users, and without what GB 18030 put into its gaps later (€ and ǹ).
    private static func isInGBK(_ first: UInt8, _ second: UInt8) -> Bool {
        switch (first, second) {
        case (0xA2, 0xE3), (0xA8, 0xBF): false
        case (0xA1...0xA7, 0x40...0xA0): false
        case (0xAA...0xAF, 0xA1...0xFE), (0xF8...0xFE, 0xA1...0xFE): false
        case (0x81...0xFE, 0x40...0xFE): true
        default: false
        }
    }
}
