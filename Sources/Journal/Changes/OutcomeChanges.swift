public import Domain

/// Topic `decision`, key the refund request's id.
public struct DecisionChange: WireValue, Hashable {
    /// How a request ended.
    public enum State: String, WireValue, CaseIterable {
        /// The money goes back.
        case approved
        /// It does not.
        case refused
        /// Not decided in its month (R-R1).
        case expired
        /// The store took it back.
        case withdrawn
    }

    /// What goes back.
    public var amount: Money
    /// Who decided, by name.
    public var by: String
    /// Why not, when refused by rule.
    public var code: String?
    /// When.
    public var decidedAt: Instant
    /// The written opinion.
    public var opinion: String
    /// The sale's receipt number.
    public var receipt: String
    /// The sale.
    public var sale: RecordID
    /// The outcome.
    public var state: State

    /// Makes it from its parts.
    public init(
        amount: Money, by: String, code: String?, decidedAt: Instant, opinion: String,
        receipt: String, sale: RecordID, state: State
    ) {
        self.amount = amount
        self.by = by
        self.code = code
        self.decidedAt = decidedAt
        self.opinion = opinion
        self.receipt = receipt
        self.sale = sale
        self.state = state
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        amount = try object.value("amount")
        by = try object.value("by")
        code = try object.nullable("code")
        decidedAt = try object.value("decidedAt")
        opinion = try object.value("opinion")
        receipt = try object.value("receipt")
        sale = try object.value("sale")
        state = try object.value("state")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "amount": amount.wire,
            "by": by.wire,
            "code": code.wire,
            "decidedAt": decidedAt.wire,
            "opinion": opinion.wire,
            "receipt": receipt.wire,
            "sale": sale.wire,
            "state": state.wire,
        ])
    }
}

/// Topic `verdict`, key the record's id: an exception that was settled later.
public struct VerdictChange: WireValue, Hashable {
    /// Why it is in question.
    public var code: String?
    /// What the sale's sealed password came to after all (R-W5).
    public var password: PasswordVerdict?
    /// What it is now.
    public var state: RecordVerdict.State

    /// Makes it from its parts.
    public init(
        code: String?, state: RecordVerdict.State, password: PasswordVerdict? = nil
    ) {
        self.code = code
        self.password = password
        self.state = state
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        code = try object.nullable("code")
        password = try object.optional("password")
        state = try object.value("state")
    }

    /// The object.
    public var wire: JSONValue {
        var members = ["code": code.wire, "state": state.wire]
        if let password { members["password"] = password.wire }
        return .object(members)
    }
}
