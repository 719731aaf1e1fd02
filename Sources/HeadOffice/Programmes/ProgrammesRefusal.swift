/// Why a programme is not made or changed.
public enum ProgrammesRefusal: String, OfficeRefusal, CaseIterable {
    case codeInvalid = "programme_code_invalid"
    case nameEmpty = "programme_name_empty"
    case provinceUnknown = "province_unknown"
    case prefixInvalid = "prefix_invalid"
    case faceInvalid = "face_invalid"
    case limitsInvalid = "limits_invalid"
    case validityInvalid = "validity_invalid"
    case pictureTooLarge = "picture_too_large"
    case pictureNotPNG = "picture_not_png"
    case codeTaken = "programme_code_taken"
    case prefixTaken = "prefix_taken"
    case unknownProgramme = "unknown_programme"
}
