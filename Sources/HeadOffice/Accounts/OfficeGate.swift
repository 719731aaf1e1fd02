import Hummingbird
import WebSupport

/// Stands before every page: who has signed in with the password alone, or with a password to be changed, gets no further
/// than the step that is missing.
struct OfficeGate: RouterMiddleware {
    let desk: OfficeDesk
    /// Steps that the routes behind this gate are for themselves.
    var open: Set<Accounts.Standing.Step> = []

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let session = try context.requireSession()
        guard let standing = try await desk.accounts.standing(tokenHash: session.tokenHash) else {
            throw RequestRefusal.notSignedIn
        }
        guard let step = standing.next(desk.secondFactor), !open.contains(step) else {
            return try await next(request, context)
        }
        guard request.method == .get else { throw step.refusal }
        return .redirect(to: step.path)
    }
}

extension Accounts.Standing.Step {
    /// Where the step is taken.
    var path: String {
        switch self {
        case .secondFactor: "/second-factor"
        case .changePassword: "/password"
        case .setUpSecondFactor: "/second-factor/set-up"
        }
    }

    var refusal: AccountsRefusal {
        switch self {
        case .secondFactor: .secondFactorNeeded
        case .changePassword: .passwordChangeNeeded
        case .setUpSecondFactor: .secondFactorMissing
        }
    }
}
