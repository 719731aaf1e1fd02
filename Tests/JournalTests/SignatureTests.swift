import Domain
import Testing

@testable import Journal

struct SignatureTests {
    private let body = Array("body".utf8)
    private var headers: SignatureHeaders {
        RequestSignature.sign(
            method: "POST", url: Samples.url, body: body, keyID: .till(Samples.till, epoch: 1),
            created: 1_000, nonce: Samples.nonce, key: Samples.tillKey)
    }

    private func verify(
        _ headers: SignatureHeaders, method: String = "POST", url: String = Samples.url,
        body: [UInt8]? = nil, key: VerifyingKey? = Samples.tillKey.verifyingKey,
        now: Int64 = 1_000, isNonceSeen: Bool = false, isRevoked: Bool = false
    ) -> SignatureRefusal? {
        do throws(SignatureRefusal) {
            let signature = try RequestSignature(
                contentDigest: headers.contentDigest, signatureInput: headers.signatureInput,
                signature: headers.signature)
            try signature.authenticate(method: method, url: url, body: body ?? self.body, key: key)
            try signature.admit(now: now, isNonceSeen: isNonceSeen, isRevoked: isRevoked)
            return nil
        } catch { return error }
    }

    @Test func `a request as signed passes, any other is refused with the first code that fits`() {
        #expect(verify(headers) == nil)
        #expect(verify(headers, key: nil) == .unknownKey)
        #expect(verify(headers, body: [1], key: nil) == .unknownKey)
        #expect(verify(headers, body: [1], now: 9_999) == .digestMismatch)
        #expect(verify(headers, method: "GET", now: 9_999) == .invalid)
        #expect(verify(headers, url: Samples.url + "?x") == .invalid)
        #expect(verify(headers, key: Samples.officeKey.key.verifyingKey) == .invalid)
        #expect(verify(headers, now: 1_300) == nil)
        #expect(verify(headers, now: 700) == nil)
        #expect(verify(headers, now: 1_301, isNonceSeen: true, isRevoked: true) == .clock)
        #expect(verify(headers, now: 699) == .clock)
        #expect(verify(headers, isNonceSeen: true, isRevoked: true) == .nonceSeen)
        #expect(verify(headers, isRevoked: true) == .tillRevoked)
    }

    @Test func `a header that is not there is missing`() {
        for index in 0..<3 {
            var values: [String?] = headers.fields.map(\.value)
            values[index] = nil
            #expect(throws: SignatureRefusal.missing) {
                try RequestSignature(
                    contentDigest: values[0], signatureInput: values[1], signature: values[2])
            }
        }
    }

    /// Every bit of every header: nothing that differs in one bit may pass, whatever it means.
    @Test func `no header with a flipped bit passes`() {
        let fields = headers.fields.map { Array($0.value.utf8) }
        for field in 0..<3 {
            for index in fields[field].indices {
                for bit in 0..<8 {
                    var changed = fields
                    changed[field][index] ^= 1 << UInt8(bit)
                    let texts = changed.map { String(decoding: $0, as: UTF8.self) }
                    let refusal = verify(
                        SignatureHeaders(
                            contentDigest: texts[0], signatureInput: texts[1],
                            signature: texts[2]))
                    #expect(refusal != nil, "field \(field), byte \(index), bit \(bit)")
                }
            }
        }
    }

    @Test(arguments: [
        ("huiyika=(", "other=("), (";created=1000", ";created=01000"),
        (";created=1000", ";created=-1000"), (";created=1000", ";created=1e3"),
        (";created=1000", ";expires=2;created=1000"), ("GD0001-01/1", "GD0001-01/01"),
        ("GD0001-01/1", "GD0001-01"), ("GD0001-01/1", "GD0001-01/1/1"),
        ("GD0001-01/1", "GD0001-\u{FF10}1/1"), (";alg=\"ed25519\"", ";alg=\"hmac-sha256\""),
        (";alg=\"ed25519\"", ""), ("\"@method\" ", ""), (";nonce", "; nonce"),
        (";nonce", "\u{37E}nonce"), ("AAECAw", "AAECA"), ("huiyika=(", "huiyika=( "),
    ])
    func `another spelling of the parameters is malformed`(old: String, new: String) {
        let input = headers.signatureInput
        let changed = input.contains(old) ? input.replacing(old, with: new) : input + new
        // By bytes: to Swift, U+037E and a semicolon are equal texts.
        #expect(Array(changed.utf8) != Array(input.utf8))
        #expect(
            verify(
                SignatureHeaders(
                    contentDigest: headers.contentDigest, signatureInput: changed,
                    signature: headers.signature)) == .malformed)
    }

    @Test func `the codes and statuses are the protocol's, in its order`() {
        #expect(
            SignatureRefusal.allCases.map(\.code) == [
                "signature_missing", "signature_malformed", "unknown_key", "digest_mismatch",
                "signature_invalid", "clock", "nonce_seen", "till_revoked",
            ])
        #expect(
            SignatureRefusal.allCases.map(\.status) == [401, 401, 401, 401, 401, 401, 401, 403])
    }

    @Test func `a reply signature is of one nonce, status, body and key`() {
        let key = Samples.officeKey
        let value = ReplySignature.value(nonce: Samples.nonce, status: 200, body: body, key: key)
        func isValid(
            _ value: String?, nonce: RequestNonce = Samples.nonce, status: Int = 200,
            body: [UInt8]? = nil, keys: [NamedVerifyingKey] = [key.verifying]
        ) -> Bool {
            ReplySignature.isValid(
                value, nonce: nonce, status: status, body: body ?? self.body, keys: keys)
        }
        #expect(isValid(value))
        #expect(!isValid(nil))
        #expect(!isValid(""))
        #expect(!isValid(":"))
        #expect(!isValid(value + "="))
        #expect(!isValid(value, nonce: Samples.unwrap(RequestNonce(bytes: Array(1...16)))))
        #expect(!isValid(value, status: 201))
        #expect(!isValid(value, body: []))
        #expect(!isValid(value, keys: []))
        #expect(!isValid(value, keys: [.init(id: "office-2", key: key.key.verifyingKey)]))
        #expect(!isValid(value, keys: [.init(id: key.id, key: Samples.tillKey.verifyingKey)]))
    }

    @Test func `a beacon that is changed or made by another is none`() {
        let token = Samples.beacon.token
        let keys = [Samples.officeKey.verifying]
        for index in token.utf8.indices {
            var bytes = Array(token.utf8)
            bytes[token.utf8.distance(from: token.utf8.startIndex, to: index)] ^= 1
            #expect(Beacon(token: String(decoding: bytes, as: UTF8.self), keys: keys) == nil)
        }
        #expect(Beacon(token: token, keys: []) == nil)
        let other = NamedVerifyingKey(id: "office-1", key: Samples.tillKey.verifyingKey)
        #expect(Beacon(token: token, keys: [other]) == nil)
    }

    @Test func `the clock's offset is measured only over a short round trip`() {
        let issued = Samples.at
        func offset(sent: Int64, received: Int64) -> Int64? {
            Samples.beacon.offset(
                sent: issued.adding(milliseconds: sent),
                received: issued.adding(milliseconds: received))
        }
        #expect(offset(sent: -5_100, received: -4_900) == 5_000)
        #expect(offset(sent: 0, received: 1_999) == -999)
        #expect(offset(sent: 0, received: 2_000) == nil)
        #expect(offset(sent: 10, received: 9) == nil)
    }

    @Test func `key ids are read in one spelling only`() {
        #expect(KeyID("GD0001-01/1") == .till("GD0001-01", epoch: 1))
        #expect(KeyID("enrolment") == .enrolment)
        for text in ["", "/", "a/0", "a/-1", "a/+1", "a b/1", "a\"/1", "Enrolment", "a/1/", "é/1"] {
            #expect(KeyID(text) == nil, "\(text)")
        }
    }
}
