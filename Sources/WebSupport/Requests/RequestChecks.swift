import Hummingbird

/// Refuses requests that no honest browser sends: a foreign Host, and paths with NUL, control
/// characters or backslashes, plain or escaped. (A NUL in front of a suffix changes the content
/// type that a file server infers.)
struct RequestChecks: RouterMiddleware {
    let allowedHosts: Set<String>

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? request.headers[.init("Host") ?? .accept] ?? ""
        guard allowedHosts.contains(Self.host(of: authority)) else {
            throw RequestRefusal.hostNotAllowed
        }
        guard Self.isCleanPath(request.uri.path) else { throw RequestRefusal.malformedPath }
        var context = context
        context.path = request.uri.path
        return try await next(request, context)
    }

    /// The host of `host:port` in lower case; brackets of an IPv6 address are dropped.
    static func host(of authority: String) -> String {
        if authority.hasPrefix("[") {
            return authority.dropFirst().prefix { $0 != "]" }.lowercased()
        }
        return authority.prefix { $0 != ":" }.lowercased()
    }

    static func isCleanPath(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        guard bytes.count <= 2048 else { return false }
        for (index, byte) in bytes.enumerated() {
            if byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\\") { return false }
            guard byte == UInt8(ascii: "%") else { continue }
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                value >= 0x20, value != 0x7F, value != UInt8(ascii: "\\")
            else { return false }
        }
        return true
    }
}
