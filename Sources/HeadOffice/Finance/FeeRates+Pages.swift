import Domain
import Hummingbird
import WebSupport

/// The stores' fee rates and since when they hold.
struct FeeRatePages: Sendable {
    let desk: OfficeDesk

    func addRoutes(to group: RouterGroup<WebContext>) {
        group.get("/finance/fees") { _, context in try await list(context) }
        group.post("/finance/fees") { _, context -> Response in
            let form = try context.requireForm()
            guard let day = try form.date("from") else { throw RequestRefusal.malformedBody }
            // 0.60 % is typed as 0.60: hundredths of a per cent are 100 millionths.
            let rate = Int(clamping: try form.money("feePercent").fen)
            guard (0...FeeRates.perMillionMax / 100).contains(rate) else {
                throw FeeRatesRefusal.feeInvalid
            }
            let code = try form.text("store")
            let actor = try await desk.actor(context)
            let desk = desk
            try await desk.commit {
                try await desk.feeRates.set(
                    rate * 100, store: code, from: day, by: actor, at: desk.now)
            }
            return .redirect(to: "/finance/fees", notice: Notice(.success, "fees.set"))
        }
    }

    private struct ListView {
        let tabs: [SectionTab]
        let tomorrow: String
        let canSet: Bool
        let stores: [ChoiceView]
        let rates: [RateView]
    }

    private struct RateView {
        let code: String
        let name: String
        let from: String
        let rate: String
        let setBy: String
        let setAt: String
    }

    private func list(_ context: WebContext) async throws -> Response {
        let actor = try await desk.actor(context)
        let rates = try await desk.feeRates.list(by: actor)
        let text = desk.text(context)
        return try desk.page(
            "finance/fees",
            ListView(
                tabs: SectionTab.finance("/finance/fees", to: actor, text: text),
                tomorrow: BusinessDate(desk.now).next.description,
                canSet: actor.roles.contains(.finance)
                    || actor.roles.contains(.storeAdministrator),
                stores: rates.filter { $0.from == nil }.map {
                    ChoiceView(
                        value: $0.storeCode, label: "\($0.storeCode) \($0.storeName)",
                        isChosen: false)
                },
                rates: rates.map { rate in
                    RateView(
                        code: rate.storeCode, name: rate.storeName,
                        from: rate.from?.description ?? text.words("fees.opening"),
                        rate: Money(fen: rate.perMillion / 100).description + "%",
                        setBy: rate.setBy, setAt: rate.setAt.map(text.time) ?? "")
                }), context)
    }
}
