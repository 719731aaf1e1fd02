/// Paper of a receipt printer; raw values are millimetres of width.
public enum SlipPaper: Int, Sendable, Hashable, CaseIterable {
    /// 58 mm: 32 columns, 384 dots.
    case narrow = 58
    /// 80 mm: 48 columns, 576 dots.
    case wide = 80

    /// Columns of characters as wide as a Latin letter.
    public var columns: Int { self == .narrow ? 32 : 48 }

    /// Dots that the head prints across, at 203 dots an inch.
    public var dots: Int { columns * 12 }
}
