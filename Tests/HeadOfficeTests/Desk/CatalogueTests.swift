import Domain
import Foundation
import PostgresDriver
import Testing

@testable import HeadOffice

struct CatalogueTests {
    private static let head = "\u{FEFF}商品编码,条码,品名,规格,零售价,状态\n"

    private func faults(_ rows: String) throws -> [String] {
        let file = try CatalogueImport(bytes: Array((Self.head + rows).utf8))
        return file.bad.map { "\($0.line):\($0.column) \($0.fault.rawValue)" }
    }

    @Test(arguments: [
        ("1,6920700100074,感冒灵,10g,-3.00,在售", "2:5 price_negative"),
        ("1,6920700100074,感冒灵,10g,12.345,在售", "2:5 price_decimals"),
        (#"1,6920700100074,感冒灵,10g,"21,50",在售"#, "2:5 price_separator"),
        (#"1,6920700100074,感冒灵,10g,"1,280.00",在售"#, "2:5 price_separator"),
        ("1,6920700100074,感冒灵,10g,1O.80,在售", "2:5 price_not_a_number"),
        ("1,6920700100074,感冒灵,10g,,在售", "2:5 price_empty"),
        ("1,6920700100074,感冒灵,10g,99999999999999999999,在售", "2:5 price_too_large"),
        ("1,6920700100013,感冒灵,10g,1.00,在售", "2:2 barcode_check_digit"),
        ("1,03600029145,感冒灵,10g,1.00,在售", "2:2 barcode_length"),
        ("1,69207001000A4,感冒灵,10g,1.00,在售", "2:2 barcode_not_digits"),
        ("1,6920700100074,,10g,1.00,在售", "2:3 name_empty"),
        (",6920700100074,感冒灵,10g,1.00,在售", "2:1 sku_empty"),
        ("1,6920700100074,感冒灵", "2:4 too_few_columns"),
        ("1,6920700100074,感冒灵,10g,1.00,在售,多", "2:7 too_many_columns"),
        ("1,6920700100074,感冒灵,10g,1.00,缺货", "2:6 status_unknown"),
        ("1,6920700100074,感冒灵,\"10g\n袋\",1.00,在售", "2:4 line_break"),
        ("1,6920700100074,\"感冒\"灵,10g,1.00,在售", "2:1 malformed_quotes"),
    ])
    func `a bad row is named by line, column and reason`(row: String, fault: String) throws {
        #expect(try faults(row) == [fault])
    }

    @Test func `a second row of a SKU or barcode is refused, the first stays good`() throws {
        let rows = """
            1,6920700100074,感冒灵,10g,1.00,在售
            1,6920700100142,感冒清热,10g,1.00,在售
            2,6920700100074,板蓝根,10g,1.00,在售
            """
        #expect(try faults(rows) == ["3:1 sku_repeated", "4:2 barcode_repeated"])
    }

    @Test func `full-width digits, leading zeros and a formula as a name are kept as meant`() throws
    {
        let rows = #"""
            000123,,"=HYPERLINK(""x"")",10ml,１２．８０,在售
            """#
        let file = try CatalogueImport(bytes: Array((Self.head + rows).utf8))
        #expect(file.bad.isEmpty)
        #expect(file.good.map(\.sku) == ["000123"])
        #expect(file.good.map(\.name) == [#"=HYPERLINK("x")"#])
        #expect(file.good.map(\.price) == [1_280])
    }

    @Test func `a file of other bytes or another heading is refused whole`() {
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x41, 0x00], [0xC9, 0xCC, 0xC6], [0x41, 0x00, 0x42]] {
            #expect(throws: CatalogueRefusal.notText) { try CatalogueImport(bytes: bytes) }
        }
        #expect(throws: CatalogueRefusal.headerDiffers) {
            try CatalogueImport(bytes: [0xC9, 0xCC, 0xC6, 0xB7])
        }
        #expect(throws: CatalogueRefusal.headerDiffers) {
            try CatalogueImport(bytes: Array("sku,name\n1,x\n".utf8))
        }
    }

    @Test func `a GB18030 file as spreadsheets save it is read whole, every bad row named`() throws
    {
        let file = try #require(
            Bundle.module.url(
                forResource: "catalogue-dirty-gbk", withExtension: "csv", subdirectory: "Fixtures"))
        let read = try CatalogueImport(bytes: Array(try Data(contentsOf: file)))
        #expect(
            read.bad.map { "\($0.line):\($0.column) \($0.fault.rawValue)" } == [
                "3:5 price_separator", "4:5 price_negative", "5:5 price_not_a_number",
                "7:2 barcode_repeated", "9:1 sku_repeated", "15:3 name_empty",
                "16:5 price_decimals", "17:4 line_break", "19:5 price_empty",
                "21:5 price_separator", "22:2 barcode_length", "23:7 too_many_columns",
                "24:4 too_few_columns",
            ])
        #expect(read.good.count == 17)
        #expect(read.good.first?.name == "感冒灵颗粒")
        #expect(read.good.contains { $0.sku == "000123" })
    }

    @Test func `four-byte characters of GB18030 are read`() throws {
        let bytes: [UInt8] = [0x95, 0x32, 0x82, 0x36]
        let text = try #require(ImportedText.utf8(of: bytes))
        #expect(String(decoding: text, as: UTF8.self) == "\u{20000}")
    }

    @Test func `every price a product has had is kept, with who changed it`() async throws {
        try await withDesk { world in
            let administrator = try await world.actor("store-administrator")
            func apply(_ price: String, _ status: String = "在售") async throws {
                world.office.time.move(milliseconds: 60_000)
                try await world.catalogue.apply(
                    Array((Self.head + "1,,感冒灵,10g,\(price),\(status)\n").utf8),
                    by: administrator, at: world.now)
            }
            try await apply("12.80")
            try await apply("12.80")
            try await apply("11.50")
            try await apply("11.50", "停售")
            let auditor = try await world.actor("auditor")
            let prices = try await world.catalogue.prices(of: "1", by: auditor).prices
            #expect(prices.map(\.price.fen) == [1_150, 1_150, 1_280])
            #expect(prices.map(\.isOnSale) == [false, true, true])
            #expect(Set(prices.map(\.changedBy)) == ["store-administrator"])
            await #expect(throws: CatalogueRefusal.unknownProduct) {
                _ = try await world.catalogue.prices(of: "2", by: auditor)
            }
        }
    }

    @Test func `only products that differ are written and published`() async throws {
        try await withDesk { world in
            let administrator = try await world.actor("store-administrator")
            func apply(_ rows: String) async throws -> Catalogue.Applied {
                try await world.catalogue.apply(
                    Array((Self.head + rows).utf8), by: administrator, at: world.now)
            }
            let two = """
                1,6920700100074,感冒灵,10g,1.00,在售
                2,6920700100142,感冒清热,10g,2.00,在售
                """
            #expect(try await apply(two).changedCount == 2)
            #expect(try await apply(two).changedCount == 0)
            let newest = try await world.number("SELECT max(change_id) AS n FROM change")
            // The barcodes change hands: both products differ, and the unique key does not stumble.
            let swapped = """
                1,6920700100142,感冒灵,10g,1.00,在售
                2,6920700100074,感冒清热,10g,2.00,停售
                """
            #expect(try await apply(swapped).changedCount == 2)
            let published = try await world.number(
                """
                SELECT count(*) AS n FROM change
                WHERE topic = 'product' AND change_id > \(newest)
                """)
            #expect(published == 2)
            let taken = try await world.catalogue.preview(
                Array((Self.head + "3,6920700100074,板蓝根,10g,1.00,在售").utf8), by: administrator)
            #expect(taken.bad.map(\.fault) == [.barcodeTaken])
        }
    }
}
