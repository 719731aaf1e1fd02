import GRDB

/// Why the till's file could not do what was asked; says nothing of any row's content.
struct TillStoreError: Error, CustomStringConvertible {
    enum Code: String {
        /// Another process holds this data folder.
        case dataFileInUse = "data_file_in_use"
        /// `quick_check` found damage.
        case damaged = "data_file_damaged"
        /// The schema was made by a newer build, or a migration was edited after it ran.
        case foreignSchema = "data_file_foreign_schema"
        /// SQLite did not take a safety setting.
        case settingRefused = "data_file_setting_refused"
        /// Less room than the reserve: nothing new is begun.
        case diskNearlyFull = "disk_nearly_full"
        /// The disk is full: the transaction was rolled back.
        case diskFull = "disk_full"
        /// The disk failed, the file was opened again, and the transaction is not in it.
        case notCommitted = "not_committed"
        /// The disk failed and the file cannot be read again: nobody knows yet.
        case outcomeUnknown = "outcome_unknown"
        /// The file is closed.
        case unavailable = "data_file_unavailable"
    }

    let code: Code
    let message: String
    let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// What it means that the file cannot be opened; nil for a fault of the program.
    init?(opening error: DatabaseError) {
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PERM:
            self.init(
                .unavailable, "another program holds the data file, or it cannot be written",
                cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "the data file is damaged", cause: error)
        case .SQLITE_FULL:
            self.init(.diskFull, "the disk is full; nothing was recorded", cause: error)
        default: return nil
        }
    }

    /// Whether asking again later may work.
    var isTransient: Bool {
        switch code {
        case .diskNearlyFull, .diskFull, .notCommitted, .outcomeUnknown, .unavailable: true
        case .dataFileInUse, .damaged, .foreignSchema, .settingRefused: false
        }
    }

    var description: String { "\(code.rawValue): \(message)" }
}
