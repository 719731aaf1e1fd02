/// A card face's picture, as a till asked for it by its content.
///
/// - Source: Docs/PROTOCOL.md §7.
public struct FaceReply: WireValue, Hashable {
    /// The most bytes of a picture.
    public static let byteCountMax = 4 << 20

    /// Head office's time.
    public var beacon: String
    /// The picture, PNG.
    public var picture: [UInt8]

    /// An answer.
    public init(beacon: String, picture: [UInt8]) {
        self.beacon = beacon
        self.picture = picture
    }

    /// Reads the object.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        beacon = try object.value("beacon")
        picture = try object.base64("picture")
        guard picture.count <= Self.byteCountMax else { throw object.outOfRange("picture") }
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "beacon": beacon.wire, "picture": .text(Base64.standard.text(picture)),
        ])
    }
}
