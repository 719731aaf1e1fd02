import Domain
import Testing

@Suite struct BusinessTimeTests {
    static let minute: Int64 = 60_000
    static let noon = Fixture.noon

    struct Case: Sendable {
        let name: String
        let at: Int64
        let offset: Int64?
        let previousAt: Int64?
        let beacon: Int64?
        let received: Int64
        let expected: Int64
        let flags: Set<BusinessTime.Flag>
    }

    // All times in minutes from noon.
    @Test(arguments: [
        Case(
            name: "a good clock", at: 0, offset: 0, previousAt: -1, beacon: -5, received: 1,
            expected: 0, flags: []),
        Case(
            name: "never measured", at: 0, offset: nil, previousAt: nil, beacon: nil, received: 1,
            expected: 0, flags: []),
        Case(
            name: "five minutes off is corrected", at: -5, offset: 5, previousAt: -6, beacon: -5,
            received: 1, expected: 0, flags: []),
        Case(
            name: "six minutes off is flagged", at: -6, offset: 6, previousAt: -7, beacon: -5,
            received: 1, expected: 0, flags: [.clockOff]),
        Case(
            name: "six minutes ahead is flagged", at: 6, offset: -6, previousAt: 5, beacon: -5,
            received: 1, expected: 0, flags: [.clockOff]),
        Case(
            name: "before the last beacon", at: -60, offset: 0, previousAt: -61, beacon: -5,
            received: 1, expected: -5, flags: [.broughtInside]),
        Case(
            name: "after receipt", at: 60, offset: 0, previousAt: 59, beacon: -5, received: 1,
            expected: 1, flags: [.broughtInside]),
        Case(
            name: "stepped back", at: -60, offset: 60, previousAt: 0, beacon: -5, received: 1,
            expected: 0, flags: [.clockStepped, .clockOff]),
        Case(
            name: "head office's clock went back", at: 0, offset: 0, previousAt: -1, beacon: 10,
            received: 1, expected: 1, flags: [.broughtInside]),
    ])
    func `business time is the corrected time brought inside what can be`(row: Case) {
        func time(_ minutes: Int64) -> Instant {
            Self.noon.adding(milliseconds: minutes * Self.minute)
        }
        let fixed = BusinessTime(
            at: time(row.at), offset: row.offset.map { $0 * Self.minute },
            previousAt: row.previousAt.map(time), lastBeacon: row.beacon.map(time),
            received: time(row.received))
        #expect(fixed.instant == time(row.expected), "\(row.name)")
        #expect(fixed.flags == row.flags, "\(row.name)")
    }

    @Test func `what measuring explains is corrected without a flag`() {
        let fixed = BusinessTime(
            at: Self.noon.adding(milliseconds: 2_000), offset: 0, previousAt: nil,
            lastBeacon: nil, received: Self.noon)
        #expect(fixed.instant == Self.noon)
        #expect(fixed.flags.isEmpty)
        let later = BusinessTime(
            at: Self.noon.adding(milliseconds: 2_001), offset: 0, previousAt: nil,
            lastBeacon: nil, received: Self.noon)
        #expect(later.flags == [.broughtInside])
    }

    @Test func `an absurd clock neither traps nor escapes the window`() {
        let extremes = [Int64.min, 0, .max]
        for (at, offset) in extremes.flatMap({ at in extremes.map { (at, $0) } }) {
            let fixed = BusinessTime(
                at: Instant(milliseconds: at), offset: offset,
                previousAt: Instant(milliseconds: ~at), lastBeacon: Self.noon,
                received: Self.noon.adding(milliseconds: 5))
            #expect(fixed.instant >= Self.noon)
            #expect(fixed.instant <= Self.noon.adding(milliseconds: 5))
        }
    }

    @Test func `a record corrected into the next month belongs to the next month`() {
        let end = Fixture.month("2026-11").end
        let fixed = BusinessTime(
            at: end.adding(milliseconds: -1), offset: 1, previousAt: nil, lastBeacon: nil,
            received: end.adding(milliseconds: 500))
        #expect(fixed.date == Fixture.date("2026-12-01"))
    }

    @Test func `a head stored before the deadline proves what lies at or below it`() {
        #expect(
            TimeEvidence(sequence: 7, headBeforeDeadline: 7, wasBroughtInside: true) == .proved)
        #expect(
            TimeEvidence(sequence: 8, headBeforeDeadline: 7, wasBroughtInside: false) == .claimed)
        #expect(
            TimeEvidence(sequence: 8, headBeforeDeadline: nil, wasBroughtInside: true)
                == .contradicted)
    }
}
