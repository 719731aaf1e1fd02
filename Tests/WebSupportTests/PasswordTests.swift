import Foundation
import Testing

@testable import WebSupport

@Suite struct PasswordTests {
    private let cheap = StaffPassword.Cost(logRounds: 4, blockSize: 8, parallelism: 1)

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    // RFC 7914 §12, second and third vector.
    @Test func `scrypt gives the values of RFC 7914`() throws {
        let second = try StaffPassword.derive(
            "password", cost: .init(logRounds: 10, blockSize: 8, parallelism: 16),
            salt: Array("NaCl".utf8), byteCount: 64)
        #expect(
            hex(second) == "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
        let third = try StaffPassword.derive(
            "pleaseletmein", cost: .init(logRounds: 14, blockSize: 8, parallelism: 1),
            salt: Array("SodiumChloride".utf8), byteCount: 64)
        #expect(
            hex(third) == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")
    }

    @Test func `a password made is matched by itself only, and salted`() async throws {
        let worker = PasswordWorker(cost: cheap)
        let first = try await worker.make("正确的密码 8")
        let second = try await worker.make("正确的密码 8")
        #expect(first.text != second.text)
        #expect(first.text.hasPrefix("scrypt$ln=4,r=8,p=1$"))
        #expect(!first.text.contains("=" + "$") && !first.text.hasSuffix("="))
        let stored = try #require(StaffPassword(text: first.text))
        #expect(try await worker.matches("正确的密码 8", stored))
        #expect(try await !worker.matches("正确的密码 9", stored))
        #expect(try await !worker.matches("", stored))
        #expect(try await !worker.matches("正确的密码 8", nil))
        #expect(stored.isOutdated)
    }

    @Test func `the standard cost is what new passwords get`() async throws {
        let made = try await PasswordWorker().make("long enough")
        #expect(made.text.hasPrefix("scrypt$ln=17,r=8,p=1$"))
        #expect(!made.isOutdated)
    }

    @Test(arguments: [
        "", "scrypt", "scrypt$ln=17,r=8,p=1$$",
        "bcrypt$ln=17,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=24,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=18,r=16,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=0,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=-1,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=17,r=8$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=17,r=8,p=1$c2Fs$aGFzaGhhc2hoYXNoaGFzaA",
        "scrypt$ln=17,r=8,p=1$c2FsdHNhbHQ$aGFzaA$x",
    ])
    func `a stored text of another shape or cost out of bounds is refused`(text: String) {
        #expect(StaffPassword(text: text) == nil)
    }

    @Test func `more sign-ins at once than may wait are refused`() async throws {
        let worker = PasswordWorker(
            cost: .init(logRounds: 14, blockSize: 8, parallelism: 1), runningMax: 1, waitingMax: 2)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 {
                group.addTask { (try? await worker.make("long enough")) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(outcomes.contains(true))
        #expect(outcomes.contains(false))
        #expect(try await worker.make("long enough").text.isEmpty == false)
    }

    @Test func `password rules refuse in order`() {
        func refusal(_ password: String, _ login: String = "wangfang") -> StaffPasswordRefusal? {
            do throws(StaffPasswordRefusal) {
                try StaffPasswordRefusal.check(password, login: login)
                return nil
            } catch { return error }
        }
        #expect(refusal("1234567") == .tooShort)
        #expect(refusal("wangfa") == .tooShort)
        #expect(refusal(String(repeating: "ab", count: 101)) == .tooLong)
        #expect(refusal("WangFang") == .isLogin)
        #expect(refusal("wangfang1") == .isLogin)
        #expect(refusal("aaaaaaaaa") == .isOneCharacter)
        #expect(refusal("健康的药店二零二六") == nil)
    }
}
