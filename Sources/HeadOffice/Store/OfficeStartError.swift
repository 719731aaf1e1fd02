/// Why head office does not start. Names settings and files, never a secret's value.
public enum OfficeStartError: Error, Equatable, CustomStringConvertible {
    /// A key file is missing what it needs, or others may read it.
    case secretUnreadable(name: String, reason: String)
    /// The database was migrated by a newer program.
    case schemaNewer(found: String)
    /// A migration that already ran differs from this program's text of it.
    case schemaEdited(name: String)
    /// A setting cannot be used.
    case setting(key: String, reason: String)

    /// What is wrong, for the operator.
    public var description: String {
        switch self {
        case .secretUnreadable(let name, let reason): "key file \(name): \(reason)"
        case .schemaNewer(let found):
            "the database holds migration \(found), which this program does not know"
        case .schemaEdited(let name):
            "migration \(name) ran with another text than this program's"
        case .setting(let key, let reason): "setting \(key): \(reason)"
        }
    }
}
