import Domain
import Hummingbird
import WebSupport

/// A refusal of the till as pages and JSON answers show it: one place maps them all.
struct ShownRefusal: WebRefusal {
    let code: String
    let status: HTTPResponse.Status
    let wordValues: [String: String]

    init(
        _ code: String, _ status: HTTPResponse.Status = .unprocessableContent,
        _ wordValues: [String: String] = [:]
    ) {
        self.code = code
        self.status = status
        self.wordValues = wordValues
    }

    /// The refusal to show for an error; nil for one that is no refusal.
    init?(_ error: any Error) {
        switch error {
        case let refusal as BasketRefusal: self.init(refusal.rawValue)
        case let refusal as SaleRefusal: self.init(refusal.code)
        case let refusal as MoneyRefusal: self.init(refusal.code)
        case let refusal as CardRefusal: self.init(refusal.code)
        case let refusal as StandInRefusal: self.init(refusal)
        case let refusal as PaymentRefusal: self.init(refusal)
        case let refusal as CustomerRefusal: self.init(refusal.rawValue, .conflict)
        case let refusal as OverrideRefusal: self.init(refusal.code)
        case let refusal as ShownRefusal: self = refusal
        case let refusal as RefundRefusal: self.init(refusal)
        case let refusal as OtherTillRefusal: self.init(refusal.rawValue, .serviceUnavailable)
        case let refusal as RefundRequestRefusal: self.init(refusal)
        case let refusal as PrinterRefusal: self.init(refusal)
        case let refusal as AccountRefusal: self.init(refusal.rawValue)
        case let refusal as DayCloseRefusal: self.init(refusal)
        case let error as TillStoreError:
            let isFull = error.code == .diskFull || error.code == .diskNearlyFull
            self.init(error.code.rawValue, isFull ? .init(code: 507) : .serviceUnavailable)
        default: return nil
        }
    }

    private init(_ refusal: PaymentRefusal) {
        switch refusal {
        case .unknown: self.init(refusal.rawValue, .notFound)
        case .ended, .otherCard, .busy, .notOffered, .overrideNotNeeded, .shownToPhone, .cardTried:
            self.init(refusal.rawValue, .conflict)
        case .tillForked, .tillRevoked, .storeSuspended, .unknownProgramme, .testCardLimit,
            .noConfirmationKey, .codeMalformed, .codeWrong, .codesUsedUp, .notSealed:
            self.init(refusal.rawValue)
        }
    }

    private init(_ refusal: DayCloseRefusal) {
        switch refusal {
        case .managerNeeded: self.init(refusal.code, .forbidden)
        case .alreadyClosed: self.init(refusal.code, .conflict)
        case .paymentsOpen(let open):
            let payments = open.map { Texts.yuan($0.amount) + " " + $0.login }
            self.init(
                refusal.code, .conflict, ["payments": payments.joined(separator: ", ")])
        }
    }

    private init(_ refusal: RefundRequestRefusal) {
        switch refusal {
        case .unknownSale, .unknownRequest: self.init(refusal.rawValue, .notFound)
        case .alreadyDecided, .sameIDDifferentContent: self.init(refusal.rawValue, .conflict)
        case .reasonLength, .malformedID: self.init(refusal.rawValue)
        }
    }

    private init(_ refusal: PrinterRefusal) {
        switch refusal {
        case .unknownPrinter, .unknownJob: self.init(refusal.rawValue, .notFound)
        case .nameTaken, .hasOpenJobs, .jobNotOpen, .jobNotInQuestion:
            self.init(refusal.rawValue, .conflict)
        case .nameLength, .settingUnknown, .addressMalformed: self.init(refusal.rawValue)
        }
    }

    private init(_ refusal: StandInRefusal) {
        switch refusal {
        case .overSaleLimit(let limit), .overCardLimit(let limit, _),
            .overTillTotal(let limit, _):
            self.init(refusal.code, .unprocessableContent, ["limit": "¥" + limit.grouped])
        case .overTillCount(let limit):
            self.init(refusal.code, .unprocessableContent, ["limit": String(limit)])
        case .contactTooOld(_, let redAfter):
            self.init(
                refusal.code, .unprocessableContent, ["hours": String(redAfter / 3_600)])
        case .cardBlocked, .cardRefusedOnline, .programmeNotAccepted, .testCardLimit,
            .cardUnverified, .limitsUnknown:
            self.init(refusal.code)
        }
    }

    private init(_ refusal: RefundRefusal) {
        switch refusal {
        case .quantityExceedsSold(_, let left):
            self.init(refusal.code, .unprocessableContent, ["left": String(left)])
        case .amountExceedsPaid(let left):
            self.init(refusal.code, .unprocessableContent, ["left": "¥" + left.grouped])
        case .saleNotPosted, .cardDiffers, .refundMonthOver, .nothingToRefund, .unknownLine,
            .amountDiffers:
            self.init(refusal.code)
        }
    }
}

/// Turns the till's refusals into ones that the error pages know.
struct ShowRefusals: RouterMiddleware {
    @concurrent func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            throw ShownRefusal(error) ?? error
        }
    }
}

extension Words {
    /// What the screen says for a code of head office or of the rules.
    func refusal(_ code: String) -> String {
        text("refusal." + code) ?? self("till.unknownCode", ["code": code])
    }

    /// What the screen says for a refusal.
    func refusal(_ refusal: ShownRefusal) -> String {
        text(refusal.wordKey) == nil
            ? self("till.unknownCode", ["code": refusal.code])
            : self(refusal.wordKey, refusal.wordValues)
    }
}
