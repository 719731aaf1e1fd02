import Foundation
public import Hummingbird

/// How large a body may be and how long it may take to arrive.
public struct BodyLimits: Sendable {
    /// Most bytes.
    public let byteCountMax: Int
    /// Longest time from the first read to the last byte. Hummingbird's idle time-out does not
    /// stop a body that drips.
    public let deadline: Duration

    /// Limits for a route.
    public init(byteCountMax: Int, deadline: Duration) {
        self.byteCountMax = byteCountMax
        self.deadline = deadline
    }

    /// 64 KiB in 15 seconds: forms and JSON.
    public static let form = BodyLimits(byteCountMax: 64 * 1024, deadline: .seconds(15))
    /// 16 MiB in 2 minutes: an imported file.
    public static let file = BodyLimits(byteCountMax: 16 << 20, deadline: .seconds(120))
}

extension Request {
    /// The whole body.
    ///
    /// - Refuses: `.bodyTooLarge` (already from Content-Length), `.bodyTooSlow`.
    public func wholeBody(_ limits: BodyLimits = .form) async throws -> ByteBuffer {
        if let announced = headers[.contentLength].flatMap({ Int($0) }),
            announced > limits.byteCountMax
        {
            throw RequestRefusal.bodyTooLarge
        }
        let body = self.body
        return try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask {
                var whole = ByteBuffer()
                for try await var part in body {
                    guard whole.readableBytes + part.readableBytes <= limits.byteCountMax else {
                        throw RequestRefusal.bodyTooLarge
                    }
                    whole.writeBuffer(&part)
                }
                return whole
            }
            group.addTask {
                try await Task.sleep(for: limits.deadline)
                throw RequestRefusal.bodyTooSlow
            }
            defer { group.cancelAll() }
            guard let whole = try await group.next() else { throw RequestRefusal.malformedBody }
            return whole
        }
    }

    /// The body as JSON.
    ///
    /// - Refuses: `.bodyTooLarge`, `.bodyTooSlow`, `.malformedBody` (not JSON, not this shape, a
    ///   member twice, or nested deeper than 32).
    public func json<Value: Decodable>(
        _ type: Value.Type, limits: BodyLimits = .form
    ) async throws -> Value {
        guard mediaType == "application/json" else { throw RequestRefusal.malformedBody }
        let bytes = Array(buffer: try await wholeBody(limits))
        guard JSONShape.isAcceptable(bytes),
            let value = try? JSONDecoder().decode(type, from: Data(bytes))
        else { throw RequestRefusal.malformedBody }
        return value
    }

    /// The media type of the body in lower case, without parameters; "" when there is none.
    public var mediaType: String {
        let value = headers[.contentType] ?? ""
        return value.prefix { $0 != ";" && $0 != " " }.lowercased()
    }

    /// The fields of the query.
    ///
    /// - Refuses: `.malformedBody`.
    public func query() throws -> FormFields {
        try FormFields(urlEncoded: (uri.query ?? "").utf8)
    }

    /// Whether the answer should be JSON: a path below `/api`.
    var wantsJSON: Bool { uri.path.hasPrefix("/api/") }
}

extension Array where Element == UInt8 {
    init(buffer: ByteBuffer) {
        self = Array(buffer.readableBytesView)
    }
}
