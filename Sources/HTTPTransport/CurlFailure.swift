import CCurl

/// What is known of a transfer libcurl gave up, and what it means to the caller.
///
/// Pure: the loop collects the facts, the tests feed them by table.
struct CurlFailure {
    /// libcurl's result code.
    var curlCode: CURLcode
    /// libcurl's own words; may be empty.
    var text: String
    /// Whether a usable connection was ready and the request was about to be written, even once:
    /// libcurl may have started over since.
    var requestStarted: Bool
    /// Whether this side stopped the transfer because the answer was over the limit.
    var sizeLimitExceeded: Bool

    /// The error for the caller.
    ///
    /// `requestMayHaveArrived` is the sticky fact alone, never guessed from the code: a handshake
    /// may fail on the second connection after the first one took the whole request.
    var error: TransportError {
        TransportError(
            code: code,
            message: text.isEmpty ? String(cString: curl_easy_strerror(curlCode)) : text,
            requestMayHaveArrived: requestStarted)
    }

    private var code: TransportError.Code {
        if sizeLimitExceeded { return .responseTooLarge }
        switch curlCode {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            return .couldNotResolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED:
            return .couldNotConnect
        case CURLE_SSL_CONNECT_ERROR:
            return .handshakeFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return .certificateRejected
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER, CURLE_SSL_CRL_BADFILE:
            return .misconfigured
        case CURLE_OPERATION_TIMEDOUT:
            return timeOutCode
        case CURLE_UNSUPPORTED_PROTOCOL:
            // The same code reports an answer that is not HTTP/1 at all.
            return requestStarted ? .connectionBroken : .protocolRefused
        case CURLE_FILESIZE_EXCEEDED:
            return .responseTooLarge
        case CURLE_URL_MALFORMAT:
            return .badRequest
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
            CURLE_WEIRD_SERVER_REPLY, CURLE_SEND_FAIL_REWIND, CURLE_SSL_SHUTDOWN_FAILED,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_AGAIN:
            return .connectionBroken
        default:
            return .other(Int(curlCode.rawValue))
        }
    }

    /// One libcurl code covers three limits; its words tell the low-speed one apart.
    private var timeOutCode: TransportError.Code {
        if !requestStarted { return .connectTimedOut }
        return text.hasPrefix("Operation too slow") ? .tooSlow : .timedOut
    }
}
