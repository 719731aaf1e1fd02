import Hummingbird

/// Refuses requests that change something unless they carry the session's secret and come from
/// this site's own pages. Reads forms on the way, once, into the context.
struct CrossSiteProtection: RouterMiddleware {
    static let headerName = HTTPFields.Element.Name("X-CSRF-Token")
    static let fieldName = "csrf"

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        // No browser sends a bearer token by itself.
        if context.credential == .bearer { return try await next(request, context) }
        if [.get, .head, .options].contains(request.method) {
            return try await next(request, context)
        }
        guard Self.isFromOwnPage(request) else { throw RequestRefusal.crossSite }
        var context = context
        if request.mediaType == "application/x-www-form-urlencoded" {
            let body = try await request.wholeBody(.form)
            context.form = try FormFields(urlEncoded: body.readableBytesView)
        }
        let header = Self.headerName.flatMap { request.headers[$0] }
        guard let sent = try header ?? context.form?.optional(Self.fieldName),
            !context.formToken.isEmpty,
            isEqualInConstantTime(Array(sent.utf8), Array(context.formToken.utf8))
        else { throw RequestRefusal.formExpired }
        return try await next(request, context)
    }

    // Old browsers send neither header; the secret alone then decides.
    private static func isFromOwnPage(_ request: Request) -> Bool {
        if let name = HTTPFields.Element.Name("Sec-Fetch-Site"),
            let site = request.headers[name], site != "same-origin", site != "none"
        {
            return false
        }
        guard let origin = request.headers[.origin] else { return true }
        guard let authority = request.head.authority, let mark = origin.firstRange(of: "://")
        else { return false }
        return origin[mark.upperBound...].lowercased() == authority.lowercased()
    }
}
