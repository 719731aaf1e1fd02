// Reads CSV as spreadsheets save it (RFC 4180): quoted fields, doubled quotes, line breaks inside quotes. It knows the
// line every record starts on, so that a bad row can be named; it never repairs what it reads.

/// One record of a CSV file.
struct CSVRecord: Equatable, Sendable {
    /// The line of the file it starts on, from 1.
    let line: Int
    var fields: [String]
    /// A quote opened and never closed, or text after a closing quote.
    var isMalformed = false
}

/// Splits a CSV text into records.
struct CSVReader {
    private var records: [CSVRecord] = []
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var isMalformed = false
    private var line = 1
    private var firstLine = 1

    private enum State { case start, plain, quoted, closed }
    private var state = State.start

    /// Reads the whole file. A byte order mark at the start is skipped, wholly empty lines are left out.
    static func records(of bytes: some Sequence<UInt8>) -> [CSVRecord] {
        var reader = CSVReader()
        var source = Array(bytes)
        if source.starts(with: [0xEF, 0xBB, 0xBF]) { source.removeFirst(3) }
        var index = 0
        while index < source.count {
            if source[index] == 0x0D, index + 1 < source.count, source[index + 1] == 0x0A {
                index += 1
            }
            reader.take(source[index])
            index += 1
        }
        reader.finish()
        return reader.records
    }

    private mutating func take(_ byte: UInt8) {
        let isBreak = byte == 0x0A || byte == 0x0D
        if isBreak { line += 1 }
        switch (state, byte) {
        case (.quoted, 0x22): state = .closed
        case (.quoted, _): field.append(byte)
        case (.closed, 0x22):
            field.append(byte)
            state = .quoted
        case (_, 0x2C): endField()
        case (_, _) where isBreak: endRecord()
        case (.start, 0x22): state = .quoted
        case (.closed, _):
            isMalformed = true
            field.append(byte)
        default:
            field.append(byte)
            state = .plain
        }
    }

    private mutating func endField() {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        state = .start
    }

    private mutating func endRecord() {
        endField()
        if fields != [""] {
            records.append(
                CSVRecord(line: firstLine, fields: fields, isMalformed: isMalformed))
        }
        fields.removeAll(keepingCapacity: true)
        isMalformed = false
        firstLine = line
    }

    private mutating func finish() {
        if state == .quoted { isMalformed = true }
        if state != .start || !fields.isEmpty { endRecord() }
    }
}
