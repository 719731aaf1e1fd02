public import Domain

/// Topic `product`, key the SKU.
public struct ProductChange: WireValue, Hashable {
    /// Whether a product is sold.
    public enum Status: String, WireValue, CaseIterable {
        /// May be sold.
        case onSale = "on_sale"
        /// May not be sold.
        case stopped
    }

    /// The barcode; empty when there is none.
    public var barcode: String
    /// The name.
    public var name: String
    /// Search help, where head office knows better than the till.
    public var pinyin: String?
    /// The list price.
    public var price: Money
    /// The product's key.
    public var sku: String
    /// The pack.
    public var spec: String
    /// Whether it is sold.
    public var status: Status

    /// Makes it from its parts.
    public init(
        barcode: String, name: String, pinyin: String?, price: Money, sku: String, spec: String,
        status: Status
    ) {
        self.barcode = barcode
        self.name = name
        self.pinyin = pinyin
        self.price = price
        self.sku = sku
        self.spec = spec
        self.status = status
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        barcode = try object.value("barcode")
        name = try object.value("name")
        pinyin = try object.optional("pinyin")
        price = try object.value("price")
        sku = try object.value("sku")
        spec = try object.value("spec")
        status = try object.value("status")
    }

    /// The object.
    public var wire: JSONValue {
        var members: [String: JSONValue] = [
            "barcode": barcode.wire,
            "name": name.wire,
            "price": price.wire,
            "sku": sku.wire,
            "spec": spec.wire,
            "status": status.wire,
        ]
        if let pinyin { members["pinyin"] = pinyin.wire }
        return .object(members)
    }
}

/// Topic `account`, key the login: a person of this till's store.
///
/// - Shape: `verifier` is PHC-like, `scrypt$ln=17,r=8,p=1$salt$hash`.
public struct AccountChange: WireValue, Hashable {
    /// What a person may do at a till.
    public enum Role: String, WireValue, CaseIterable {
        /// Sells.
        case cashier
        /// Overrides and resets.
        case manager
    }

    /// Whether sign-in is off.
    public var isDisabled: Bool
    /// The login.
    public var login: String
    /// The person's name.
    public var name: String
    /// What the person may do.
    public var roles: [Role]
    /// Checks the password.
    public var verifier: String

    /// Makes it from its parts.
    public init(isDisabled: Bool, login: String, name: String, roles: [Role], verifier: String) {
        self.isDisabled = isDisabled
        self.login = login
        self.name = name
        self.roles = roles
        self.verifier = verifier
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        isDisabled = try object.value("disabled")
        login = try object.value("login")
        name = try object.value("name")
        roles = try object.value("roles")
        verifier = try object.value("verifier")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "disabled": isDisabled.wire,
            "login": login.wire,
            "name": name.wire,
            "roles": roles.wire,
            "verifier": verifier.wire,
        ])
    }
}

/// Topic `store`, key `self`.
public struct StoreChange: WireValue, Hashable {
    /// The address.
    public var address: String
    /// The store's code.
    public var code: String
    /// Fault reports 报修.
    public var faultTelephone: String
    /// The store's name.
    public var name: String
    /// Two digits of GB/T 2260.
    public var province: String
    /// Customer service 客服.
    public var serviceTelephone: String
    /// Whether the store may not sell.
    public var isSuspended: Bool
    /// The store's telephone.
    public var telephone: String

    /// Makes it from its parts.
    public init(
        address: String, code: String, faultTelephone: String, name: String, province: String,
        serviceTelephone: String, isSuspended: Bool, telephone: String
    ) {
        self.address = address
        self.code = code
        self.faultTelephone = faultTelephone
        self.name = name
        self.province = province
        self.serviceTelephone = serviceTelephone
        self.isSuspended = isSuspended
        self.telephone = telephone
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        address = try object.value("address")
        code = try object.value("code")
        faultTelephone = try object.value("faultTelephone")
        name = try object.value("name")
        province = try object.value("province")
        serviceTelephone = try object.value("serviceTelephone")
        isSuspended = try object.value("suspended")
        telephone = try object.value("telephone")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "address": address.wire,
            "code": code.wire,
            "faultTelephone": faultTelephone.wire,
            "name": name.wire,
            "province": province.wire,
            "serviceTelephone": serviceTelephone.wire,
            "suspended": isSuspended.wire,
            "telephone": telephone.wire,
        ])
    }
}
