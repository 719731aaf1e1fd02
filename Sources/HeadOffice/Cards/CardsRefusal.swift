/// Why a card, a batch or a load is not changed.
public enum CardsRefusal: String, OfficeRefusal, CaseIterable {
    case quantityInvalid = "quantity_invalid"
    case amountInvalid = "amount_invalid"
    case reasonEmpty = "reason_empty"
    case unknownProgramme = "unknown_programme"
    case unknownBatch = "unknown_batch"
    case unknownCard = "unknown_card"
    case unknownLoad = "unknown_load"
    case loadDiffers = "load_differs"
    case alreadyDecided = "already_decided"
    case samePerson = "same_person"
    case cardNotActive = "card_not_active"
    case cardNotFrozen = "card_not_frozen"
    case balanceMaximum = "balance_maximum"
    case numbersExhausted = "numbers_exhausted"
}
