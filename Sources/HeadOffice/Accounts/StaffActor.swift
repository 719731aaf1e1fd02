/// What a person at head office may do. Several may belong to one login.
public enum StaffRole: String, Sendable, CaseIterable {
    case approver
    case issuer
    case issuingSupervisor = "issuing_supervisor"
    case storeAdministrator = "store_administrator"
    case finance
    case auditor
    case `operator`
}

/// Who acts: a signed-in login and the person behind it.
///
/// Duties are separated by person: two logins of one person are one (PRODUCT §3).
public struct StaffActor: Sendable, Equatable {
    public let accountID: Int64
    public let personID: Int64
    public let login: String
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
        guard !roles.isDisjoint(with: allowed) else { throw .roleMissing }
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
