import Domain
import Foundation
import Testing

@testable import Journal

/// What earlier versions wrote must be read for ever, and what we write must stay what it was.
struct FrozenWireTests {
    @Test(arguments: Samples.messages.map(\.name))
    func `a frozen message is read and written again byte for byte`(name: String) throws {
        let sample = try #require(Samples.messages.first { $0.name == name })
        let frozen = try Frozen.bytes("\(name).json", fresh: sample.bytes)
        #expect(
            String(decoding: frozen, as: UTF8.self) == String(decoding: sample.bytes, as: UTF8.self)
        )
        #expect(try sample.again(frozen) == frozen)
    }

    @Test(arguments: (Samples.records + Samples.laterRecords).map(\.name))
    func `a frozen record is read, keeps its bytes and is made again byte for byte`(
        name: String
    ) throws {
        let sample = try #require(
            (Samples.records + Samples.laterRecords).first { $0.name == name }
        ).record
        let frozen = try Frozen.bytes("record-\(name).json", fresh: sample.bytes)
        let read = try Record(bytes: frozen)
        #expect(read == sample)
        #expect(read.bytes == frozen)
        let made = Record(at: read.at, id: read.id, offset: read.offset, body: read.body)
        #expect(made.bytes == frozen)
    }

    @Test func `the frozen chain has the same hashes`() throws {
        let genesis = Samples.chain.genesis(publicKey: Samples.tillKey.verifyingKey)
        let heads = Samples.chain.heads(
            after: genesis, appending: Samples.records.map(\.record.bytes))
        let text = ([genesis] + heads).map(\.query).joined(separator: "\n") + "\n"
        #expect(try Frozen.text("chain.txt", fresh: text) == text)
    }

    @Test func `a frozen request signature is made again and verifies`() throws {
        let body = Array("{\"frozen\":true}".utf8)
        let headers = RequestSignature.sign(
            method: "POST", url: Samples.url, body: body,
            keyID: .till(Samples.till, epoch: 1), created: 1_764_032_400, nonce: Samples.nonce,
            key: Samples.tillKey)
        let text = headers.fields.map { "\($0.name): \($0.value)\n" }.joined()
        #expect(try Frozen.text("request-signature.txt", fresh: text) == text)
        let read = try RequestSignature(
            contentDigest: headers.contentDigest, signatureInput: headers.signatureInput,
            signature: headers.signature)
        try read.authenticate(
            method: "POST", url: Samples.url, body: body, key: Samples.tillKey.verifyingKey)
        try read.admit(now: 1_764_032_400 + 300, isNonceSeen: false, isRevoked: false)
    }

    @Test func `a frozen reply signature is made again and verifies`() throws {
        let value = ReplySignature.value(
            nonce: Samples.nonce, status: 200, body: [1, 2, 3], key: Samples.officeKey)
        #expect(try Frozen.text("reply-signature.txt", fresh: value) == value)
        #expect(
            ReplySignature.isValid(
                value, nonce: Samples.nonce, status: 200, body: [1, 2, 3],
                keys: [Samples.officeKey.verifying]))
    }

    @Test func `a frozen beacon is made again and verifies`() throws {
        let frozen = try Frozen.text("beacon.txt", fresh: Samples.beacon.token)
        #expect(frozen == Samples.beacon.token)
        let read = try #require(Beacon(token: frozen, keys: [Samples.officeKey.verifying]))
        #expect(read == Samples.beacon)
    }

    /// Deflate may differ between zlib versions, so the frozen form is the bytes before it, beside one
    /// body that must be read for ever.
    @Test func `a frozen frame is read and laid out again byte for byte`() throws {
        let layout = BatchFrame.layout(
            header: Samples.frame.header.bytes, entries: Samples.frame.entries)
        #expect(try Frozen.bytes("frame.bin", fresh: layout) == layout)
        let body = try Frozen.bytes("frame.deflated.bin", fresh: Samples.frame.encoded())
        #expect(try BatchFrame(decoding: body) == Samples.frame)
    }

    @Test func `a frozen sealed credential opens for its payment and amount only`() throws {
        let content = SealedCredential.Content(
            number: Samples.number, password: Samples.password)
        let payment = Samples.id(3)
        let amount = Money(fen: 3_550)
        let sealed = try #require(
            SealedCredential.seal(
                content, payment: payment, amount: amount, to: Samples.openingKey.sealingKey))
        let frozen = try Frozen.text("sealed-credential.hex", fresh: Hex.text(sealed.bytes))
        for bytes in [sealed.bytes, try #require(Hex.bytes(frozen))] {
            let read = try #require(SealedCredential(bytes: bytes))
            #expect(
                try read.open(payment: payment, amount: amount, with: Samples.openingKey)
                    == content)
            #expect(throws: SealedCredential.Refusal.notAuthentic) {
                try read.open(
                    payment: Samples.id(4), amount: amount, with: Samples.openingKey)
            }
            #expect(throws: SealedCredential.Refusal.notAuthentic) {
                try read.open(
                    payment: payment, amount: Money(fen: 3_551), with: Samples.openingKey)
            }
        }
    }

    @Test func `a frozen fingerprint stays what it was`() throws {
        let text = Samples.fingerprint.text
        #expect(try Frozen.text("fingerprint.txt", fresh: text) == text)
    }
}
