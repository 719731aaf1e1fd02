internal import CQREncode

/// A QR symbol (ISO/IEC 18004): dark and light modules, to print or to show.
///
/// - Shape: a square of `width` × `width` modules, rows from the top, without the quiet zone.
public struct QRSymbol: Sendable, Hashable {
    /// How much of the symbol may be damaged and it still reads.
    public enum Correction: Sendable, CaseIterable {
        /// 7 %.
        case low
        /// 15 %, the usual one.
        case medium
        /// 25 %.
        case quartile
        /// 30 %.
        case high
    }

    /// Why a text does not become a symbol.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// There is nothing to encode.
        case empty = "qr_empty"
        /// It holds U+0000, which scanners cut texts at.
        case unreadable = "qr_unreadable"
        /// It has more bytes than the largest symbol takes with this correction.
        case tooLong = "qr_too_long"
    }

    /// Modules on a side: 21 for version 1, 4 more for each further version, at most 177.
    public let width: Int
    /// Row by row, true where dark.
    public let modules: [Bool]

    /// Light modules that scanners need on every side (ISO/IEC 18004 §6.3.8).
    public static let quietZone = 4

    /// Encodes a text as UTF-8 in the smallest symbol that holds it.
    ///
    /// - Refuses: `.empty`, `.unreadable`, `.tooLong`.
    public init(_ text: String, correction: Correction = .medium) throws(Refusal) {
        guard !text.isEmpty else { throw .empty }
        guard !text.utf8.contains(0) else { throw .unreadable }
        let level =
            switch correction {
            case .low: QR_ECLEVEL_L
            case .medium: QR_ECLEVEL_M
            case .quartile: QR_ECLEVEL_Q
            case .high: QR_ECLEVEL_H
            }
        // Besides a text that is too long (ERANGE), only memory can be short.
        guard let symbol = QRcode_encodeString8bit(text, 0, level) else { throw .tooLong }
        defer { QRcode_free(symbol) }
        width = Int(symbol.pointee.width)
        // Bit 0 of a module is its colour; the others say what it is for.
        modules = (0..<width * width).map { symbol.pointee.data[$0] & 1 == 1 }
    }

    /// Whether the module is dark; outside the symbol all is light.
    public func isDark(column: Int, row: Int) -> Bool {
        guard (0..<width).contains(column), (0..<width).contains(row) else { return false }
        return modules[row * width + column]
    }
}
