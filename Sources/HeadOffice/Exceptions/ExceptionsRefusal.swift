/// Why nothing is done about an exception. The cases stand in the order they are checked.
public enum ExceptionsRefusal: String, OfficeRefusal, CaseIterable {
    case reasonEmpty = "reason_empty"
    case unknownException = "unknown_exception"
    /// What is in dispute is not what was shown.
    case exceptionChanged = "exception_changed"
    /// Somebody asked already to write it off; another person decides that first.
    case writeOffAsked = "write_off_asked"
    /// Nobody asked to write it off.
    case writeOffNotAsked = "write_off_not_asked"
    /// Who asked cannot decide.
    case samePerson = "same_person"
    /// The hold has been ended since.
    case holdEnded = "hold_ended"
    /// The record of the hold's sale has come, and is decided where it waits.
    case holdHasSale = "hold_has_sale"
    /// Somebody asked already how to end the hold; another person decides that first.
    case holdAsked = "hold_asked"
    /// Nobody asked to end the hold.
    case holdNotAsked = "hold_not_asked"
    /// Neither an order number nor the code of a slip.
    case slipUnreadable = "slip_unreadable"
    /// The slip is of another till or payment, of an order that head office has, or named for another hold.
    case slipDiffers = "slip_differs"
    /// A cause whose bearer cannot be set.
    case unknownCause = "unknown_cause"
    case unknownProgramme = "unknown_programme"
}
