import GRDB
import Testing

@testable import Till

struct ProductSearchTests {
    private let folder: TemporaryFolder
    private let store: TillStore

    private static let products: [(sku: String, barcode: String, name: String)] = [
        ("YP0001", "6901234567892", "感冒颗粒"),
        ("YP0002", "6901234567908", "冒险感应贴"),
        ("YP0003", "", "长春西汀片"),
        ("YP0004", "", "白术"),
        ("YP0005", "", "重庆当归丸"),
        ("YP0006", "", "维生素C片"),
        ("YP0007", "6901234567001", "小儿感冒退热颗粒"),
        ("QX0008", "", "0.9%氯化钠注射液"),
    ]

    init() async throws {
        folder = try TemporaryFolder()
        store = try folder.openStore()
        try await store.write { database in
            for (sku, barcode, name) in Self.products {
                try Catalogue.apply(
                    Product(
                        sku: sku, barcode: barcode, name: name, spec: "盒", price: 1_850,
                        isOnSale: true),
                    version: 1, in: database)
            }
        }
    }

    private func search(_ typed: String) async throws -> [String] {
        try await store.read { try Catalogue.search(typed, in: $0).map(\.sku) }
    }

    @Test(arguments: [
        ("感", ["YP0001", "YP0002", "YP0007"]),
        ("感冒", ["YP0001", "YP0007"]),
        ("感冒颗粒", ["YP0001"]),
        ("颗粒", ["YP0001", "YP0007"]),
        ("ganmao", ["YP0001", "YP0007"]),
        ("GanMaoKeLi", ["YP0001"]),
        ("keli", ["YP0001", "YP0007"]),
        ("gmkl", ["YP0001"]),
        ("kl", ["YP0001", "YP0007"]),
        ("感冒 xe", ["YP0007"]),
        ("changchun", ["YP0003"]),
        ("baizhu", ["YP0004"]),
        ("chongqing", ["YP0005"]),
        ("cqdgw", ["YP0005"]),
        ("维生素c", ["YP0006"]),
        ("yp0001", ["YP0001"]),
        ("YP000", ["YP0001", "YP0002", "YP0003", "YP0004", "YP0005", "YP0006", "YP0007"]),
        ("6901234567892", ["YP0001"]),
        ("69012345670", ["YP0007"]),
        ("６９０１２３４５６７８９２", ["YP0001"]),
        ("0.9%", ["QX0008"]),
        ("阿司匹林", []),
        ("", []),
        ("\"", []),
        ("*", []),
        ("NEAR(", []),
        ("感 OR \"冒", []),
        ("-x", ["YP0002", "YP0003", "YP0007"]),
        ("感'; DROP TABLE product; --", []),
    ])
    func `what was typed finds what was meant`(typed: String, expected: [String]) async throws {
        #expect(try await search(typed).sorted() == expected.sorted())
    }

    @Test(arguments: ["gm", "感冒", "6901234567892", "yp0001"])
    func `a search looks at no product it can do without`(typed: String) async throws {
        let plans = try await store.read { database in
            var asked: [String] = []
            database.trace { event in
                if case .statement(let statement) = event { asked.append(statement.expandedSQL) }
            }
            _ = try Catalogue.search(typed, in: database)
            database.trace(nil)
            return try asked.filter { $0.contains("FROM product") }.flatMap {
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \($0)")
                    .map { $0["detail"] as String }
            }
        }
        #expect(plans.contains { $0.hasPrefix("SEARCH product USING INDEX") })
        let whole = plans.filter { $0.hasPrefix("SCAN p") && !$0.contains("VIRTUAL TABLE") }
        #expect(whole.isEmpty)
    }

    @Test func `an older version changes nothing and a stopped product is not found`() async throws
    {
        try await store.write { database in
            try Catalogue.apply(
                Product(
                    sku: "YP0001", barcode: "", name: "旧名", spec: "", price: 1, isOnSale: true),
                version: 1, in: database)
        }
        #expect(try await search("感冒颗粒") == ["YP0001"])
        try await store.write { database in
            try Catalogue.apply(
                Product(
                    sku: "YP0001", barcode: "", name: "感冒颗粒", spec: "", price: 1,
                    isOnSale: false),
                version: 2, in: database)
            try Catalogue.remove(sku: "YP0007", version: 2, in: database)
        }
        #expect(try await search("感冒").isEmpty)
    }
}
