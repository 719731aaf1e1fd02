import Domain
import Testing

@Suite struct IdentityTests {
    @Test func `the example of RFC 9562 is read and written`() throws {
        // Appendix A.6: 2022-02-22T14:22:22-05:00.
        let text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
        let id = try #require(RecordID(text))
        #expect(id.description == text)
        #expect(RecordID(text.uppercased()) == id)
        #expect(id.version == 7)
        #expect(id.time == Instant(milliseconds: 1_645_557_742_000))
        #expect(RecordID(bytes: id.bytes) == id)
        #expect(id.bytes.count == 16)
        let again = RecordID.version7(
            at: id.time, random: (0xCC3, 0x18C4_DC0C_0C07_398F))
        #expect(again == id)
    }

    @Test(arguments: [
        "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e279b07cc398c4dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
        "0-17f22e279b0-7cc3-98c4-dc0c0c07398f", " 17f22e2-79b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c0739８",
    ])
    func `another shape is not an id`(text: String) {
        #expect(RecordID(text) == nil)
    }

    @Test func `other than sixteen bytes are not an id`() {
        #expect(RecordID(bytes: [UInt8](repeating: 0, count: 15)) == nil)
        #expect(RecordID(bytes: [UInt8](repeating: 0, count: 17)) == nil)
    }

    @Test func `version 7 ids keep their time, version and variant, and sort by time`() {
        var random = Splitmix(seed: 3)
        var previous: RecordID?
        for step in 0..<1_000 {
            let time = Fixture.noon.adding(milliseconds: Int64(step))
            let id = RecordID.version7(at: time, random: (random.next(), random.next()))
            #expect(id.version == 7)
            #expect(id.low >> 62 == 0b10)
            #expect(id.time == time)
            #expect(RecordID(id.description) == id)
            if let previous {
                #expect(previous < id)
                #expect(previous.description < id.description)
            }
            previous = id
        }
    }

    @Test func `times that do not fit take the nearest`() {
        let early = RecordID.version7(at: Instant(milliseconds: -1), random: (0, 0))
        #expect(early.time == Instant(milliseconds: 0))
        let late = RecordID.version7(at: Instant(milliseconds: .max), random: (0, 0))
        #expect(late.time == Instant(milliseconds: 0xFFFF_FFFF_FFFF))
        #expect(late.version == 7)
    }
}
