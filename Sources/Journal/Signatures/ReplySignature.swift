/// Head office's signature over a reply, bound to the request it answers.
///
/// A captive portal can answer 200 with a page; only head office can make this header.
///
/// - Shape: `KEYID:BASE64` over `"huiyika/reply/1" ‖ u8 len+nonce text ‖ u16 status ‖ SHA-256(body)`.
/// - Source: Docs/PROTOCOL.md §1.
public enum ReplySignature {
    /// The header that carries it.
    public static let headerName = "Huiyika-Signature"

    /// Makes the header's value.
    public static func value(
        nonce: RequestNonce, status: Int, body: [UInt8], key: NamedSigningKey
    ) -> String {
        let signature = key.key.signature(of: base(nonce: nonce, status: status, body: body))
        return "\(key.id):\(Base64.standard.text(signature))"
    }

    /// Whether the header proves that head office gave this reply to this request.
    ///
    /// - Parameters:
    ///   - value: the header as received; nil when there was none.
    ///   - keys: the head-office keys the till trusts.
    public static func isValid(
        _ value: String?, nonce: RequestNonce, status: Int, body: [UInt8],
        keys: [NamedVerifyingKey]
    ) -> Bool {
        guard let value, let colon = value.lastIndex(of: ":"), (0...65_535).contains(status),
            let key = keys.first(where: { $0.id == value[..<colon] }),
            let signature = Base64.standard.bytes(String(value[value.index(after: colon)...]))
        else { return false }
        return key.key.isValid(
            signature: signature, of: base(nonce: nonce, status: status, body: body))
    }

    private static func base(nonce: RequestNonce, status: Int, body: [UInt8]) -> [UInt8] {
        var base = Array("huiyika/reply/1".utf8)
        base.appendShort(Array(nonce.description.utf8))
        base.appendBigEndian(UInt16(status))
        base.append(contentsOf: RecordHash(of: body).bytes)
        return base
    }
}
