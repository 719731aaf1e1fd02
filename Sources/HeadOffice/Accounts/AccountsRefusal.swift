/// Why a head-office login is not made, changed or let in.
public enum AccountsRefusal: String, OfficeRefusal, CaseIterable {
    case loginInvalid = "login_invalid"
    case nameEmpty = "person_name_empty"
    case rolesEmpty = "roles_empty"
    case unknownPerson = "unknown_person"
    case loginTaken = "login_taken"
    case unknownAccount = "unknown_account"
    /// The present password is not right.
    case wrongPassword = "wrong_staff_password"
    case ownAccount = "own_account"
}
