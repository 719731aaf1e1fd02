import CCurl

/// One request being carried by one libcurl easy handle. Lives on the loop's thread.
///
/// libcurl holds a plain pointer to it, so the loop keeps it until the handle is reset.
final class Transfer {
    static let headerByteCountMax = 64 * 1_024

    let submission: Submission
    let easy: UnsafeMutableRawPointer
    /// Set once the connection is ready and the request is about to be written; never unset.
    private(set) var requestStarted = false

    private let bodyByteCountMax: Int
    private var body: [UInt8] = []
    private var headerByteCount = 0
    private var sizeLimitExceeded = false
    private var fieldLines: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>

    init(_ submission: Submission, easy: UnsafeMutableRawPointer, bodyByteCountMax: Int) {
        self.submission = submission
        self.easy = easy
        self.bodyByteCountMax = submission.request.maximumResponseBytes ?? bodyByteCountMax
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_slist_free_all(fieldLines)
        errorText.deallocate()
    }

    /// The answer or the error, once libcurl says that the transfer is over.
    func outcome(_ curlCode: CURLcode) -> Result<HTTPResponse, TransportError> {
        guard curlCode == CURLE_OK, !sizeLimitExceeded else {
            let failure = CurlFailure(
                curlCode: curlCode, text: String(cString: errorText),
                requestStarted: requestStarted, sizeLimitExceeded: sizeLimitExceeded)
            return .failure(failure.error)
        }
        var status = 0
        ccurl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return .success(HTTPResponse(status: status, headers: receivedFields(), body: body))
    }

    private func receivedFields() -> [HTTPField] {
        var fields: [HTTPField] = []
        var previous: UnsafeMutablePointer<curl_header>?
        while let field = curl_easy_nextheader(easy, UInt32(CURLH_HEADER), -1, previous) {
            fields.append(
                HTTPField(
                    name: String(cString: field.pointee.name),
                    value: String(cString: field.pointee.value)))
            previous = field
        }
        return fields
    }

    // MARK: Called back by libcurl

    private func received(bodyBytes: UnsafeRawBufferPointer) -> Bool {
        guard bodyBytes.count <= bodyByteCountMax - body.count else {
            sizeLimitExceeded = true
            return false
        }
        body.append(contentsOf: bodyBytes)
        return true
    }

    private func received(headerBytes: UnsafeRawBufferPointer) -> Bool {
        headerByteCount += headerBytes.count
        sizeLimitExceeded = headerByteCount > Self.headerByteCountMax
        return !sizeLimitExceeded
    }

    private static func transfer(_ context: UnsafeMutableRawPointer) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    // MARK: Setting up

    /// Tells the handle everything about this transfer; it must be fresh or reset.
    func prepare(_ settings: TransportSettings, now: ContinuousClock.Instant)
        throws(TransportError)
    {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context))
        try check(
            ccurl_set_write_function(easy) { bytes, size, count, context in
                guard let context else { return 0 }
                let chunk = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.transfer(context).received(bodyBytes: chunk) ? chunk.count : 0
            })
        try check(
            ccurl_set_header_function(easy) { bytes, size, count, context in
                guard let context else { return 0 }
                let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                return Transfer.transfer(context).received(headerBytes: line) ? line.count : 0
            })
        try check(
            ccurl_set_prereq_function(easy) { context, _, _, _, _ in
                guard let context else { return CURL_PREREQFUNC_ABORT }
                Transfer.transfer(context).requestStarted = true
                return CURL_PREREQFUNC_OK
            })
        try prepareConnection(settings)
        try prepareLimits(settings, now: now)
        try prepareMessage(settings)
    }

    private func prepareConnection(_ settings: TransportSettings) throws(TransportError) {
        let configuration = settings.configuration
        let protocols = configuration.allowPlainHTTPLoopback ? "http,https" : "https"
        try set(CURLOPT_PROTOCOLS_STR, protocols)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // An empty proxy, unlike none, keeps libcurl from reading the environment.
        try set(CURLOPT_PROXY, configuration.proxyURL ?? "")
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        if var authorities = settings.certificateAuthorities {
            // Debian builds libcurl with a default folder of authorities, which stays in force
            // beside any file: unset it, or every public authority is trusted too.
            try set(CURLOPT_CAPATH, nil)
            try set(CURLOPT_CAINFO, nil)
            try check(
                ccurl_set_blob(easy, CURLOPT_CAINFO_BLOB, &authorities, authorities.count))
        }
        try set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up on a dead resolver waits for the resolver, and with it the thread
        // that every other transfer shares.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 10)
    }

    private func prepareLimits(_ settings: TransportSettings, now: ContinuousClock.Instant)
        throws(TransportError)
    {
        let request = submission.request
        let connectTimeout = request.connectTimeout ?? settings.configuration.connectTimeout
        try set(CURLOPT_TIMEOUT_MS, TimeLimits.milliseconds(submission.deadline - now))
        try set(CURLOPT_CONNECTTIMEOUT_MS, TimeLimits.milliseconds(connectTimeout))
        try check(
            ccurl_set_large(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(bodyByteCountMax)))
        if let limit = request.lowSpeedLimit {
            try set(CURLOPT_LOW_SPEED_LIMIT, limit.bytesPerSecond)
            try set(CURLOPT_LOW_SPEED_TIME, limit.seconds)
        }
    }

    private func prepareMessage(_ settings: TransportSettings) throws(TransportError) {
        let request = submission.request
        try set(CURLOPT_URL, submission.target.url)
        try set(CURLOPT_PATH_AS_IS, 1)
        let carriesBody =
            !request.body.isEmpty || ["POST", "PUT", "PATCH"].contains(request.method)
        if request.method == "HEAD" {
            try set(CURLOPT_NOBODY, 1)
        } else if carriesBody {
            try set(CURLOPT_POST, 1)
            try check(
                request.body.withUnsafeBytes { bytes in
                    let none: [UInt8] = [0]
                    guard let start = bytes.baseAddress else {
                        return ccurl_set_body(easy, none, 0)
                    }
                    return ccurl_set_body(easy, start, curl_off_t(bytes.count))
                })
        } else {
            try set(CURLOPT_HTTPGET, 1)
        }
        if !["GET", "HEAD", "POST"].contains(request.method) {
            try set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        if !settings.configuration.userAgent.isEmpty {
            try set(CURLOPT_USERAGENT, settings.configuration.userAgent)
        }
        for field in request.headers {
            // "Name:" would delete the field; libcurl spells an empty one "Name;".
            let isEmpty = field.value.allSatisfy { $0 == " " || $0 == "\t" }
            try append(isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        try append("Expect:")
        let namesType = request.headers.contains { $0.name.lowercased() == "content-type" }
        if carriesBody && !namesType { try append("Content-Type:") }
        try check(ccurl_set_list(easy, CURLOPT_HTTPHEADER, fieldLines))
    }

    private func append(_ line: String) throws(TransportError) {
        guard let longer = curl_slist_append(fieldLines, line) else {
            try check(CURLE_OUT_OF_MEMORY)
            return
        }
        fieldLines = longer
    }

    private func set(_ option: CURLoption, _ value: Int) throws(TransportError) {
        try check(ccurl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ value: String?) throws(TransportError) {
        try check(ccurl_set_string(easy, option, value))
    }

    private func check(_ code: CURLcode) throws(TransportError) {
        guard code != CURLE_OK else { return }
        throw CurlFailure(
            curlCode: code, text: "", requestStarted: false, sizeLimitExceeded: false
        ).error
    }
}
