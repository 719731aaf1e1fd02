import Domain
import Journal
import Receipts
import WebSupport

extension DayClose {
    /// What people call it: date and number.
    func name(_ words: Words) -> String {
        "\(statement.date) " + words("till.day.number", ["number": String(statement.number)])
    }

    /// The statement as a slip of the till prints it.
    ///
    /// - Parameter reprint: 0 for the original, else counts the reprints from 1.
    func facts(
        store: SlipFacts.Store, till: String, reprint: Int, _ words: Words
    ) -> StatementFacts {
        StatementFacts(
            store: store, title: words("till.day.title"), subtitle: name(words),
            reprint: reprint == 0 ? nil : reprint,
            groups: [
                [
                    .init(label: words("till.day.till"), value: till),
                    .init(
                        label: words("till.day.closedAt"),
                        value: Texts.time(closedAt.milliseconds)),
                    .init(label: words("till.day.by"), value: statement.by),
                ] + statement.coveredFigures(words),
                DayCloseFigure.all(statement, words).map {
                    .init(
                        label: $0.name,
                        value: $0.amount.isEmpty ? $0.count : "\($0.count) · \($0.amount)")
                },
                [
                    .init(
                        label: words("till.day.unsent"),
                        value: StateView(statement.unsent, words).text),
                    .init(label: words("till.day.record"), value: String(sequence)),
                    .init(
                        label: words("till.day.proof"),
                        value: Hex.text(Array(hash.bytes.prefix(8)))),
                ],
            ], signature: words("till.day.signature"))
    }
}
