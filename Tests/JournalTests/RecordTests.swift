import Domain
import Foundation
import Testing

@testable import Journal

struct RecordTests {
    /// A sale's record with one piece of its text replaced.
    private func sale(replacing old: String, with new: String) throws -> [UInt8] {
        let record = try #require(Samples.records.first { $0.name == "sale.completed" }).record
        let text = String(decoding: record.bytes, as: UTF8.self)
        let index = try #require(text.range(of: old))
        return Array(text.replacingCharacters(in: index, with: new).utf8)
    }

    @Test(arguments: [
        ("\"quantity\":2", "\"quantity\":2.0", WireFault.Reason.notInteger),
        ("\"quantity\":2", "\"quantity\":\"2\"", .wrongType),
        ("\"quantity\":2", "\"quantity\":0", .outOfRange),
        ("\"total\":3550", "\"total\":null", .wrongType),
        ("\"total\":3550", "\"totals\":3550", .missing),
        ("\"total\":3550", "\"total\":99999999999999999999", .notInteger),
        ("\"total\":3550", "\"total\":3550,\"total\":1", .duplicateKey),
        ("\"offset\":-1500", "\"offsets\":-1500", .missing),
        ("\"v\":1", "\"v\":0", .outOfRange),
        ("\"at\":", "\"at\":-", .outOfRange),
        ("\"mode\":\"authorised\"", "\"mode\":\"stand_in\"", .outOfRange),
        ("\"mode\":\"authorised\"", "\"mode\":\"maybe\"", .outOfRange),
        ("\"credential\":null", "\"credential\":\"AAAA\"", .outOfRange),
        ("\"test\":false", "\"test\":0", .wrongType),
        ("\"body\":{", "\"body\":[{", .notJSON),
    ])
    func `a record with a fault is unreadable and says where`(
        old: String, new: String, reason: WireFault.Reason
    ) throws {
        let bytes = try sale(replacing: old, with: new)
        let fault = #expect(throws: WireFault.self) { try Record(bytes: bytes) }
        #expect(fault?.reason == reason)
        #expect(fault?.description.contains("6160") == false)
    }

    @Test func `the id of an unreadable record is found when it is there`() throws {
        let bytes = try sale(replacing: "\"quantity\":2", with: "\"quantity\":0")
        #expect(Record.id(inUnreadable: bytes) == Samples.id(3))
        #expect(Record.id(inUnreadable: [0xFF]) == nil)
        #expect(Record.id(inUnreadable: Array("{\"id\":7}".utf8)) == nil)
    }

    @Test func `fields that are not known are ignored and kept in the bytes`() throws {
        let bytes = try sale(
            replacing: "\"total\":3550", with: "\"tip\":{\"x\":[1]},\"total\":3550")
        let record = try Record(bytes: bytes)
        #expect(record.body == .saleCompleted(Samples.sale()))
        #expect(record.bytes == bytes)
    }

    @Test func `an unknown kind and a later version are kept as unknown`() throws {
        let kind = try Record(bytes: try sale(replacing: "sale.completed", with: "coupon.taken"))
        #expect(kind.body == .unknown(kind: "coupon.taken", version: 1))
        let version = try Record(bytes: try sale(replacing: "\"v\":1", with: "\"v\":2"))
        #expect(version.body == .unknown(kind: "sale.completed", version: 2))
        #expect(version.id == Samples.id(3))
    }

    @Test func `a sale adds up only when every figure agrees`() throws {
        #expect(Samples.sale().addsUp)
        for change: (inout SaleCompleted) -> Void in [
            { $0.total = Money(fen: 3_551) }, { $0.lines[0].amount = Money(fen: 2_561) },
            { $0.lines[0].quantity = 3 }, { $0.lines[0].price = Money(fen: Int64.max) },
            { $0.lines.removeLast() },
        ] {
            var sale = Samples.sale()
            change(&sale)
            #expect(!sale.addsUp)
        }
    }

    @Test func `a chain is broken by any change of bytes, order, till, epoch or key`() {
        let key = Samples.tillKey.verifyingKey
        let records: [[UInt8]] = [[1], [2, 3], []]
        let genesis = Samples.chain.genesis(publicKey: key)
        let head = Samples.chain.heads(after: genesis, appending: records)[2]
        #expect(Samples.chain.verifies(from: genesis, records: records, to: head))
        for changed: [[UInt8]] in [
            [[1], [2, 4], []], [[2, 3], [1], []], [[1, 2], [3], []], [[1], [2, 3]],
            [[1], [2, 3], [], []],
        ] {
            #expect(!Samples.chain.verifies(from: genesis, records: changed, to: head))
        }
        for other in [
            JournalChain(till: "GD0001-02", epoch: 1), JournalChain(till: "GD0001-01", epoch: 2),
        ] {
            let start = other.genesis(publicKey: key)
            #expect(start != genesis)
            #expect(!other.verifies(from: start, records: records, to: head))
        }
        #expect(Samples.chain.genesis(publicKey: Samples.officeKey.key.verifyingKey) != genesis)
    }
}
