import Foundation
import Testing
import WebSupport

@Suite struct ThrottleTests {
    private let start = WebTime(milliseconds: 1_000_000)
    private let rule = Throttle.Rule(attemptCountMax: 5, window: .seconds(900), lock: .seconds(600))

    @Test func `five attempts lock an account, whatever the case of its letters`() {
        var throttle = Throttle(perAccount: rule)
        for _ in 0..<5 {
            #expect(throttle.attempt(account: "Wang", address: "::1", at: start) == .check)
        }
        let later = start.adding(.seconds(1))
        #expect(throttle.attempt(account: "wang", address: "::2", at: later) == .wait(seconds: 599))
        #expect(throttle.attempt(account: "li", address: "::1", at: later) == .check)
        let after = start.adding(.seconds(600))
        #expect(throttle.attempt(account: "wang", address: "::1", at: after) == .check)
    }

    @Test func `a right password forgets the attempts before it`() {
        var throttle = Throttle(perAccount: rule)
        for _ in 0..<20 {
            for _ in 0..<4 {
                #expect(throttle.attempt(account: "w", address: "", at: start) == .check)
            }
            throttle.succeeded(account: "w", address: "")
            for _ in 0..<3 { throttle.succeeded(account: "w", address: "") }
        }
    }

    @Test func `guesses at many accounts lock the address`() {
        var throttle = Throttle(perAddress: rule)
        for number in 0..<5 {
            #expect(throttle.attempt(account: "a\(number)", address: "x", at: start) == .check)
        }
        #expect(throttle.attempt(account: "b", address: "x", at: start) == .wait(seconds: 600))
        #expect(throttle.attempt(account: "b", address: "y", at: start) == .check)
    }

    @Test func `attempts long ago are forgotten and an unlocked account may try again`() {
        var throttle = Throttle(perAccount: rule)
        for _ in 0..<4 { _ = throttle.attempt(account: "w", address: "", at: start) }
        let later = start.adding(.seconds(900))
        for _ in 0..<5 {
            #expect(throttle.attempt(account: "w", address: "", at: later) == .check)
        }
        #expect(throttle.attempt(account: "w", address: "", at: later) != .check)
        throttle.unlock(account: "W")
        #expect(throttle.attempt(account: "w", address: "", at: later) == .check)
    }

    @Test func `the table is bounded and a flood does not lift a lock`() {
        var throttle = Throttle(perAccount: rule, entryCountMax: 100)
        for _ in 0..<5 { _ = throttle.attempt(account: "w", address: "me", at: start) }
        for number in 0..<1000 {
            let time = start.adding(.milliseconds(number))
            _ = throttle.attempt(account: "x\(number)", address: "y\(number)", at: time)
        }
        #expect(throttle.entryCount <= 100)
        let later = start.adding(.seconds(2))
        #expect(throttle.attempt(account: "w", address: "z", at: later) == .wait(seconds: 598))
    }

    @Test func `a lock survives being stored`() throws {
        var throttle = Throttle(perAccount: rule)
        for _ in 0..<5 { _ = throttle.attempt(account: "w", address: "", at: start) }
        var restored = try JSONDecoder().decode(
            Throttle.self, from: try JSONEncoder().encode(throttle))
        #expect(restored.attempt(account: "w", address: "", at: start) == .wait(seconds: 600))
    }
}
