import Domain
import Journal

/// The fields that several features share. Examples name nothing that exists.
enum Fields {
    static let reason = Field.text("reason", 0...500, example: "已核实")
    static let name = Field.text("name", 0...200, example: "某某")
    static let text = Field.text("text", 0...100, example: "中山").or("")
    static let store = Field.code("store", example: "ZZ0001")
    static let till = Field.code("till", example: "ZZ0001-01")
    static let programme = Field.code("programme", example: "ZZ")
    static let login = Field.code("login", example: "zz")
    static let password = Field.text("password", 1...200, example: "no-such-1-password")
    static let disabled = Field.flag("disabled")
    static let month = Field.month("month")
    /// The key after which the next page begins.
    static let after = Field.key("after").optional

    /// Whether a second person agrees.
    static let approves = Field(
        "verdict", .choice(["approved", "refused"])
    ) { json -> Bool? in
        switch json {
        case .text("approved"): true
        case .text("refused"): false
        default: nil
        }
    }

    /// Provinces by their GB/T 2260 codes.
    static let provinces = Field<Set<String>>.strings(
        "provinces", .choice(Province.all.map(\.code)), example: ["44"]
    ) { code in Province.all.contains { $0.code == code } ? code : nil }

    static let province = Field.choice("province", Province.all.map(\.code))
}

/// The id of what was made, where head office makes it.
struct Made: APIObject {
    let id: Int64

    static let shape = Shape<Made>("Made", [Member(key: "id", \.id)])
}
