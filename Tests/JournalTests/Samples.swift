import Domain
import Foundation
import Testing

@testable import Journal

/// Fixed values for frozen examples: the same on every run and every machine.
enum Samples {
    static let till = "GD0001-01"
    static let chain = JournalChain(till: till, epoch: 1)
    static let at = Instant(milliseconds: 1_764_032_400_000)
    static let nonce = unwrap(RequestNonce(bytes: Array(0..<16)))
    static let tillKey = unwrap(SigningKey(rawRepresentation: Array(1...32)))
    static let officeKey = NamedSigningKey(
        id: "office-1", key: unwrap(SigningKey(rawRepresentation: Array(101...132))))
    static let openingKey = unwrap(
        OpeningKey(id: "sealing-1", rawRepresentation: Array(201...232)))
    static let fingerprintKey = unwrap(FingerprintKey(rawRepresentation: Array(51...82)))
    static let url = "https://office.example:8443/sync/v1/batches"

    static func id(_ number: UInt64) -> RecordID {
        RecordID.version7(at: at.adding(milliseconds: Int64(number)), random: (number, number))
    }

    static let number = must { try CardNumber("6160202511250002") }
    static let password = must { try CardPassword("135790") }
    static let fingerprint = fingerprintKey.fingerprint(of: number)
    static let hash = RecordHash(of: [1, 2, 3])
    static let head = JournalHead(sequence: 7, hash: hash)
    static let beacon = Beacon(issued: at, nonce: nonce, till: till, key: officeKey)

    static func sale(mode: SaleCompleted.Mode = .authorised) -> SaleCompleted {
        SaleCompleted(
            card: .init(
                fingerprint: fingerprint, mask: "6160 **** **** 0002", programme: "GD"),
            cashier: "cashier1",
            lines: [
                .init(
                    amount: Money(fen: 2_560), list: Money(fen: 1_380), name: "感冒颗粒",
                    price: Money(fen: 1_280), quantity: 2, repricedBy: "manager1",
                    sku: "100001", spec: "10g×9袋"),
                .init(
                    amount: Money(fen: 990), list: Money(fen: 990), name: "口罩 \"N95\" / 2只",
                    price: Money(fen: 990), quantity: 1, repricedBy: nil, sku: "100002",
                    spec: "2只"),
            ],
            payment: .init(
                attempt: 1, credential: mode == .standIn ? hash : nil,
                knew: .init(blockListVersion: 12, contactAge: 30, limitsVersion: 4), mode: mode),
            receipt: "GD0001-01-20261125-0001", isTest: false, total: Money(fen: 3_550))
    }

    static let bodies: [(name: String, body: RecordBody)] = [
        ("till.started", .tillStarted(.init(version: "1.0.0"))),
        ("beacon", .beacon(.init(token: beacon.token))),
        ("sale.completed", .saleCompleted(sale())),
        ("sale.completed.stand_in", .saleCompleted(sale(mode: .standIn))),
        (
            "payment.cancelled",
            .paymentCancelled(.init(payment: id(3), reason: .basketChanged, by: "cashier1"))
        ),
        (
            "refund.requested",
            .refundRequested(
                .init(
                    sale: id(3), lines: [.init(line: 0, quantity: 1)], amount: Money(fen: 1_280),
                    card: fingerprint, reason: "顾客多买一盒", by: "manager1"))
        ),
        ("refund.withdrawn", .refundWithdrawn(.init(request: id(6), by: "manager1"))),
        ("slip.printed", .slipPrinted(.init(slip: .sale(id(3)), copy: 1, by: "cashier1"))),
        (
            "slip.printed.refund",
            .slipPrinted(.init(slip: .refund(request: id(6)), copy: 3, by: "manager1"))
        ),
    ]

    static let records: [(name: String, record: Record)] = bodies.enumerated().map { index, item in
        (
            item.name,
            Record(
                at: at.adding(milliseconds: Int64(index)), id: id(UInt64(index + 1)),
                offset: index == 0 ? nil : -1_500, body: item.body)
        )
    }

    /// Records with fields that came later: beside the first ones, whose chain and frame are frozen.
    static let laterRecords: [(name: String, record: Record)] = [
        ("sale.completed.override", overriddenSale, UInt64(50))
    ].map { name, body, number in
        (
            name,
            Record(
                at: at.adding(milliseconds: Int64(number)), id: id(number), offset: -1_500,
                body: body)
        )
    }

    private static let overriddenSale: RecordBody = {
        var sold = sale(mode: .standIn)
        sold.lines[0].repriceReason = "会员价"
        sold.override = .init(by: "manager1", limit: Money(fen: 3_000), reason: "老顾客，线路中断")
        return .saleCompleted(sold)
    }()

    static let status = TillStatus(
        clockOffset: -1_500, oldestUnsent: at, unsentCount: 9, unsentValue: Money(fen: 7_100),
        version: "1.0.0")

    static let frame: BatchFrame = {
        let genesis = chain.genesis(publicKey: tillKey.verifyingKey)
        var entries = records.map { BatchEntry(record: $0.record.bytes) }
        entries[3].credential = [9, 9, 9]
        let head = chain.heads(after: genesis, appending: entries.map(\.record)).last ?? genesis
        return BatchFrame(
            batch: id(100), chain: chain, after: genesis, entries: entries, tillHead: head,
            status: status)
    }()

    static func unwrap<Value>(_ value: Value?) -> Value {
        guard let value else { preconditionFailure("a sample is not valid") }
        return value
    }

    static func must<Value>(_ make: () throws -> Value) -> Value {
        unwrap(try? make())
    }
}
