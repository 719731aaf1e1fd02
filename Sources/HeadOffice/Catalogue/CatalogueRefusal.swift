/// Why a catalogue file is not taken as a whole.
public enum CatalogueRefusal: String, OfficeRefusal, CaseIterable {
    case notText = "file_not_text"
    case headerDiffers = "header_differs"
    case tooManyRows = "too_many_rows"
    case nothingToApply = "nothing_to_apply"
    case unknownProduct = "unknown_product"
}
