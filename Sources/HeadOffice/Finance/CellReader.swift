/// Takes the server's CSV apart, chunk by chunk, into rows of cells.
///
/// - Shape: RFC 4180 as PostgreSQL writes it: LF after each row, quotes doubled, quoted cells may hold line ends. Chunks
///   may end anywhere.
struct CellReader {
    private var row: [String] = []
    private var cell: [UInt8] = []
    private var isQuoted = false
    private var sawQuote = false

    /// Feeds a chunk; `onRow` gets each row that it completes.
    mutating func feed(_ chunk: [UInt8], onRow: ([String]) throws -> Void) rethrows {
        for byte in chunk {
            if isQuoted, !sawQuote, byte != 0x22 {
                cell.append(byte)
            } else if isQuoted, !sawQuote {
                sawQuote = true
            } else if isQuoted, byte == 0x22 {
                cell.append(byte)
                sawQuote = false
            } else {
                try feedPlain(byte, onRow: onRow)
            }
        }
    }

    private mutating func feedPlain(
        _ byte: UInt8, onRow: ([String]) throws -> Void
    ) rethrows {
        switch byte {
        case 0x22:
            isQuoted = true
        case 0x2C:
            endCell()
        case 0x0A:
            endCell()
            let complete = row
            row.removeAll(keepingCapacity: true)
            try onRow(complete)
        default:
            cell.append(byte)
        }
    }

    private mutating func endCell() {
        row.append(String(decoding: cell, as: UTF8.self))
        cell.removeAll(keepingCapacity: true)
        isQuoted = false
        sawQuote = false
    }
}
