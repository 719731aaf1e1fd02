// What a broken or hostile till can send, at head office's sync port.

import Domain
import HTTPTransport
import PostgresDriver
import Testing

@testable import Journal
@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct HostileTillTests {
        @MainActor private func rows(_ world: World, of till: SimulatedTill) async throws -> Int64 {
            let code = till.grant?.till ?? ""
            return try await world.witness.number(
                """
                SELECT count(*) AS n FROM journal_record JOIN till USING (till_id)
                WHERE till.code = \(code)
                """)
        }

        @MainActor private func labCard(_ world: World) throws -> (DemoCard, LabCard) {
            let card = try world.takeCard()
            return (
                card, try LabCard(number: card.number, password: card.password, programme: "GD")
            )
        }

        @Test @MainActor
        func `a request that is not proved to be the till's is refused and stores nothing`()
            async throws
        {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (demo, card) = try labCard(world)
            let frame = try till.frame(
                [try till.sale(on: card, amount: Money(fen: 100))], after: till.head)
            let body = frame.encoded()
            let stranger = try SimulatedTill(base: "", transport: world.sync).key

            let forged = try await till.send(till.batchRequest(body: body, signedBy: stranger))
            #expect(forged.status == 401)
            #expect(forged.code == "signature_invalid")
            var request = try till.batchRequest(body: body)
            request.body[request.body.count - 1] ^= 1
            let changed = try await till.send(request)
            #expect([changed.code, "\(changed.status)"] == ["digest_mismatch", "401"])
            let unknown = try await till.send(
                "POST", "/sync/v1/batches", body: body, keyID: .till("GD0001-99", epoch: 1))
            #expect([unknown.code, "\(unknown.status)"] == ["unknown_key", "401"])
            let unsigned = try await till.send(
                HTTPRequest(method: "POST", url: request.url, body: body))
            #expect([unsigned.code, "\(unsigned.status)"] == ["signature_missing", "401"])
            for off in [600, -600] as [Int64] {
                let late = try await till.send(till.batchRequest(body: body, secondsOff: off))
                #expect([late.code, "\(late.status)"] == ["clock", "401"])
                #expect(late.refusal?.beacon?.isEmpty == false)
                #expect(late.header(ReplySignature.headerName) != nil)
            }
            #expect(try await rows(world, of: till) == 0)

            let honest = try till.batchRequest(body: body)
            #expect(try await till.send(honest).status == 200)
            let replayed = try await till.send(honest)
            #expect([replayed.code, "\(replayed.status)"] == ["nonce_seen", "401"])
            #expect(try await rows(world, of: till) == 1)
            #expect(try await world.balance(of: demo) == 9_900)
            try world.verifyLedger()
        }

        @Test @MainActor func `a revoked till is turned away, and what it still delivers waits`()
            async throws
        {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (demo, card) = try labCard(world)
            let entries = try (1...2).map { _ in try till.sale(on: card, amount: Money(fen: 100)) }
            #expect(try await till.push(till.frame([entries[0]])).status == 200)
            let code = till.grant?.till ?? ""
            _ = try await world.clerk("admin").call("POST", "/tills/\(code)/revoke")
            // Its journal is taken (S-7), its sale moves nothing.
            #expect(try await till.push(till.frame([entries[1]])).status == 200)
            #expect(try await rows(world, of: till) == 2)
            #expect(try await world.balance(of: demo) == 9_900)
        }

        @Test @MainActor func `a broken chain, a gap and a fork are told apart`() async throws {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (demo, card) = try labCard(world)
            let entries = try (1...4).map { _ in try till.sale(on: card, amount: Money(fen: 100)) }
            let start = till.head
            #expect(try await till.push(till.frame(Array(entries[0...1]))).status == 200)

            let gap = try till.frame(
                [entries[3]],
                after: JournalHead(sequence: 5, hash: RecordHash(of: Array("elsewhere".utf8))))
            let wanted = try await till.push(gap)
            #expect([wanted.code, "\(wanted.status)"] == ["gap", "409"])
            #expect(wanted.refusal?.wanted == 3)

            // Two records in the wrong order: the header's head is not what they chain to.
            let right = try till.frame([entries[2], entries[3]], after: till.head)
            let broken = Deflate.deflate(
                BatchFrame.layout(header: right.header.bytes, entries: [entries[3], entries[2]]))
            let chained = try await till.push(body: broken)
            #expect([chained.code, "\(chained.status)"] == ["unreadable_frame", "422"])
            #expect(try await till.push(till.frame([entries[2]])).status == 200)
            #expect(try await rows(world, of: till) == 3)

            let fork = try await till.push(till.frame([entries[3]], after: start))
            #expect([fork.code, "\(fork.status)"] == ["fork", "409"])
            #expect(try await rows(world, of: till) == 3)
            #expect(try await world.balance(of: demo) == 9_700)
            try world.verifyLedger()
        }

        @Test @MainActor func `too much, too little and a bomb are refused without being taken in`()
            async throws
        {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (_, card) = try labCard(world)
            let sale = try till.sale(on: card, amount: Money(fen: 100))
            let body = try till.frame([sale], after: till.head).encoded()
            let bomb = Deflate.deflate([UInt8](repeating: 0, count: 200 << 20))
            #expect(bomb.count < 1 << 20)
            let many = try till.frame(
                (0..<2_001).map { _ in till.entry("{}") }, after: till.head)
            var later = till.head
            later = JournalHead(sequence: later.sequence, hash: later.hash)
            let frame = try till.frame([sale], after: later)
            func versioned(_ version: Int) -> [UInt8] {
                var header = frame.header
                header.version = version
                return Deflate.deflate(
                    BatchFrame.layout(header: header.bytes, entries: frame.entries))
            }
            for (name, bytes, code, status) in [
                ("bomb", bomb, "too_large", 413), ("records", many.encoded(), "too_large", 413),
                ("cut", Array(body.dropLast(20)), "unreadable_frame", 422),
                ("nothing", [], "unreadable_frame", 422),
                ("tail", body + [0], "unreadable_frame", 422),
                ("noise", Array("hello".utf8), "unreadable_frame", 422),
                ("older", versioned(0), "version", 426), ("newer", versioned(2), "version", 426),
            ] {
                let answer = try await till.push(body: bytes)
                #expect(answer.code == code, "\(name)")
                #expect(answer.status == status, "\(name)")
            }
            for path in ["authorisations", "enrolments"] {
                let key: KeyID =
                    path == "enrolments" ? .enrolment : .till(till.grant?.till ?? "", epoch: 1)
                let answer = try await till.send(
                    "POST", "/sync/v1/" + path, body: Array("{}".utf8), keyID: key)
                #expect([answer.code, "\(answer.status)"] == ["unreadable_request", "422"])
            }
            let big = [UInt8](repeating: 7, count: (8 << 20) + 1)
            let answer = try? await till.push(body: big)
            #expect(answer == nil || answer?.code == "too_large")
            #expect(try await rows(world, of: till) == 0)
            #expect(try await till.push(body: body).status == 200)
        }

        @Test @MainActor func `a record that cannot be acted on is kept and holds up no other`()
            async throws
        {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (demo, card) = try labCard(world)
            let plain = try till.sale(on: card, amount: Money(fen: 100))
            let extra = try till.adding(
                "loyalty", .text("gold"), to: till.sale(on: card, amount: Money(fen: 200)))
            let id = LabClock.recordID(at: LabClock.now())
            let at = LabClock.now().milliseconds
            let unknown = till.entry(
                #"{"at":\#(at),"body":{},"id":"\#(id)","kind":"drawer.opened","offset":0,"v":1}"#)
            // The first sale's id with another amount.
            guard case .object(var record) = try JSONValue(parsing: extra.record),
                case .object(let first) = try JSONValue(parsing: plain.record)
            else { throw LabError("no records") }
            record["id"] = first["id"]
            let twin = BatchEntry(
                record: JSONValue.object(record).canonicalBytes, credential: extra.credential)
            let frame = try till.frame([plain, unknown, extra, twin])
            let answer = try await till.push(frame)
            #expect(answer.status == 200)
            #expect(
                answer.verdicts.map(\.text) == [
                    "posted", "exception:unknown_kind", "posted",
                    "exception:same_id_different_content",
                ])
            #expect(try await rows(world, of: till) == 4)
            #expect(try await world.balance(of: demo) == 9_700)
            let again = try await till.push(frame)
            #expect(again.verdicts == answer.verdicts)
            #expect(try await world.balance(of: demo) == 9_700)
            try world.verifyLedger()
        }

        @Test @MainActor
        func `a sale of a payment cancelled before is an exception and takes nothing`()
            async throws
        {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (demo, card) = try labCard(world)
            let sale = try till.sale(on: card, amount: Money(fen: 100))
            let record = try Record(bytes: sale.record)
            let cancelled = Record(
                at: LabClock.now(), id: LabClock.recordID(at: LabClock.now()), offset: 0,
                body: .paymentCancelled(
                    .init(payment: record.id, reason: .cashier, by: "cashier1")))
            let next = try till.sale(on: card, amount: Money(fen: 300))
            let answer = try await till.push(
                till.frame([BatchEntry(record: cancelled.bytes), sale, next]))
            #expect(
                answer.verdicts.map(\.text)
                    == ["posted", "exception:payment_cancelled", "posted"])
            #expect(try await world.balance(of: demo) == 9_700)
            try world.verifyLedger()
        }

        @Test @MainActor func `twenty authorisations at once leave one hold`() async throws {
            let world = try await World.shared()
            let till = try await world.simulatedTill()
            let (_, card) = try labCard(world)
            // ¥60.00 of ¥100.00: a second hold would not be covered.
            let requests = try (0..<20).map { _ in
                try till.authorisation(
                    of: LabClock.recordID(at: LabClock.now()), on: card, amount: Money(fen: 6_000))
            }
            let sync = world.sync
            let answers = try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                for request in requests { group.addTask { try await sync.send(request) } }
                var answers: [HTTPResponse] = []
                while let answer = try await group.next() { answers.append(answer) }
                return answers
            }
            let replies = try answers.map {
                try AuthorisationReply(wire: JSONValue(parsing: $0.body), at: "reply")
            }
            #expect(replies.count { $0.result == .approved } == 1)
            #expect(replies.count { $0.code == "insufficient_balance" } == 19)
            let fingerprint = till.grant?.fingerprintKey.fingerprint(of: card.number).text ?? ""
            let holds = try await world.witness.number(
                """
                SELECT count(*) AS n FROM payment
                WHERE state = 'held' AND encode(fingerprint, 'hex') = \(fingerprint)
                """)
            #expect(holds == 1)
            try world.verifyLedger()
        }
    }
}
