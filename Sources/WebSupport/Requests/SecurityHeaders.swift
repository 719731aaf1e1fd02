import Hummingbird

/// Puts the security headers on every answer, error pages included.
struct SecurityHeaders: RouterMiddleware {
    let isReachedOverTLS: Bool

    // No inline script or style, and nothing from elsewhere.
    static let contentPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "font-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'",
        "base-uri 'none'",
    ].joined(separator: "; ")

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.contentPolicy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers.setUnlessPresent("Referrer-Policy", "same-origin")
        response.headers.setUnlessPresent("Cross-Origin-Opener-Policy", "same-origin")
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if isReachedOverTLS {
            response.headers[.strictTransportSecurity] = "max-age=31536000"
        }
        return response
    }
}

extension HTTPFields {
    mutating func setUnlessPresent(_ name: String, _ value: String) {
        guard let name = HTTPFields.Element.Name(name), self[name] == nil else { return }
        self[name] = value
    }
}
