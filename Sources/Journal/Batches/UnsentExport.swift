/// What a till writes to a file when its line does not come back: its unacknowledged records as signed
/// batches, for `huiyika-office import-unsent`.
///
/// - Shape: frames in journal order, each as ``BatchFrame/encoded()`` made it.
/// - Repetition: importing a file twice, or sending its records later over the line, doubles nothing.
/// - Source: Docs/PROTOCOL.md §5.1.
public struct UnsentExport: WireValue, Hashable {
    /// The layout this code writes and reads.
    public static let currentVersion = 1

    /// A batch and the till's signature over it.
    public struct Frame: WireValue, Hashable {
        /// The frame as it would be sent.
        public var bytes: [UInt8]
        /// Ed25519 by the till's key.
        public var signature: [UInt8]

        /// Signs a frame.
        public init(bytes: [UInt8], key: SigningKey) {
            self.bytes = bytes
            signature = key.signature(of: Self.signed(bytes))
        }

        /// Whether the till's key signed it.
        public func isValid(_ key: VerifyingKey) -> Bool {
            key.isValid(signature: signature, of: Self.signed(bytes))
        }

        private static func signed(_ bytes: [UInt8]) -> [UInt8] {
            Array("huiyika/unsent/1".utf8) + RecordHash(of: bytes).bytes
        }

        /// Reads the object.
        public init(wire: JSONValue, at field: String) throws(WireFault) {
            let object = try WireObject(wire, at: field)
            bytes = try object.base64("bytes")
            signature = try object.base64("signature", count: 64)
        }

        /// The object.
        public var wire: JSONValue {
            .object([
                "bytes": .text(Base64.standard.text(bytes)),
                "signature": .text(Base64.standard.text(signature)),
            ])
        }
    }

    /// The till's name.
    public var till: String
    /// Its epoch.
    public var epoch: Int
    /// The batches in order.
    public var frames: [Frame]

    /// Makes it from its parts.
    public init(till: String, epoch: Int, frames: [Frame]) {
        self.till = till
        self.epoch = epoch
        self.frames = frames
    }

    /// Reads the object; another layout is out of range.
    public init(wire: JSONValue, at field: String) throws(WireFault) {
        let object = try WireObject(wire, at: field)
        let version = Int64(Self.currentVersion)
        _ = try object.integer("version", in: version...version)
        till = try object.value("till")
        epoch = try object.count("epoch", in: 1...1_000_000)
        frames = try object.value("frames")
    }

    /// The object.
    public var wire: JSONValue {
        .object([
            "epoch": epoch.wire, "frames": frames.wire, "till": till.wire,
            "version": .integer(Int64(Self.currentVersion)),
        ])
    }
}
