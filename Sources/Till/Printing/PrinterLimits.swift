/// How long the till waits for a printer. None of it is waited for by a sale.
struct PrinterLimits: Sendable {
    /// For a connection.
    var connect: Duration = .seconds(3)
    /// For the first answer about the state.
    var answer: Duration = .milliseconds(1_500)
    /// Without taking or sending a byte, in the middle of a slip.
    var silence: Duration = .seconds(30)
    /// For a person who puts in paper or closes the cover, in the middle of a slip.
    var person: Duration = .seconds(300)
    /// Between two questions in the middle of a slip.
    var question: Duration = .seconds(2)
    /// For the program of the print system.
    var queue: Duration = .seconds(15)
    /// Between two tries of a job that waits, growing to the last.
    var retries: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(15)]
    /// Between two looks at a printer that has nothing to do.
    var look: Duration = .seconds(20)

    static let standard = PrinterLimits()
}
