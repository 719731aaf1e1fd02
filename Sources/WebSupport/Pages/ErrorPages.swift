import Foundation
public import Hummingbird
import Logging

/// Turns every error into a translated page, or below `/api` into `{"code","message","details","incident"}`.
///
/// A refusal is shown with its code. Anything else is shown as an incident number only; what
/// happened goes to the log under that number.
struct ErrorPages: RouterMiddleware {
    let pages: Pages

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let answer = Self.answer(to: error, request: request, context: context)
            return try respond(answer, to: request, context: context)
        }
    }

    struct Answer {
        let status: HTTPResponse.Status
        let code: String
        let wordKey: String
        let wordValues: [String: String]
        let retryAfterSeconds: Int?
        let incident: String?
        /// The methods that the path has.
        var allow = ""
    }

    private static func answer(
        to error: any Error, request: Request, context: WebContext
    ) -> Answer {
        let standing = (error as? any HTTPResponseError)
            .flatMap { RequestRefusal.standing(for: $0.status) }
        if let refusal = error as? any WebRefusal ?? standing {
            var allow = ""
            if case .methodNotAllowed(let methods)? = error as? RequestRefusal { allow = methods }
            return Answer(
                status: refusal.status, code: refusal.code, wordKey: refusal.wordKey,
                wordValues: refusal.wordValues, retryAfterSeconds: refusal.retryAfterSeconds,
                incident: nil, allow: allow)
        }
        if error is CancellationError {
            let refusal = RequestRefusal.stopping
            return Answer(
                status: refusal.status, code: refusal.code, wordKey: refusal.wordKey,
                wordValues: [:], retryAfterSeconds: refusal.retryAfterSeconds, incident: nil)
        }
        let incident = incidentNumber()
        context.logger.error(
            "unexpected error in a web request",
            metadata: [
                "incident": .string(incident), "error": .string("\(error)"),
                "http.method": .string(request.method.rawValue),
                "http.path": .string(request.uri.path),
            ])
        return Answer(
            status: .internalServerError, code: "unexpected",
            wordKey: "refusal.unexpected", wordValues: ["incident": incident],
            retryAfterSeconds: nil, incident: incident)
    }

    private func respond(
        _ answer: Answer, to request: Request, context: WebContext
    ) throws -> Response {
        var context = context
        if context.formToken.isEmpty {
            context.language = Language.negotiate(
                session: nil, cookie: request.cookies[SessionCookies.language]?.value,
                acceptLanguage: request.headers[.acceptLanguage])
        }
        let words = pages.words(context.language)
        let message =
            words.text(answer.wordKey) == nil
            ? words("refusal.refused") : words(answer.wordKey, answer.wordValues)
        var response: Response
        if request.wantsJSON {
            let body = ErrorBody(
                code: answer.code, message: message, details: answer.wordValues,
                incident: answer.incident)
            response = try Response.json(body, status: answer.status)
        } else {
            let view = ErrorView(
                status: Int(answer.status.code), heading: heading(answer, words),
                message: message, code: answer.code,
                isSignInNeeded: answer.status == .unauthorized,
                back: Self.back(from: request))
            response = try pages.page("error", view, context: context, status: answer.status)
        }
        if let seconds = answer.retryAfterSeconds {
            response.headers[.retryAfter] = String(seconds)
        }
        if !answer.allow.isEmpty { response.headers[.allow] = answer.allow }
        // The connection may still hold an unread body: it is closed, not reused.
        if answer.status == .contentTooLarge || answer.status == .requestTimeout {
            response.headers[.connection] = "close"
        }
        return response
    }

    private static func back(from request: Request) -> String? {
        guard let name = HTTPFields.Element.Name("Referer"), let referer = request.headers[name],
            let authority = request.head.authority, let mark = referer.firstRange(of: "://"),
            let slash = referer[mark.upperBound...].firstIndex(of: "/"),
            referer[mark.upperBound..<slash].lowercased() == authority.lowercased()
        else { return nil }
        let path = SignIn.safePath(String(referer[slash...]))
        return path == "/" || (path == request.uri.string && request.method == .get) ? nil : path
    }

    private func heading(_ answer: Answer, _ words: Words) -> String {
        words.text("error.heading.\(answer.status.code)") ?? words("error.heading.other")
    }

    private static func incidentNumber() -> String {
        let alphabet = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
        return String((0..<8).compactMap { _ in alphabet.randomElement() })
    }
}

struct ErrorBody: Encodable {
    let code: String
    let message: String
    /// What the message's words are about: the field, the wait.
    let details: [String: String]
    let incident: String?
}

struct ErrorView {
    let status: Int
    let heading: String
    let message: String
    let code: String
    let isSignInNeeded: Bool
    /// The page of this site that led here, if it was another one.
    let back: String?
}

extension Response {
    /// A JSON answer.
    public static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// A redirect to another page of this site that leaves a notice there.
    public static func redirect(to path: String, notice: Notice) -> Response {
        var response = Response.redirect(to: path)
        response.setCookie(SessionCookies.make(Notice.cookieName, notice.cookieValue, maxAge: 60))
        return response
    }
}
