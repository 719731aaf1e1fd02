import Journal

/// A record of the journal; the database library has a type of the same name.
typealias JournalRecord = Record

/// Where a pull stands; the database library has a type of the same name.
typealias ChangesCursor = Cursor
