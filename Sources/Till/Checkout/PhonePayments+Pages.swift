import Domain
import Hummingbird
import Receipts
import WebSupport

extension TillWeb {
    private struct QRAnswer: Encodable {
        let payment: String
        let address: String
        let svg: String
        let expires: Int64
        let isExpired: Bool
    }

    private struct CodeEntry: Decodable {
        let code: String
    }

    func addPhone(to router: RouterGroup<WebContext>) {
        router.post("/api/payments/:id/qr") { _, context in
            let payment = try id(context)
            try await commit { try await checkout.phone.show(payment) }
            return try await answer(payment, context)
        }
        router.get("/api/payments/:id/qr") { _, context in
            let payment = try id(context)
            let now = world.now()
            let (phone, time) = try await store.read { database in
                (
                    try PhoneRow.find(payment, in: database),
                    try SyncState.load(in: database).corrected(now)
                )
            }
            guard let phone else { throw PaymentRefusal.notOffered }
            let words = site.pages.words(context.language)
            return try Response.json(
                QRAnswer(
                    payment: payment.description, address: phone.address,
                    svg: try QRSymbol(phone.address).svg(title: words("till.pay.qrTitle")),
                    expires: phone.expires.milliseconds, isExpired: time >= phone.expires))
        }
        router.post("/api/payments/:id/code") { request, context in
            let payment = try id(context)
            let entry = try await request.json(CodeEntry.self)
            try await commit { try await checkout.phone.enter(payment, code: entry.code) }
            printing.wake()
            return try await answer(payment, context)
        }
    }
}
