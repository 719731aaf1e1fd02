/// What a person at head office may do. Several may belong to one login.
public enum StaffRole: String, Sendable, CaseIterable {
    /// Decides refund requests.
    case approver
    /// Asks for cards and loads.
    case issuer
    /// Agrees to cards and loads.
    case issuingSupervisor = "issuing_supervisor"
    /// Opens stores, enrols tills, publishes the catalogue.
    case storeAdministrator = "store_administrator"
    /// Closes months and exports.
    case finance
    /// Reads everything.
    case auditor
    /// Runs the system and its logins.
    case `operator`
}

/// Who acts: a signed-in login and the person behind it.
///
/// Duties are separated by person: two logins of one person are one (PRODUCT §3).
public struct StaffActor: Sendable, Equatable {
    /// The login's row.
    public let accountID: Int64
    /// Whom duties are separated by.
    public let personID: Int64
    /// As the audit names it.
    public let login: String
    /// Held now.
    public let roles: Set<StaffRole>

    /// An actor as read from a session.
    public init(accountID: Int64, personID: Int64, login: String, roles: Set<StaffRole>) {
        self.accountID = accountID
        self.personID = personID
        self.login = login
        self.roles = roles
    }

    /// Refuses who has none of the roles.
    public func require(_ allowed: StaffRole...) throws(RoleRefusal) {
        guard hasOne(of: allowed) else { throw .roleMissing }
    }

    func hasOne(of allowed: [StaffRole]) -> Bool {
        !roles.isDisjoint(with: allowed)
    }
}

/// The act belongs to another role.
public enum RoleRefusal: String, OfficeRefusal {
    case roleMissing = "role_missing"
}

extension StaffActor {
    /// The set-up command, before any person has a login.
    public static let setUp = StaffActor(
        accountID: 0, personID: 0, login: "system", roles: Set(StaffRole.allCases))
}
