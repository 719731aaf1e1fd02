import Testing
import WebSupport

@Suite struct CSVWriterTests {
    private let writer = CSVWriter()

    @Test func `rows end with CR LF and the file begins with a byte order mark`() {
        #expect(writer.header(["店", "金额"]) == "\u{FEFF}店,金额\r\n")
        #expect(
            writer.row([.text("甲,\"乙\"\n丙"), .number("-12.50")]) == "\"甲,\"\"乙\"\"\n丙\",-12.50\r\n")
    }

    @Test(arguments: [
        "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x", "  =1",
        "\u{3000}=1",
        "=HYPERLINK(\"http://x\",\"y\")",
    ])
    func `text that a spreadsheet would run is disarmed`(text: String) {
        let row = writer.row([.text(text)])
        let field = row.hasPrefix("\"") ? row.dropFirst() : row[...]
        #expect(field.hasPrefix("'"))
    }

    @Test func `identifiers stay text, digit for digit`() {
        #expect(
            writer.row([.identifier("6231000000000000019"), .identifier("6160 **** **** 0002")])
                == "\"=\"\"6231000000000000019\"\"\",\"6160 **** **** 0002\"\r\n")
        #expect(writer.row([.identifier("1\"&cmd")]) == "\"1\"\"&cmd\"\r\n")
        #expect(writer.row([.identifier("=1")]) == "'=1\r\n")
    }

    @Test func `what is no number is not written as one`() {
        #expect(writer.row([.number("1e5"), .number("-"), .number("1.2.3")]) == "1e5,'-,1.2.3\r\n")
        #expect(writer.row([.number("=1"), .number("0"), .number("12.30")]) == "'=1,0,12.30\r\n")
    }
}
