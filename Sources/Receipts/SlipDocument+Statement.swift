/// A statement of a till on paper: groups of labelled figures, ready in the language of the slip.
public struct StatementFacts: Sendable, Hashable {
    /// A label and its figure.
    public struct Figure: Sendable, Hashable {
        /// What it is.
        public let label: String
        /// What it comes to.
        public let value: String

        /// A figure.
        public init(label: String, value: String) {
            self.label = label
            self.value = value
        }
    }

    /// The store whose till speaks.
    public let store: SlipFacts.Store
    /// What the statement is.
    public let title: String
    /// Its number and date.
    public let subtitle: String
    /// Nil for the original, else counts the reprints from 1.
    public let reprint: Int?
    /// The groups; a rule stands between them.
    public let groups: [[Figure]]
    /// Who signs.
    public let signature: String

    /// A statement.
    public init(
        store: SlipFacts.Store, title: String, subtitle: String, reprint: Int? = nil,
        groups: [[Figure]], signature: String
    ) {
        self.store = store
        self.title = title
        self.subtitle = subtitle
        self.reprint = reprint
        self.groups = groups
        self.signature = signature
    }
}

extension SlipDocument {
    /// Arranges a statement. Texts are bounded and cleaned as on every slip.
    public init(_ facts: StatementFacts, language: SlipLanguage) {
        let words = SlipWords(language: language)
        var rows: [Row] = [.store(SlipText.clean(facts.store.name, 60))]
        let address = SlipText.clean(facts.store.address, 80)
        if !address.isEmpty { rows.append(.centred(address)) }
        rows.append(.title(SlipText.clean(facts.title, 60)))
        rows.append(.centred(SlipText.clean(facts.subtitle, 80)))
        if let reprint = facts.reprint { rows.append(.centred(words.reprint(reprint))) }
        for group in facts.groups where !group.isEmpty {
            rows.append(.rule)
            rows += group.prefix(60).map {
                .pair(label: SlipText.clean($0.label, 80), value: SlipText.clean($0.value, 80))
            }
        }
        rows += [.rule, .signature(SlipText.clean(facts.signature, 60))]
        rows += facts.store.telephones.prefix(4).map {
            .centred(SlipText.clean(words.telephone($0), 80))
        }
        self.rows = rows
    }
}
