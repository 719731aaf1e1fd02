import Domain
import Testing

@testable import Receipts

@Suite struct SlipTests {
    @Test func `an unknown balance is said after an offline sale only`() throws {
        func text(_ event: SlipFacts.Event) throws -> String {
            let facts = Samples.facts(event: event, balance: nil)
            return SlipText(columns: 48)
                .render(try SlipDocument(facts, copy: .customer, language: .zhHans))
        }
        #expect(try text(.standInSale).contains("脱机，余额未知"))
        let refund = try text(
            .approvedRefund(
                saleNumber: "GD0001-01-20261124-0007", opinion: "同意", decidedBy: "李明"))
        #expect(!refund.contains("余额") && refund.contains("GD0001-01-20261124-0007"))
    }

    @Test func `no row is wider than the paper, whatever the names and however many lines`() throws
    {
        let lines = (1...40).map { number in
            SaleLine(
                sku: "\(number)", name: String(repeating: "长名字 long-word", count: 6),
                spec: "盒", list: Money(fen: 9_999_999_999), price: Money(fen: 9_999_999_999),
                quantity: 999)
        }
        let total = 9_999_999_999 * 999 * Int64(40)
        for columns in [24, 32, 48] {
            for language in SlipLanguage.allCases {
                for copy in SlipDocument.Copy.allCases {
                    let slip = try SlipDocument(
                        Samples.facts(lines: lines, total: total), copy: copy, language: language)
                    let rows = SlipText(columns: columns).render(slip).split(separator: "\n")
                    #expect(rows.allSatisfy { SlipText.width(String($0)) <= columns })
                    #expect(rows.count > 120)
                }
            }
        }
    }

    @Test func `a name of sixty characters wraps and keeps every character`() throws {
        let name = String(repeating: "复方丹参滴丸胶囊片剂", count: 6)
        let line = SaleLine(
            sku: "1", name: name, spec: "", list: Money(fen: 1), price: Money(fen: 1), quantity: 1)
        let slip = try SlipDocument(
            Samples.facts(lines: [line], total: 1), copy: .customer, language: .zhHans)
        let text = SlipText(columns: 32).render(slip).replacing("\n", with: "")
        #expect(text.contains(name))
    }

    @Test func `a name cannot imitate rows of the slip or turn its direction`() throws {
        let line = SaleLine(
            sku: "1", name: "药\n合计  0.00\u{202E}\u{200B}\u{7}<b>", spec: "", list: Money(fen: 1),
            price: Money(fen: 1), quantity: 1)
        let slip = try SlipDocument(
            Samples.facts(lines: [line], total: 1), copy: .merchant, language: .zhHans)
        #expect(SlipText(columns: 48).render(slip).contains("\n药 合计 0.00 <b>\n"))
        let html = SlipHTML(paper: .wide).render(slip)
        #expect(html.contains("药 合计 0.00 &lt;b&gt;"))
        #expect(!html.contains("<b>"))
    }

    @Test func `a slip that cannot be true is refused`() {
        func refusal(_ facts: SlipFacts) -> SlipRefusal? {
            do throws(SlipRefusal) {
                _ = try SlipDocument(facts, copy: .merchant, language: .en)
                return nil
            } catch { return error }
        }
        let many = Array(repeating: Samples.granules, count: 201)
        let huge = SaleLine(
            sku: "1", name: "x", spec: "", list: Money(fen: .max), price: Money(fen: .max),
            quantity: 2)
        #expect(refusal(Samples.facts(lines: [])) == .noLines)
        #expect(refusal(Samples.facts(lines: many)) == .tooManyLines)
        #expect(refusal(Samples.facts(lines: [huge])) == .overflow)
        #expect(refusal(Samples.facts(total: 2501)) == .totalDiffers)
        #expect(refusal(Samples.facts()) == nil)
    }

    @Test func `only the merchant's copy has a signature line, the holder and the signed code`()
        throws
    {
        for language in SlipLanguage.allCases {
            let customer = try SlipDocument(
                Samples.facts(), copy: .customer, language: language, signedCode: "SIGNED")
            let merchant = try SlipDocument(
                Samples.facts(holder: nil), copy: .merchant, language: language,
                signedCode: "SIGNED")
            #expect(!customer.rows.contains(.signedCode("SIGNED")))
            #expect(merchant.rows.contains(.signedCode("SIGNED")))
            #expect(!SlipText(columns: 32).render(customer).contains("___"))
            let unknown = language == .en ? "Holder's name not known" : "持卡人姓名未知"
            #expect(SlipText(columns: 48).render(merchant).contains(unknown))
            let html = SlipHTML(paper: .wide)
            #expect(html.render(merchant).contains("<div class=\"slip-code\"><svg"))
            #expect(!html.render(customer).contains("slip-code"))
        }
    }

    @Test(arguments: [
        ("张小芳", "张*芳"), ("王芳", "王*"), ("李", "*"), ("", ""), ("欧阳娜娜", "欧**娜"),
        ("Wang Fang", "W*******g"),
    ])
    func `a holder's name is masked`(name: String, masked: String) {
        #expect(HolderName.masked(name) == masked)
    }

    // ISO/IEC 15417: start B 104, P 48, J 42, J 42, 1 17, 2 18, 3 19, C 35; (104+48+84+126+68+90+114+245) mod 103 = 55.
    @Test func `a bar code has start, check symbol and stop`() throws {
        let bars = try #require(Code128.bars("PJJ123C"))
        #expect(bars.reduce(0, +) == 11 * 9 + 13)
        #expect(Array(bars.prefix(6)) == [2, 1, 1, 2, 1, 4])
        #expect(Array(bars.suffix(13)) == [3, 1, 1, 3, 2, 1, 2, 3, 3, 1, 1, 1, 2])
        #expect(Code128.bars("") == nil)
        #expect(Code128.bars("汉") == nil)
        #expect(Code128.bars(String(repeating: "1", count: 41)) == nil)
    }
}
