import Crypto
import Foundation
import Hummingbird

/// Style sheets, scripts and pictures, read once at the start and served from memory.
///
/// Only what was read can be asked for, so no path leads to a file. Addresses made for templates
/// carry the content's hash and may be kept for ever; without it a browser asks again each time.
public struct Assets: Sendable {
    struct Asset: Sendable {
        let bytes: ByteBuffer
        let contentType: String
        let hash: String
    }

    static let prefix = "/assets/"
    private static let byteCountMax = 4 << 20
    private var assets: [String: Asset] = [:]
    private var dottedNames: [String: String] = [:]

    /// Reads every file of a known type below the folders, and Bootstrap's minified files.
    ///
    /// - Refuses: a file that cannot be read, is over 4 MiB, or a name used twice
    ///   (`ResourceError`). A folder that is not there holds no assets.
    ///
    /// - Parameter libraries: single files from elsewhere, by the name under which pages ask for them.
    public init(
        folders: [String], bootstrapFolder: String, libraries: [String: String] = [:]
    ) throws {
        for folder in folders {
            guard let enumerator = FileManager.default.enumerator(atPath: folder) else { continue }
            for case let path as String in enumerator {
                if let type = Self.contentType(of: path) {
                    try add(path, file: folder + "/" + path, contentType: type)
                }
            }
        }
        for (name, file) in libraries.sorted(by: { $0.key < $1.key }) {
            try add(name, file: file, contentType: Self.contentType(of: name) ?? "")
        }
        for name in ["css/bootstrap.min.css", "js/bootstrap.bundle.min.js"] {
            try add(
                "bootstrap/" + name, file: bootstrapFolder + "/" + name,
                contentType: Self.contentType(of: name) ?? "")
        }
    }

    /// The address of an asset for a page, such as `/assets/huiyika.css?v=1a2b3c4d5e6f`.
    public func address(of name: String) -> String? {
        assets[name].map { Self.prefix + name + "?v=" + $0.hash }
    }

    func address(dotted name: String) -> String? {
        dottedNames[name].flatMap(address(of:))
    }

    func asset(path: String) -> Asset? {
        guard path.hasPrefix(Self.prefix) else { return nil }
        return assets[String(path.dropFirst(Self.prefix.count))]
    }

    private mutating func add(_ name: String, file: String, contentType: String) throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ResourceError(code: .unreadable, name: file)
        }
        guard data.count <= Self.byteCountMax else {
            throw ResourceError(code: .tooLarge, name: name)
        }
        let digest = SHA256.hash(data: data).prefix(6)
        let hash = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let asset = Asset(bytes: ByteBuffer(bytes: data), contentType: contentType, hash: hash)
        guard assets.updateValue(asset, forKey: name) == nil else {
            throw ResourceError(code: .definedTwice, name: name)
        }
        dottedNames[name.replacing("/", with: ".")] = name
    }

    private static func contentType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg": "image/jpeg"
        case "webp": "image/webp"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        default: nil
        }
    }
}

/// Answers requests below `/assets/` before anything else is looked at.
struct AssetMiddleware: RouterMiddleware {
    let assets: Assets

    func handle(
        _ request: Request, context: WebContext,
        next: @concurrent (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path.hasPrefix(Assets.prefix) else {
            return try await next(request, context)
        }
        guard request.method == .get || request.method == .head else {
            throw RequestRefusal.methodNotAllowed(allow: "GET, HEAD")
        }
        guard let asset = assets.asset(path: request.uri.path) else {
            throw RequestRefusal.notFound
        }
        let tag = "\"\(asset.hash)\""
        let isPinned = request.uri.query == "v=" + asset.hash
        var headers: HTTPFields = [.contentType: asset.contentType, .eTag: tag]
        headers[.cacheControl] =
            isPinned ? "public, max-age=31536000, immutable" : "no-cache"
        if request.headers[.ifNoneMatch] == tag {
            return Response(status: .notModified, headers: headers)
        }
        let response = Response(
            status: .ok, headers: headers, body: .init(byteBuffer: asset.bytes))
        return request.method == .head ? response.createHeadResponse() : response
    }
}
