// Refusals as pages and JSON show them: status, code and word in one place. The word is `refusal.CODE`.

public import Domain
public import Hummingbird
public import WebSupport

extension AccountsRefusal: WebRefusal {
    /// 404 for what is not there, 403 for a step before the pages that is missing.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownAccount, .unknownSession: .notFound
        case .secondFactorNeeded, .secondFactorMissing, .passwordChangeNeeded: .forbidden
        default: .unprocessableContent
        }
    }
}
extension CardsRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what another decided before.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownBatch, .unknownCard, .unknownLoad, .unknownLoadFile, .unknownMailer,
            .unknownCardRequest:
            .notFound
        case .alreadyDecided, .alreadyExported, .alreadyFetched, .requestWaiting: .conflict
        case .samePerson: .forbidden
        default: .unprocessableContent
        }
    }
}
extension ExceptionsRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what changed before, 403 for the same person.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownException, .unknownProgramme: .notFound
        case .exceptionChanged, .writeOffAsked, .writeOffNotAsked, .holdEnded, .holdHasSale,
            .holdAsked,
            .holdNotAsked:
            .conflict
        case .samePerson: .forbidden
        case .reasonEmpty, .unknownCause, .slipUnreadable, .slipDiffers: .unprocessableContent
        }
    }
}
extension CatalogueRefusal: WebRefusal {
    /// 404 for what is not there.
    public var status: HTTPResponse.Status {
        self == .unknownProduct ? .notFound : .unprocessableContent
    }
}
extension FinanceRefusal: WebRefusal {
    /// 404 for what is not there, 409 for a file that is not there yet or not any more.
    public var status: HTTPResponse.Status {
        switch self {
        case .reportUnknown, .closingUnknown, .exportUnknown: .notFound
        case .exportNotReady: .conflict
        default: .unprocessableContent
        }
    }
}
extension MonthClosing.Refusal: WebRefusal {
    /// 409: the month stands elsewhere.
    public var status: HTTPResponse.Status { .conflict }
}
extension MonthCloseRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what another decided before.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownReopening: .notFound
        case .alreadyDecided, .reopeningWaiting: .conflict
        case .reasonEmpty: .unprocessableContent
        }
    }
}
extension SettlementRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what another decided before.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownRun: .notFound
        case .alreadyDecided, .runWaiting, .accountChanged: .conflict
        case .nothingToSettle: .unprocessableContent
        }
    }
}
extension FeeRatesRefusal: WebRefusal {
    /// 404 for what is not there.
    var status: HTTPResponse.Status {
        self == .storeUnknown ? .notFound : .unprocessableContent
    }
}
extension PhoneRefusal: WebRefusal {
    /// 404 for what is not there, 410 for what is over, 409 for what another did before.
    var status: HTTPResponse.Status {
        switch self {
        case .requestUnreadable, .requestForged, .unknownReceipt: .notFound
        case .keySuperseded, .requestExpired, .paymentEnded: .gone
        case .alreadyPaid: .conflict
        case .tillClosed, .storeSuspended: .forbidden
        case .tooManyTries: .tooManyRequests
        }
    }
}
extension ProgrammesRefusal: WebRefusal {
    /// 404 for what is not there.
    public var status: HTTPResponse.Status {
        self == .unknownProgramme ? .notFound : .unprocessableContent
    }
}
extension RefundsRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what changed before.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownRequest: .notFound
        case .alreadyDecided, .digestDiffers: .conflict
        default: .unprocessableContent
        }
    }
}
extension RoleRefusal: WebRefusal {
    /// 403.
    public var status: HTTPResponse.Status { .forbidden }
}
extension StoresRefusal: WebRefusal {
    /// 404 for what is not there.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownStore, .unknownAccount: .notFound
        default: .unprocessableContent
        }
    }
}
extension TillRefusal: WebRefusal {
    /// 404 for what is not there, 409 for what another did before, 403 for the same person.
    public var status: HTTPResponse.Status {
        switch self {
        case .unknownStore, .unknownTill, .unknownEnrolment, .unknownRecord: .notFound
        case .alreadyDecided, .alreadyRevoked: .conflict
        case .revokedByYou: .forbidden
        default: .unprocessableContent
        }
    }
}

// What the domain refuses may be shown like head office's own refusals.
extension CardRefusal: WebRefusal {}
extension ExceptionPosting.Refusal: WebRefusal {
    /// 409 once it is settled.
    public var status: HTTPResponse.Status {
        self == .alreadySettled ? .conflict : .unprocessableContent
    }
}
extension FourEyes.Refusal: WebRefusal {
    /// 403.
    public var status: HTTPResponse.Status { .forbidden }
}
extension MoneyRefusal: WebRefusal {}
extension RefundRefusal: WebRefusal {}
