import Domain
import Journal
import PostgresDriver
import Testing

@testable import HeadOffice

struct ProgrammeTests {
    /// A PNG of one colour; every part can be made wrong.
    private struct Picture {
        var width = 320
        var height = 200
        var depth: UInt8 = 8
        var colourType: UInt8 = 2
        var interlace: UInt8 = 0
        var rows: Int?
        var filter: UInt8 = 0
        var extra: [(String, [UInt8])] = []
        var tail: [UInt8] = []

        var bytes: [UInt8] {
            var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            func word(_ number: Int) -> [UInt8] {
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
            }
            func chunk(_ type: String, _ data: [UInt8]) {
                let named = Array(type.utf8) + data
                file += word(data.count) + named + word(Int(Deflate.checksum(named)))
            }
            chunk(
                "IHDR", word(width) + word(height) + [depth, colourType, 0, 0, interlace])
            for (type, data) in extra { chunk(type, data) }
            let samples: [UInt8: Int] = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4]
            let row = [filter] + [UInt8](repeating: 7, count: width * (samples[colourType] ?? 3))
            let pixels = Array(repeatElement(row, count: rows ?? height).joined())
            chunk("IDAT", Deflate.deflate(pixels))
            chunk("IEND", [])
            return file + tail
        }
    }

    @Test func `a picture is written anew, without what else the file held`() throws {
        let comment = Array("Comment\0<script>".utf8)
        let upload = Picture(extra: [("tEXt", comment)]).bytes
        let picture = try FacePicture(upload: upload)
        #expect(picture.width == 320)
        #expect(picture.height == 200)
        #expect(!String(decoding: picture.bytes, as: UTF8.self).contains("script"))
        #expect(try FacePicture(upload: picture.bytes) == picture)
        let palette = Picture(colourType: 3, extra: [("PLTE", [UInt8](repeating: 9, count: 30))])
        #expect(try FacePicture(upload: palette.bytes).width == 320)
    }

    @Test func `what is no plain PNG is refused, whatever it calls itself`() {
        let good = Picture().bytes
        var damaged = good
        damaged[60] ^= 1
        let wrong: [[UInt8]] = [
            [], Array("GIF89a".utf8), Array("<svg xmlns='x'/>".utf8), Array(good.dropLast(5)),
            damaged, Picture(depth: 16).bytes, Picture(interlace: 1).bytes,
            Picture(filter: 9).bytes, Picture(rows: 199).bytes, Picture(colourType: 3).bytes,
            Picture(colourType: 5).bytes, Picture(tail: Array("MZ".utf8)).bytes,
            Picture(extra: [("ABCD", [1])]).bytes,
        ]
        for upload in wrong {
            #expect(throws: ProgrammesRefusal.pictureNotPNG) { try FacePicture(upload: upload) }
        }
    }

    @Test func `a decompression bomb and a giant are refused before they are unpacked`() {
        let large: [[UInt8]] = [
            Picture(width: 300, height: 300, rows: 300_000).bytes,
            Picture(width: 100_000, height: 300, rows: 1).bytes,
            Picture(width: 10, height: 10).bytes,
            [UInt8](repeating: 0x89, count: FacePicture.byteCountMax + 1),
        ]
        for upload in large {
            #expect(upload.count <= FacePicture.byteCountMax + 1)
            #expect(throws: ProgrammesRefusal.pictureTooLarge) {
                try FacePicture(upload: upload)
            }
        }
    }

    @Test func `a programme has its face, and another picture takes its place`() async throws {
        try await withDesk { world in
            let supervisor = try await world.actor("issuing-supervisor")
            for width in [320, 640] {
                try await world.programmes.setFace(
                    Picture(width: width).bytes, of: "GD", by: supervisor, at: world.now)
            }
            let issuer = try await world.actor("issuer")
            let listed = try await world.programmes.list(by: issuer)
            #expect(listed.map { $0.face?.width } == [640, nil])
            let bytes = try await world.programmes.face(of: "GD", by: issuer)
            let stored = try #require(bytes)
            #expect(try FacePicture(upload: stored).width == 640)
            await #expect(throws: ProgrammesRefusal.unknownProgramme) {
                try await world.programmes.setFace(
                    Picture().bytes, of: "ZZ", by: supervisor, at: world.now)
            }
        }
    }

    @Test func `all provinces of GB/T 2260 are there, each once`() {
        #expect(Province.all.count == 34)
        #expect(Set(Province.all.map(\.code)).count == 34)
        #expect(Province.all.map(\.code) == Province.all.map(\.code).sorted())
    }

    @Test func `a lowered limit still binds what a silent till may take`() async throws {
        try await withDesk { world in
            let supervisor = try await world.actor("issuing-supervisor")
            func change(perCard: Int64, bearer: Int64 = 100_000) async throws {
                try await world.programmes.change(
                    "JS",
                    to: Programmes.Changes(
                        name: "江苏慧医卡", faceColour: "#1d4ed8", faceTitle: "慧医卡",
                        perSaleLimit: Money(fen: 10_000), perCardLimit: Money(fen: perCard),
                        balanceMaximum: Money(fen: 500_000), bearerMaximum: Money(fen: bearer),
                        validityMonths: 36, isVerifiedOnly: false), by: supervisor, at: world.now)
            }
            try await world.programmes.setAcceptance(
                ["32", "44"], of: "JS", by: supervisor, at: world.now)
            let card = try await world.issueCard(
                number: "6232001234567890128", load: 60_000, programme: "JS")
            try await world.store.write { session in
                try session.execute("UPDATE till SET last_contact_at = \(world.now)")
            }
            world.office.time.move(milliseconds: 1_000)
            try await change(perCard: 10_000)
            try await world.cards.reportLost(card, reason: "丢失", by: supervisor, at: world.now)
            let heldBack = try await world.number(
                "SELECT sum(amount)::bigint AS n FROM card_hold_back")
            #expect(heldBack == 50_000)
            await #expect(throws: ProgrammesRefusal.limitsInvalid) {
                try await change(perCard: 10_000, bearer: 500_001)
            }
            await #expect(throws: ProgrammesRefusal.limitsInvalid) {
                try await change(perCard: 9_999)
            }
        }
    }
}
