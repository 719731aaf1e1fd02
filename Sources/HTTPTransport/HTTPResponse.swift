/// A complete answer: status, fields and the whole body. What it means is the caller's to judge,
/// 3xx and error statuses included.
public struct HTTPResponse: Sendable {
    /// The final status, 200...599 in practice; informational answers are left out.
    public var status: Int
    /// The fields in the order received; trailers are left out.
    public var headers: [HTTPField]
    /// The body as received, not decompressed; may be empty.
    public var body: [UInt8]

    /// Makes a response.
    public init(status: Int, headers: [HTTPField] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first field of that name, whatever its case; nil when there is none.
    public func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}
