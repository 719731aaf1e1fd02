/// One line of a basket or of a settled sale.
///
/// Shape: as entered or received; `SaleRules` judges it.
public struct SaleLine: Sendable, Hashable {
    /// The product's stock number.
    public let sku: String
    /// The product's name as printed.
    public let name: String
    /// The product's pack, `10g*9`; may be empty.
    public let spec: String
    /// The catalogue price of one.
    public let list: Money
    /// The price collected for one.
    public let price: Money
    /// How many.
    public let quantity: Int64
    /// The login of whoever changed the price, nil when it is the list price.
    public let repricedBy: String?
    /// Why the price was changed, as entered; nil when it is the list price, or was not asked for.
    public let repriceReason: String?

    /// A line of those values.
    public init(
        sku: String, name: String, spec: String, list: Money, price: Money, quantity: Int64,
        repricedBy: String? = nil, repriceReason: String? = nil
    ) {
        self.sku = sku
        self.name = name
        self.spec = spec
        self.list = list
        self.price = price
        self.quantity = quantity
        self.repricedBy = repricedBy
        self.repriceReason = repriceReason
    }

    /// Price times quantity.
    ///
    /// Refuses: `overflow`, which no line that `SaleRules` accepts can cause.
    public var amount: Money {
        get throws(MoneyRefusal) { try price.multiplied(by: quantity) }
    }
}
