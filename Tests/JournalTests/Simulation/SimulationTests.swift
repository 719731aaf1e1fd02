import Foundation
import Testing

@testable import Journal

/// The real sender and receiver in a seeded world. `SIM_SEED=n` runs one seed again.
struct SimulationTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["SIM_SEED"].flatMap { UInt64($0) }.map { [$0] }
        ?? Array(1...24)

    @Test(arguments: seeds)
    func `after the line heals, every record is at head office exactly once and in order`(
        seed: UInt64
    ) {
        let again = "again with SIM_SEED=\(seed)"
        var world = Simulation(seed: seed, tillCount: 4, saleCount: 60, troubleTime: 600_000)
        world.run()
        #expect(world.isSettled, "\(again)")
        #expect(world.faults == [], "\(again)")
        for (till, journal) in zip(world.tills, world.office.journals) {
            #expect(till.records.count == 60, "\(again)")
            // Compared before the macro, which would print both journals whole.
            let isSameJournal = journal.records == till.records && journal.heads == till.heads
            #expect(isSameJournal, "\(again)")
            #expect(till.sender.acknowledged == 60 && till.sender.unsentCount == 0, "\(again)")
            #expect(Set(till.verdicts.keys) == Set(1...60), "\(again)")
            #expect(till.restartCount == 3, "\(again)")
            #expect(till.items == Array(1...Int64(world.office.items.count)), "\(again)")
        }
        // A world without trouble would prove nothing.
        #expect(world.lossCount > 20 && world.doubleCount > 10, "\(again)")
    }

    @Test func `one seed is one run`() {
        func outcome(_ seed: UInt64) -> [Int64] {
            var world = Simulation(seed: seed, tillCount: 2, saleCount: 20, troubleTime: 100_000)
            world.run()
            return [world.now, Int64(world.flight), Int64(world.lossCount)]
        }
        #expect(outcome(7) == outcome(7))
        #expect(outcome(7) != outcome(8))
    }
}
