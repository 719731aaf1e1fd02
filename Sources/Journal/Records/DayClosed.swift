public import Domain

/// What a till says it did since it last said so (日结). Being in the journal signs it.
///
/// - Shape: it covers the records `first` to `last`; the next one begins after this record, so that
///   every record is covered by exactly one. `sales` has one entry for each mode and book that occurs.
/// - Source: Docs/PROTOCOL.md §2; PRODUCT §2.8.
public struct DayClosed: WireValue, Hashable {
    /// The kind's word.
    public static let kind = "day.closed"

    /// How many, and what they come to.
    public struct Sum: WireValue, Hashable {
        /// How many.
        public var count: Int64
        /// What they come to; below zero only where a sum says so.
        public var total: Money

        /// Makes it from its parts.
        public init(count: Int64, total: Money) {
            self.count = count
            self.total = total
        }

        /// Nothing.
        public static let none = Sum(count: 0, total: .zero)

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            count = try object.integer("count")
            total = try object.value("total")
        }

        /// The object.
        public var wire: JSONValue {
            .object(["count": count.wire, "total": total.wire])
        }
    }

    /// Sales of one mode and book.
    public struct Sales: WireValue, Hashable {
        /// How they were paid, in the words of `sale.completed`.
        public var mode: String
        /// Whether the cards were test cards (R-P7).
        public var isTest: Bool
        /// How many.
        public var count: Int64
        /// What they come to.
        public var total: Money

        /// Makes it from its parts.
        public init(mode: String, isTest: Bool, count: Int64, total: Money) {
            self.mode = mode
            self.isTest = isTest
            self.count = count
            self.total = total
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            mode = try object.value("mode")
            isTest = try object.value("test")
            count = try object.integer("count")
            total = try object.value("total")
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "count": count.wire, "mode": mode.wire, "test": isTest.wire,
                "total": total.wire,
            ])
        }
    }

    /// The first and the last order number.
    public struct Receipts: WireValue, Hashable {
        /// The first.
        public var first: String
        /// The last.
        public var last: String

        /// Makes it from its parts.
        public init(first: String, last: String) {
            self.first = first
            self.last = last
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            first = try object.value("first")
            last = try object.value("last")
        }

        /// The object.
        public var wire: JSONValue {
            .object(["first": first.wire, "last": last.wire])
        }
    }

    /// What head office has not acknowledged, of this and of earlier days.
    public struct Unsent: WireValue, Hashable {
        /// Records of any kind.
        public var records: Int64
        /// Sales among them.
        public var sales: Int64
        /// What those sales come to.
        public var total: Money

        /// Makes it from its parts.
        public init(records: Int64, sales: Int64, total: Money) {
            self.records = records
            self.sales = sales
            self.total = total
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            records = try object.integer("records")
            sales = try object.integer("sales")
            total = try object.value("total")
        }

        /// The object.
        public var wire: JSONValue {
            .object(["records": records.wire, "sales": sales.wire, "total": total.wire])
        }
    }

    /// The business date of closing.
    public var date: BusinessDate
    /// Which closing of that date, from 1.
    public var number: Int
    /// The corrected time of the closing before; nil at the first.
    public var from: Instant?
    /// The first sequence covered.
    public var first: Int64
    /// The last sequence covered.
    public var last: Int64
    /// Sales by mode and book.
    public var sales: [Sales]
    /// Order numbers covered; nil without sales.
    public var receipts: Receipts?
    /// Payments that ended without a sale.
    public var cancelled: Sum
    /// Refunds asked for.
    public var refundsRequested: Sum
    /// Refunds of this till's requests whose approval came in.
    public var refundsApproved: Sum
    /// Lines sold at another than the list price; charged less list, below zero for reductions.
    public var priceChanges: Sum
    /// Slips printed again.
    public var reprints: Int64
    /// What is still unsent, this record left out.
    public var unsent: Unsent
    /// The login.
    public var by: String

    /// Makes it from its parts.
    public init(
        date: BusinessDate, number: Int, from: Instant?, first: Int64, last: Int64,
        sales: [Sales], receipts: Receipts?, cancelled: Sum, refundsRequested: Sum,
        refundsApproved: Sum, priceChanges: Sum, reprints: Int64, unsent: Unsent, by: String
    ) {
        self.date = date
        self.number = number
        self.from = from
        self.first = first
        self.last = last
        self.sales = sales
        self.receipts = receipts
        self.cancelled = cancelled
        self.refundsRequested = refundsRequested
        self.refundsApproved = refundsApproved
        self.priceChanges = priceChanges
        self.reprints = reprints
        self.unsent = unsent
        self.by = by
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        guard let date = BusinessDate.parse(try object.value("date")) else {
            throw object.outOfRange("date")
        }
        self.date = date
        number = try object.count("number", in: 1...1_000_000)
        from = try object.nullable("from")
        first = try object.integer("first", in: 1...Int64.max - 1)
        last = try object.integer("last", in: (first - 1)...Int64.max - 1)
        sales = try object.value("sales")
        receipts = try object.nullable("receipts")
        cancelled = try object.value("cancelled")
        refundsRequested = try object.value("refundsRequested")
        refundsApproved = try object.value("refundsApproved")
        priceChanges = try object.value("priceChanges")
        reprints = try object.integer("reprints")
        unsent = try object.value("unsent")
        by = try object.value("by")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "by": by.wire, "cancelled": cancelled.wire, "date": .text(date.description),
            "first": first.wire, "from": from.wire, "last": last.wire, "number": number.wire,
            "priceChanges": priceChanges.wire, "receipts": receipts.wire,
            "refundsApproved": refundsApproved.wire, "refundsRequested": refundsRequested.wire,
            "reprints": reprints.wire, "sales": sales.wire, "unsent": unsent.wire,
        ])
    }

    /// The sum over all modes of one book; as much as there is room for.
    public func sum(isTest: Bool) -> Sum {
        sales.filter { $0.isTest == isTest }.reduce(.none) { sum, part in
            Sum(
                count: sum.count &+ part.count,
                total: (try? sum.total.adding(part.total)) ?? sum.total)
        }
    }
}
