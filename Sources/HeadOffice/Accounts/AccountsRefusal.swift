/// Why a head-office login is not made, changed or let in.
public enum AccountsRefusal: String, OfficeRefusal, CaseIterable {
    case loginInvalid = "login_invalid"
    case nameEmpty = "person_name_empty"
    case rolesEmpty = "roles_empty"
    case unknownPerson = "unknown_person"
    case loginTaken = "login_taken"
    case unknownAccount = "unknown_account"
    case passwordUnchanged = "password_unchanged"
    /// The present password is not right.
    case wrongPassword = "wrong_staff_password"
    case ownAccount = "own_account"
    case unknownSession = "unknown_session"
    case secondFactorWrong = "second_factor_wrong"
    case secondFactorInUse = "second_factor_in_use"
    /// The session knows the password only.
    case secondFactorNeeded = "second_factor_needed"
    /// A role that moves money has none yet.
    case secondFactorMissing = "second_factor_missing"
    /// The password is somebody else's: an operator made it.
    case passwordChangeNeeded = "password_change_needed"
}
