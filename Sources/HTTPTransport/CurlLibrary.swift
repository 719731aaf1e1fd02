import CCurl

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the process needs once, before the first transfer.
enum CurlLibrary {
    /// libcurl's answer to its global set-up, which runs at the first use and once only.
    static let setUp: CURLcode = curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32))
}

/// The pinned authorities' PEM text.
enum CertificateFile {
    static let byteCountMax = 4 * 1_024 * 1_024

    /// Reads the file and makes sure that it holds at least one certificate.
    static func read(_ path: String) throws(TransportError) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw problem("cannot be opened: \(String(cString: strerror(errno)))", path)
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: byteCountMax + 1)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else { throw problem("cannot be read", path) }
        guard count <= byteCountMax else { throw problem("is too large", path) }
        bytes.removeSubrange(count...)
        guard let text = String(validating: bytes, as: UTF8.self),
            text.contains("-----BEGIN CERTIFICATE-----")
        else {
            throw problem("holds no PEM certificate", path)
        }
        return bytes
    }

    private static func problem(_ words: String, _ path: String) -> TransportError {
        TransportError(
            code: .misconfigured, message: "certificate authority file \(path) \(words)",
            requestMayHaveArrived: false)
    }
}

/// Starts a detached thread, with every signal blocked, that runs `body` once.
///
/// Blocked signals: a write to a connection the server has closed must not end the process with
/// SIGPIPE, and the process's own signal handling belongs to other threads.
enum LoopThread {
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED)) == 0 else {
            return false
        }
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let box = Unmanaged.passRetained(Body(body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let code = pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                #else
                    if let context {
                        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    }
                #endif
                return nil
            }, box.toOpaque())
        if code != 0 { box.release() }
        return code == 0
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
