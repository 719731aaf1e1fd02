import Domain
import Testing

@Suite struct PasswordLockTests {
    static let today = Fixture.date("2026-11-25")

    static func wrong(_ count: Int, from lock: PasswordLock = .unused) -> PasswordLock {
        (0..<count).reduce(lock) { lock, _ in lock.registering(right: false, on: today) }
    }

    @Test func `five wrong tries lock for the business day and the next day opens`() {
        #expect((0...6).map { Self.wrong($0).triesLeft(on: Self.today) } == [5, 4, 3, 2, 1, 0, 0])
        let locked = Self.wrong(5)
        #expect(locked.isLocked(on: Self.today))
        #expect(!locked.isLocked(on: Self.today.next))
        #expect(locked.triesLeft(on: Self.today.next) == 5)
    }

    @Test func `a locked card judges nothing, right or wrong`() {
        let locked = Self.wrong(5)
        #expect(locked.registering(right: true, on: Self.today) == locked)
        #expect(locked.registering(right: false, on: Self.today) == locked)
    }

    @Test func `a right password between wrong ones does not give back the day's tries`() {
        let lock = Self.wrong(4).registering(right: true, on: Self.today)
        #expect(lock.triesLeft(on: Self.today) == 1)
        #expect(lock.wrongInRow == 0)
        #expect(Self.wrong(1, from: lock).isLocked(on: Self.today))
    }

    @Test func `fifteen wrong in a row lock until head office resets`() {
        var lock = PasswordLock.unused
        var day = Self.today
        for _ in 0..<3 {
            for _ in 0..<5 { lock = lock.registering(right: false, on: day) }
            day = day.next
        }
        #expect(lock.needsReset)
        #expect(lock.isLocked(on: day))
        #expect(lock.registering(right: true, on: day) == lock)
    }

    @Test func `a clock that goes back opens nothing`() {
        let locked = Self.wrong(5)
        #expect(locked.isLocked(on: Self.today.previous))
        let nearly = Self.wrong(4).registering(right: false, on: Self.today.previous)
        #expect(nearly.isLocked(on: Self.today))
    }
}
