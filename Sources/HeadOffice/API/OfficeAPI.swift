import Domain
import Hummingbird
import Journal
import WebSupport

/// Head office's JSON API: the acts of the staff pages for programs, behind the same services.
///
/// For the pages alone: the setting up of a second factor, a look at one card's full number.
///
/// A session is a bearer token, never a cookie: a token opens no page, a cookie no endpoint.
struct OfficeAPI: Sendable {
    static let root = "/api/v1"

    let desk: OfficeDesk

    /// Every endpoint, by feature.
    static let endpoints: [Endpoint] =
        Accounts.sessionEndpoints + Overview.endpoints + Stores.endpoints
        + Stores.accountEndpoints + Tills.endpoints + Quarantine.endpoints
        + Catalogue.endpoints + Programmes.endpoints + Cards.endpoints + Cards.requestEndpoints
        + Cards.loadEndpoints + Cards.batchEndpoints + LoadFiles.endpoints
        + Refunds.endpoints + Exceptions.endpoints + Orders.endpoints + Finance.endpoints
        + Transfers.endpoints + ExportOrders.endpoints + VoucherTemplates.endpoints
        + MonthCloses.endpoints + Settlements.endpoints + Audit.endpoints
        + Accounts.staffEndpoints + OfficeKeys.endpoints

    func addRoutes(to router: Router<WebContext>) {
        let document = OpenAPIDocument.make(Self.endpoints).canonicalBytes
        router.get(RouterPath(Self.root + "/openapi.json")) { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
                body: .init(byteBuffer: ByteBuffer(bytes: document)))
        }
        for (path, endpoints) in Dictionary(grouping: Self.endpoints, by: \.path) {
            for endpoint in endpoints {
                router.on(RouterPath(Self.root + path), method: endpoint.method) {
                    request, context in
                    try await answer(request, context, endpoint)
                }
            }
            refuse(path, except: endpoints.map(\.method), in: router)
        }
    }

    /// Methods that a path does not have are refused with those that it has (RFC 9110 §15.5.6).
    private func refuse(
        _ path: String, except known: [HTTPRequest.Method], in router: Router<WebContext>
    ) {
        let allow = known.map(\.rawValue).sorted().joined(separator: ", ")
        let words = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"]
        for method in words.compactMap({ HTTPRequest.Method(rawValue: $0) })
        where !known.contains(method) {
            router.on(RouterPath(Self.root + path), method: method) { _, _ -> Response in
                throw RequestRefusal.methodNotAllowed(allow: allow)
            }
        }
    }

    private func answer(
        _ request: Request, _ context: WebContext, _ endpoint: Endpoint
    ) async throws -> Response {
        let caller = try await caller(context, endpoint)
        return try await endpoint.work(
            try await APICall(
                endpoint, desk: desk, request: request, context: context, caller: caller))
    }

    /// Who asks, with the steps before the endpoint taken.
    private func caller(
        _ context: WebContext, _ endpoint: Endpoint
    ) async throws -> StaffActor? {
        var open: Set<Accounts.Standing.Step> = []
        switch endpoint.access {
        case .everybody: return nil
        case .signedIn(let steps): open = steps
        case .roles: break
        }
        // Another spelling of the path does not turn a cookie into a token.
        guard context.credential == .bearer else { throw RequestRefusal.notSignedIn }
        let session = try context.requireSession()
        guard let standing = try await desk.accounts.standing(tokenHash: session.tokenHash) else {
            throw RequestRefusal.notSignedIn
        }
        if let step = standing.next(desk.secondFactor), !open.contains(step) {
            throw step.refusal
        }
        return try await desk.actor(context)
    }
}
