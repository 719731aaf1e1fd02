import Domain

@testable import Journal

/// One message kind: its sample, and how its bytes are read and written again.
struct MessageSample: Sendable {
    let name: String
    let bytes: [UInt8]
    let again: @Sendable ([UInt8]) throws -> [UInt8]

    init<Message: WireValue>(_ name: String, _ message: Message) {
        self.name = name
        bytes = message.bytes
        again = { try Message(bytes: $0).bytes }
    }
}

extension Samples {
    static let messages: [MessageSample] =
        [
            MessageSample("batch-header", frame.header),
            MessageSample(
                "till-status-printers",
                TillStatus(
                    clockOffset: -12, oldestUnsent: at,
                    printers: [
                        .init(name: "前台", slip: "sale", state: "paper_out", waiting: 2),
                        .init(name: "后台", slip: "refund", state: nil, waiting: 0),
                    ], unsentCount: 3, unsentValue: Money(fen: 4_200), version: "1.0.0")),
            MessageSample(
                "orders-found-sale",
                OrdersFound(
                    beacon: beacon.token, hasMore: false,
                    orders: [
                        FoundOrder(
                            businessTime: at, cashier: "li", code: nil, holder: "张*", id: id(1),
                            left: [1],
                            lines: [
                                .init(
                                    amount: Money(fen: 3_700), list: Money(fen: 1_850),
                                    name: "感冒灵颗粒", price: Money(fen: 1_850), quantity: 2,
                                    repricedBy: nil, sku: "YP0001", spec: "10g×9袋")
                            ], mask: "6160 **** **** 0002", mode: .authorised,
                            receipt: "GD0001-02-20261125-0001", refunded: .zero,
                            refundPending: Money(fen: 1_850), isInQuestion: false, isTest: false,
                            till: "GD0001-02", total: Money(fen: 3_700))
                    ])),
            MessageSample(
                "batch-reply",
                BatchReply(
                    batch: id(100), beacon: beacon.token, durable: head,
                    verdicts: [
                        .init(
                            businessTime: at, code: nil, id: id(1), sequence: 1, state: .posted),
                        .init(businessTime: at, code: nil, id: id(2), sequence: 2, state: .held),
                        .init(
                            businessTime: at, code: "wrong_password", id: id(3), sequence: 3,
                            state: .exception),
                        .init(
                            businessTime: at, code: "unreadable_record", id: nil, sequence: 4,
                            state: .exception),
                        .init(
                            businessTime: at, code: nil, id: id(5), sequence: 5,
                            state: .duplicate),
                    ])),
            MessageSample(
                "authorisation-request",
                AuthorisationRequest(
                    amount: Money(fen: 3_550), attempt: 1, at: at, credential: [1, 2, 3, 4],
                    fingerprint: fingerprint, offset: -1_500, payment: id(3), tillHead: head,
                    unsentForCard: Money(fen: 500), version: 1)),
            MessageSample(
                "authorisation-reply-approved",
                AuthorisationReply(
                    attempt: 1, beacon: beacon.token, code: nil, holder: "张*",
                    mask: "6160 **** **** 0002", payment: id(3), programme: "GD",
                    remaining: Money(fen: 46_450), result: .approved, state: .held,
                    triesLeft: nil)),
            MessageSample(
                "authorisation-reply-refused",
                AuthorisationReply(
                    attempt: 2, beacon: beacon.token, code: "wrong_password", holder: nil,
                    mask: nil, payment: id(3), programme: nil, remaining: nil, result: .refused,
                    state: .none, triesLeft: 4)),
            MessageSample(
                "enrolment-request",
                EnrolmentRequest(
                    code: "7K2M-9QXD", name: "前台一号", publicKey: tillKey.verifyingKey,
                    version: 1)),
            MessageSample("enrolment-reply-waiting", EnrolmentReply.waiting(enrolment: id(50))),
            MessageSample(
                "enrolment-reply-approved",
                EnrolmentReply.approved(
                    EnrolmentGrant(
                        beacon: beacon.token, epoch: 1, fingerprintKey: fingerprintKey,
                        sealingKey: openingKey.sealingKey, signingKey: officeKey.verifying,
                        store: .init(
                            address: "广州市天河区体育西路1号", code: "GD0001", name: "天河店",
                            province: "44", telephone: "020-38000001"), till: till))),
            MessageSample("changes-reply", changes(complete: true)),
            MessageSample("changes-reply-more", changes(complete: false)),
        ]
        + BatchRefusal.samples.map { refusal in
            MessageSample("error-\(refusal.code)", refusal.body)
        }

    static func changes(complete: Bool) -> ChangesReply {
        let cursor = unwrap(Cursor("812:44"))
        return ChangesReply(
            beacon: beacon.token, complete: complete ? .init(at: at, version: cursor) : nil,
            items: complete ? items : [], next: cursor)
    }

    static let items: [ChangeItem] = [
        ChangeItem(
            topic: .product, key: "100001", version: 1,
            body: .product(
                .init(
                    barcode: "6901234567892", name: "感冒颗粒", pinyin: "ganmaokeli",
                    price: Money(fen: 1_380), sku: "100001", spec: "10g×9袋", status: .onSale))),
        ChangeItem(
            topic: .product, key: "100002", version: 2,
            body: .product(
                .init(
                    barcode: "", name: "口罩", pinyin: nil, price: Money(fen: 990), sku: "100002",
                    spec: "2只", status: .stopped))),
        ChangeItem(
            topic: .account, key: "cashier1", version: 3,
            body: .account(
                .init(
                    isDisabled: false, login: "cashier1", name: "李娜", roles: [.cashier, .manager],
                    verifier: "scrypt$ln=17,r=8,p=1$c2FsdA$aGFzaA"))),
        ChangeItem(
            topic: .limits, key: "GD", version: 4,
            body: .programmeLimits(
                .init(perCard: Money(fen: 50_000), perSale: Money(fen: 20_000)))),
        ChangeItem(
            topic: .limits, key: "*", version: 5,
            body: .tillLimits(
                .init(
                    amberAfter: 14_400, redAfter: 86_400, tillCount: 500,
                    tillTotal: Money(fen: 2_000_000)))),
        ChangeItem(
            topic: .card, key: fingerprint.text, version: 6,
            body: .card(.init(isBlocked: true, isTest: false))),
        ChangeItem(
            topic: .programme, key: "GD", version: 7,
            body: .programme(
                .init(
                    isAccepted: true, face: .init(colour: "#0a7d5a", title: "广东慧医卡"),
                    name: "广东慧医卡", prefix: "6160", province: "44", scheme: .dated16))),
        ChangeItem(
            topic: .decision, key: id(6).description, version: 8,
            body: .decision(
                .init(
                    amount: Money(fen: 1_280), by: "王芳", code: nil, decidedAt: at,
                    opinion: "同意", receipt: "GD0001-01-20261125-0001", sale: id(3),
                    state: .approved))),
        ChangeItem(
            topic: .verdict, key: id(3).description, version: 9,
            body: .verdict(.init(code: "wrong_password", state: .posted))),
        ChangeItem(
            topic: .store, key: "self", version: 10,
            body: .store(
                .init(
                    address: "广州市天河区体育西路1号", code: "GD0001", faultTelephone: "400-000-0002",
                    name: "天河店", province: "44", serviceTelephone: "400-000-0001",
                    isSuspended: false, telephone: "020-38000001"))),
        ChangeItem(topic: .product, key: "100003", version: 11, body: .removed),
    ]
}

extension BatchRefusal {
    static let samples: [BatchRefusal] =
        [
            .tooManyRequests(retryAfter: 5), .unavailable(retryAfter: 30), .tooLarge, .version,
            .unreadableRequest, .unreadableFrame, .gap(wanted: 5), .fork,
        ]
        + SignatureRefusal.allCases.map {
            .signature($0, beacon: $0 == .clock ? Samples.beacon.token : nil)
        }
}
