import Domain
import Testing

@testable import Journal

struct PhonePaymentTests {
    private static let items = [
        PhoneItem(amount: Money(fen: 2_560), name: "感冒颗粒", quantity: 2)
    ]
    private static let request = PhoneRequest(
        till: Samples.till, epoch: 1, payment: Samples.id(3), amount: Money(fen: 3_550),
        made: Samples.at, lifetime: 300, head: Samples.head, key: 4, items: items,
        signedBy: Samples.tillKey)
    private static let key = ConfirmationKey.derived(
        master: Array(1...32), till: Samples.till, epoch: 1, number: 4)

    private static func sale(_ way: SaleCompleted.Confirmation.Way) -> SaleCompleted {
        var sale = Samples.sale()
        sale.card = way == .code ? nil : sale.card
        sale.payment = .init(
            attempt: 0, credential: nil, knew: sale.payment.knew, mode: .phone,
            confirmation: .init(by: way, key: 4))
        return sale
    }

    private static let messages: [MessageSample] = [
        MessageSample(
            "confirmation-key-request",
            ConfirmationKeyRequest(holds: nil, tillHead: Samples.head, version: 1)),
        MessageSample(
            "confirmation-key-reply",
            ConfirmationKeyReply(
                address: "https://pay.example", beacon: Samples.beacon.token, key: key)),
        MessageSample(
            "phone-payment-request",
            PhonePaymentRequest(
                items: items, request: request.token, tillHead: Samples.head, version: 1, wait: 20)
        ),
        MessageSample(
            "phone-payment-reply",
            PhonePaymentReply(
                beacon: Samples.beacon.token, card: Samples.sale().card, holder: "张*",
                isConfirmed: true, payment: Samples.id(3), remaining: Money(fen: 100),
                state: .held, isTest: false)),
        MessageSample(
            "record-verdict-with-card",
            RecordVerdict(
                businessTime: Samples.at, code: nil, id: Samples.id(3), sequence: 1, state: .posted,
                card: Samples.sale().card)),
    ]

    @Test(arguments: messages.map(\.name))
    func `a frozen message of payments by phone is read and written again byte for byte`(
        name: String
    ) throws {
        let sample = try #require(Self.messages.first { $0.name == name })
        let frozen = try Frozen.bytes("\(name).json", fresh: sample.bytes)
        #expect(frozen == sample.bytes)
        #expect(try sample.again(frozen) == frozen)
    }

    @Test(arguments: [SaleCompleted.Confirmation.Way.code, .online])
    func `a frozen sale by phone is read and made again byte for byte`(
        way: SaleCompleted.Confirmation.Way
    ) throws {
        let record = Record(
            at: Samples.at, id: Samples.id(3), offset: 0, body: .saleCompleted(Self.sale(way)))
        let name = "record-sale.completed.phone.\(way.rawValue).json"
        let frozen = try Frozen.bytes(name, fresh: record.bytes)
        #expect(try Record(bytes: frozen) == record)
        #expect(record.bytes == frozen)
    }

    @Test func `only a sale by phone may lack its card, and only it has a confirmation`() throws {
        func reads(_ change: (inout [String: JSONValue]) -> Void) throws -> Bool {
            guard case .object(var members) = Self.sale(.code).wire else { return false }
            change(&members)
            return (try? SaleCompleted(wire: .object(members), at: "")) != nil
        }
        #expect(try reads { _ in })
        #expect(try !reads { $0["payment"] = Samples.sale().payment.wire })
        #expect(
            try !reads { members in
                guard case .object(var payment)? = members["payment"] else { return }
                payment["confirmation"] = nil
                members["payment"] = .object(payment)
            })
        #expect(
            try !reads { members in
                members["card"] = Samples.sale().card.wire
                guard case .object(var payment)? = members["payment"] else { return }
                payment["mode"] = .text("authorised")
                members["payment"] = .object(payment)
            })
    }

    @Test func `the frozen token is made again, read back whole, and carries the till's signature`()
        throws
    {
        let text = Self.request.token + "\n"
        #expect(try Frozen.text("phone-request.txt", fresh: text) == text)
        let read = try #require(PhoneRequest(token: Self.request.token))
        #expect(read == Self.request)
        #expect(read.isSigned(by: Samples.tillKey.verifyingKey))
        #expect(!read.isSigned(by: Samples.officeKey.key.verifyingKey))
        #expect(read.address(at: "https://pay.example").utf8.count < 700)
    }

    @Test func `a token with any one byte changed is not read or not signed`() throws {
        let bytes = try #require(Base64.url.bytes(Self.request.token))
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            let read = PhoneRequest(token: Base64.url.text(changed))
            #expect(read?.isSigned(by: Samples.tillKey.verifyingKey) != true, "byte \(index)")
        }
        #expect(PhoneRequest(token: Base64.url.text(bytes + [0])) == nil)
        #expect(PhoneRequest(token: Base64.url.text(Array(bytes.prefix(64)))) == nil)
        #expect(PhoneRequest(token: "") == nil)
    }

    @Test func `many items stay out of the code but are bound by their hash`() throws {
        let many = (1...40).map {
            PhoneItem(amount: Money(fen: 100), name: "复方丹参滴丸 \($0)", quantity: 1)
        }
        let request = PhoneRequest(
            till: Samples.till, epoch: 1, payment: Samples.id(3), amount: Money(fen: 4_000),
            made: Samples.at, lifetime: 300, head: Samples.head, key: 4, items: many,
            signedBy: Samples.tillKey)
        let read = try #require(PhoneRequest(token: request.token))
        #expect(read.items == nil)
        #expect(read.itemsHash == PhoneRequest.hash(of: many))
        #expect(request.token.utf8.count < 300)
    }

    @Test func `the frozen code is made again; till, payment, amount and key all change it`() throws
    {
        func code(
            till: String = Samples.till, payment: UInt64 = 3, fen: Int64 = 3_550, number: Int = 4
        ) -> String {
            ConfirmationKey.derived(master: Array(1...32), till: till, epoch: 1, number: number)
                .code(till: till, payment: Samples.id(payment), amount: Money(fen: fen)).digits
        }
        #expect(try Frozen.text("confirmation-code.txt", fresh: code() + "\n") == code() + "\n")
        let all = [
            code(), code(till: "GD0001-02"), code(payment: 4), code(fen: 3_551), code(number: 5),
        ]
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { $0.utf8.count == 8 })
    }

    @Test func `codes are spread evenly over all eight digits`() {
        // 20,000 codes over 100 cells of their first and of their last two digits: with 99 degrees of
        // freedom chi squared is beyond 180 once in a million times.
        var first = [Int](repeating: 0, count: 100)
        var last = first
        for number in 0..<20_000 {
            let code = Self.key.code(
                till: Samples.till, payment: Samples.id(UInt64(number)), amount: Money(fen: 100))
            first[Int(code.digits.prefix(2)) ?? 0] += 1
            last[Int(code.digits.suffix(2)) ?? 0] += 1
        }
        for cells in [first, last] {
            let squares = cells.reduce(0) { $0 + ($1 - 200) * ($1 - 200) }
            #expect(squares / 200 < 180, "chi squared \(squares / 200)")
        }
    }

    @Test func `a code is read as people type it`() {
        for typed in ["12345678", "1234 5678", " 1234-5678\n", "１２３４　５６７８"] {
            #expect(ConfirmationCode(typed: typed)?.digits == "12345678")
        }
        for typed in ["", "1234567", "123456789", "1234567a", "一二三四五六七八"] {
            #expect(ConfirmationCode(typed: typed) == nil)
        }
        #expect(ConfirmationCode(typed: "12345678")?.grouped == "1234 5678")
    }

    @Test func `the fifth wrong code is the last that is judged, and the right one comes too late`()
        throws
    {
        let right = try #require(ConfirmationCode(typed: "12345678"))
        let wrong = try #require(ConfirmationCode(typed: "12345679"))
        var verdicts: [ConfirmationTries.Verdict] = []
        for count in 0...5 {
            verdicts.append(
                ConfirmationTries.judge(wrong, expected: right, wrongCount: count))
        }
        #expect(
            verdicts == [4, 3, 2, 1, 0].map { .wrong(triesLeft: $0) } + [.usedUp])
        #expect(ConfirmationTries.judge(right, expected: right, wrongCount: 4) == .right)
        #expect(ConfirmationTries.judge(right, expected: right, wrongCount: 5) == .usedUp)
    }
}
