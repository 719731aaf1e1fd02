import Domain
import Testing

@testable import Journal

struct BatchFrameTests {
    private func refusal(_ body: [UInt8], bounds: BatchBounds = .accepted) -> BatchRefusal? {
        do {
            _ = try BatchFrame(decoding: body, bounds: bounds)
            return nil
        } catch { return error }
    }

    /// A body from the sample with its header and entries changed, honest or not.
    private func body(
        _ change: (inout BatchHeader, inout [BatchEntry]) -> Void, trailing: [UInt8] = []
    ) -> [UInt8] {
        var header = Samples.frame.header
        var entries = Samples.frame.entries
        change(&header, &entries)
        return Deflate.deflate(
            BatchFrame.layout(header: header.bytes, entries: entries) + trailing)
    }

    @Test func `a frame comes back as it was sent`() throws {
        #expect(try BatchFrame(decoding: Samples.frame.encoded()) == Samples.frame)
    }

    @Test func `a frame that does not count or chain is unreadable`() {
        let changes: [(inout BatchHeader, inout [BatchEntry]) -> Void] = [
            { header, _ in header.count += 1 },
            { header, _ in header.count -= 1 },
            { header, _ in header.count = 0 },
            { header, _ in header.first += 1 },
            { header, _ in header.epoch = 0 },
            { header, _ in header.till = "GD0001-02" },
            { header, _ in header.till = "" },
            { header, _ in header.previous = Samples.hash },
            { header, _ in header.head = Samples.hash },
            { header, _ in header.tillHead = JournalHead(sequence: 1, hash: Samples.hash) },
            { header, _ in
                header.tillHead = JournalHead(
                    sequence: header.tillHead.sequence, hash: Samples.hash)
            },
            { _, entries in entries[2].record[5] ^= 1 },
            { _, entries in entries.swapAt(0, 1) },
            { _, entries in entries.removeFirst() },
        ]
        for (index, change) in changes.enumerated() {
            #expect(refusal(body(change)) == .unreadableFrame, "change \(index)")
        }
        #expect(refusal(body({ _, _ in }, trailing: [0])) == .unreadableFrame)
    }

    @Test func `a frame cut short or followed by anything is unreadable at every byte`() {
        let whole = Samples.frame.encoded()
        for count in 0..<whole.count {
            #expect(refusal(Array(whole[..<count])) == .unreadableFrame)
        }
        #expect(refusal(whole + [0]) == .unreadableFrame)
        #expect(refusal(whole + whole) == .unreadableFrame)
        let layout = BatchFrame.layout(
            header: Samples.frame.header.bytes, entries: Samples.frame.entries)
        for count in stride(from: 0, to: layout.count, by: 7) {
            #expect(refusal(Deflate.deflate(Array(layout[..<count]))) == .unreadableFrame)
        }
        #expect(refusal(Array("<html>sign in</html>".utf8)) == .unreadableFrame)
    }

    @Test func `no frame with a flipped bit is taken for another`() {
        let whole = Samples.frame.encoded()
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 0x10
            if let frame = try? BatchFrame(decoding: changed) {
                #expect(frame == Samples.frame, "byte \(index)")
            }
        }
    }

    @Test func `lengths that lie do not make room`() {
        for length: UInt32 in [.max, 0x7FFF_FFFF, 9 << 20] {
            var bytes: [UInt8] = []
            bytes.appendBigEndian(length)
            #expect(refusal(Deflate.deflate(bytes)) == .unreadableFrame)
        }
    }

    @Test func `a bomb is refused as too large before it is held`() {
        // 64 MiB of zeros deflate to about 64 KiB; head office takes 8 MiB.
        let bomb = Deflate.deflate([UInt8](repeating: 0, count: 64 << 20))
        #expect(bomb.count < 100_000)
        #expect(refusal(bomb) == .tooLarge)
        #expect(
            refusal(
                Samples.frame.encoded(), bounds: .init(recordCountMax: 8, byteCountMax: 1 << 20))
                == .tooLarge)
        #expect(
            refusal(
                Samples.frame.encoded(), bounds: .init(recordCountMax: 9, byteCountMax: 1 << 20))
                == nil)
    }

    @Test func `another version is refused before its fields are looked at`() {
        let header = Array(#"{"version":2,"something":"else"}"#.utf8)
        #expect(
            refusal(Deflate.deflate(BatchFrame.layout(header: header, entries: []))) == .version)
        let older = Array(#"{"version":0}"#.utf8)
        #expect(refusal(Deflate.deflate(BatchFrame.layout(header: older, entries: []))) == .version)
        let none = Array(#"{"versions":1}"#.utf8)
        #expect(
            refusal(Deflate.deflate(BatchFrame.layout(header: none, entries: [])))
                == .unreadableFrame)
        let missing = Array(#"{"version":1}"#.utf8)
        #expect(
            refusal(Deflate.deflate(BatchFrame.layout(header: missing, entries: [])))
                == .unreadableFrame)
    }

    @Test func `a record that is no record does not spoil its batch`() throws {
        let genesis = Samples.chain.genesis(publicKey: Samples.tillKey.verifyingKey)
        let entries = [BatchEntry(record: [0xFF, 0, 1]), BatchEntry(record: [])]
        let heads = Samples.chain.heads(after: genesis, appending: entries.map(\.record))
        let frame = BatchFrame(
            batch: Samples.id(1), chain: Samples.chain, after: genesis, entries: entries,
            tillHead: heads[1], status: Samples.status)
        #expect(try BatchFrame(decoding: frame.encoded()).entries == entries)
    }

    @Test func `every refusal survives its way over the wire`() {
        for refusal in BatchRefusal.samples {
            #expect(BatchRefusal(status: refusal.status, body: refusal.body) == refusal)
            #expect(BatchRefusal(status: 200, body: refusal.body) == nil)
        }
        #expect(BatchRefusal(status: 409, body: WireError(code: "gap", message: "")) == nil)
        #expect(BatchRefusal(status: 400, body: WireError(code: "news", message: "")) == nil)
    }

    @Test func `a reply answers only its own batch, record for record`() {
        let frame = Samples.frame
        let verdicts = (frame.header.first...frame.last).map {
            RecordVerdict(
                businessTime: Samples.at, code: nil, id: nil, sequence: $0, state: .posted)
        }
        let reply = BatchReply(
            batch: frame.header.batch, beacon: "", durable: frame.header.tillHead,
            verdicts: verdicts)
        #expect(reply.answers(frame))
        for change: (inout BatchReply) -> Void in [
            { $0.batch = Samples.id(7) }, { $0.verdicts.removeLast() }, { $0.verdicts = [] },
            { $0.verdicts.swapAt(0, 1) },
            { $0.durable = JournalHead(sequence: 3, hash: Samples.hash) },
        ] {
            var changed = reply
            change(&changed)
            #expect(!changed.answers(frame))
        }
    }

    @Test func `a pull carries the till's word about itself, and none that is not one`() throws {
        let status = TillStatus(
            clockOffset: nil, oldestUnsent: nil,
            printers: (1...20).map {
                .init(name: "前台 \($0)", slip: "sale", state: "ready", waiting: 0)
            }, unsentCount: 0, unsentValue: .zero, version: "1.0.0")
        #expect(status.printers?.count == TillStatus.printerCountMax)
        let pull = ChangesRequest(
            after: .start, waitSeconds: 25, head: Samples.frame.header.tillHead, status: status)
        let query = Dictionary(
            uniqueKeysWithValues: pull.pathAndQuery.drop { $0 != "?" }.dropFirst()
                .split(separator: "&").map { part in
                    let pair = part.split(separator: "=", maxSplits: 1)
                    return (String(pair[0]), pair.count > 1 ? String(pair[1]) : "")
                })
        func read(_ text: String?) -> ChangesRequest? {
            ChangesRequest(
                after: query["after"], wait: query["wait"], head: query["head"], status: text)
        }
        #expect(read(query["status"]) == pull)
        for text in [nil, "", "e30", "!", String(repeating: "A", count: 70)] {
            #expect(read(text)?.head == pull.head && read(text)?.status == nil)
        }
    }
}
