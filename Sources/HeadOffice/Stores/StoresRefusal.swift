/// Why a store or one of its logins is not changed.
public enum StoresRefusal: String, OfficeRefusal, CaseIterable {
    case codeInvalid = "store_code_invalid"
    case codeTaken = "store_code_taken"
    case nameEmpty = "store_name_empty"
    case provinceUnknown = "province_unknown"
    case feeInvalid = "fee_invalid"
    case limitsInvalid = "limits_invalid"
    case telephoneInvalid = "telephone_invalid"
    case unknownStore = "unknown_store"
    case loginInvalid = "login_invalid"
    case loginTaken = "login_taken"
    case rolesEmpty = "roles_empty"
    /// A shared login sells, and does no manager act.
    case sharedManager = "shared_manager"
    case unknownAccount = "unknown_account"
}
