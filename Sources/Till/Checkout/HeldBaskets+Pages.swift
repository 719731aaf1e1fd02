import Domain
import Hummingbird
import WebSupport

extension TillWeb {
    private struct HeldAnswer: Encodable {
        let held: [HeldBasket]
    }

    private struct HoldBody: Decodable {
        let note: String?
    }

    func addHeldBaskets(to router: RouterGroup<WebContext>) {
        router.get("/api/held") { _, _ in
            try Response.json(HeldAnswer(held: try await store.heldBaskets()))
        }
        router.post("/api/held") { request, context in
            let login = try context.requireSession().account
            let note = try await request.json(HoldBody.self).note ?? ""
            let id = world.makeID()
            let basket = try await commit {
                try await store.holdBasket(of: login, note: note, id: id, at: world.now())
            }
            return try Response.json(basket)
        }
        router.post("/api/held/:id/resume") { _, context in
            let login = try context.requireSession().account
            let held = try id(context)
            return try Response.json(
                try await commit { try await store.resumeBasket(held, by: login) })
        }
        router.delete("/api/held/:id") { _, context in
            let held = try id(context)
            return try Response.json(
                HeldAnswer(held: try await commit { try await store.discardBasket(held) }))
        }
    }
}
