import CCurl

/// A URL that may be asked, in the words of the parser that will send it.
///
/// libcurl parses it here, and the text handed on is libcurl's own, so check and transfer cannot
/// read one URL in two ways.
struct RequestTarget: Equatable {
    /// The URL as libcurl writes it, path and query untouched.
    var url: String
    /// The host, without port.
    var host: String

    init(parsing text: String, allowPlainHTTPLoopback: Bool) throws(TransportError) {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }),
            let handle = curl_url()
        else {
            throw Self.refusal(.badRequest, "the URL is empty or holds more than visible ASCII")
        }
        defer { curl_url_cleanup(handle) }
        let pathAsIs = UInt32(CURLU_PATH_AS_IS)
        let anyScheme = UInt32(CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(handle, CURLUPART_URL, text, pathAsIs | anyScheme) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: handle)
        else {
            throw Self.refusal(.badRequest, "the URL does not parse")
        }
        guard scheme == "https" || (scheme == "http" && allowPlainHTTPLoopback) else {
            throw Self.refusal(.protocolRefused, "\(scheme):// is not allowed")
        }
        guard let host = Self.part(CURLUPART_HOST, of: handle), !host.isEmpty,
            let url = Self.part(CURLUPART_URL, of: handle)
        else {
            throw Self.refusal(.badRequest, "the URL names no host")
        }
        guard Self.part(CURLUPART_USER, of: handle) == nil,
            Self.part(CURLUPART_PASSWORD, of: handle) == nil,
            Self.part(CURLUPART_FRAGMENT, of: handle) == nil
        else {
            throw Self.refusal(.badRequest, "the URL holds a user, a password or a fragment")
        }
        guard scheme == "https" || Self.isLoopback(host) else {
            throw Self.refusal(.protocolRefused, "plain HTTP is for this machine only: \(host)")
        }
        self.url = url
        self.host = host
    }

    /// Whether a host, in libcurl's spelling, can only be this machine.
    ///
    /// libcurl answers `localhost` by itself, without asking a resolver.
    static func isLoopback(_ host: String) -> Bool {
        if host == "[::1]" || host.lowercased() == "localhost" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                part.count <= 3 && part.utf8.allSatisfy { (48...57).contains($0) }
                    && UInt8(part) != nil
            }
    }

    private static func part(_ part: CURLUPart, of handle: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func refusal(_ code: TransportError.Code, _ message: String) -> TransportError {
        TransportError(code: code, message: message, requestMayHaveArrived: false)
    }
}
