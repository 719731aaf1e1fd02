import Hummingbird
import Testing
import WebSupport

@Suite struct BodyTests {
    private func request(_ body: RequestBody) -> Request {
        Request(
            head: HTTPRequest(method: .post, scheme: "http", authority: "localhost", path: "/"),
            body: body)
    }

    @Test func `a body that drips for ever is refused at its deadline`() async throws {
        let (stream, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        source.yield(ByteBuffer(string: "a"))
        let slow = request(RequestBody(asyncSequence: stream))
        await #expect(throws: RequestRefusal.bodyTooSlow) {
            _ = try await slow.wholeBody(.init(byteCountMax: 10, deadline: .milliseconds(20)))
        }
        source.finish()
    }

    @Test func `a body without an announced length is counted as it comes`() async throws {
        let (stream, source) = AsyncStream.makeStream(of: ByteBuffer.self)
        for _ in 0..<3 { source.yield(ByteBuffer(string: "abcd")) }
        source.finish()
        let limits = BodyLimits(byteCountMax: 11, deadline: .seconds(60))
        await #expect(throws: RequestRefusal.bodyTooLarge) {
            _ = try await request(RequestBody(asyncSequence: stream)).wholeBody(limits)
        }
        let fitting = request(RequestBody(buffer: ByteBuffer(string: "abcdefghijk")))
        #expect(try await fitting.wholeBody(limits).readableBytes == 11)
    }

    @Test func `form fields keep order, spaces and Chinese`() throws {
        let form = try FormFields(urlEncoded: "a=1+2&b=%E6%B1%89%0A&a=3&c&=x".utf8)
        #expect(form.all("a") == ["1 2", "3"])
        #expect(try form.require("b") == "汉\n")
        #expect(try form.optional("c") == "")
        #expect(try form.optional("d") == nil)
        #expect(form.names == ["a", "b", "c", ""])
        #expect(throws: RequestRefusal.fieldRepeated("a")) { try form.require("a") }
        #expect(throws: RequestRefusal.malformedBody) {
            try FormFields(
                urlEncoded: Array(repeating: "a=1", count: 1001).joined(separator: "&").utf8)
        }
    }
}
