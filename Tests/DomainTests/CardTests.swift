import Domain
import Testing

@Suite struct CardTests {
    @Test(arguments: [
        ("6160201501010002", "6160201501010002"), ("6160 2015 0101 0002", "6160201501010002"),
        ("　６１６０２０１５０１０１０００２ ", "6160201501010002"),
        ("6160\u{A0}2015\t0101 0002", "6160201501010002"),
        ("8086001234567890123", "8086001234567890123"),
    ])
    func `a number is read after its one clean-up`(entered: String, text: String) throws {
        #expect(try CardNumber(entered).text == text)
    }

    @Test(arguments: [
        ("", CardRefusal.numberEmpty), ("  　", .numberEmpty),
        ("6160-2015-0101-0002", .numberNotDigits), ("616020150101000X", .numberNotDigits),
        ("abc", .numberNotDigits), ("٦١٦٠٢٠١٥٠١٠١٠٠٠٢", .numberNotDigits),
        ("616020150101000", .numberLength), ("61602015010100020000", .numberLength),
        ("6160201501010002'--", .numberNotDigits),
    ])
    func `a number is refused for the first rule it breaks`(
        entered: String, expected: CardRefusal
    ) {
        #expect(
            Fixture.refusal { () throws(CardRefusal) in _ = try CardNumber(entered) } == expected)
    }

    @Test func `a number shows only its mask however it is printed`() throws {
        let number = try CardNumber("6160201501010002")
        #expect(number.masked == "6160 **** **** 0002")
        #expect(try CardNumber("8086001234567890123").masked == "8086 **** **** 0123")
        var dumped = ""
        dump(number, to: &dumped)
        for text in ["\(number)", String(reflecting: number), dumped, "\([number])"] {
            #expect(!text.contains("2015"), "\(text)")
        }
    }

    @Test func `a password shows nothing however it is printed`() throws {
        let password = try CardPassword("１23456")
        #expect(password.digits == "123456")
        var dumped = ""
        dump(password, to: &dumped)
        for text in ["\(password)", String(reflecting: password), dumped, "\([password])"] {
            #expect(!text.contains("1"), "\(text)")
            #expect(!text.contains("456"), "\(text)")
        }
    }

    @Test(arguments: ["", "12345", "1234567", "12345a", "12 456", "١٢٣٤٥٦", "-12345", "12345\n"])
    func `a password is exactly six digits`(entered: String) {
        #expect(throws: CardRefusal.passwordNotSixDigits) { try CardPassword(entered) }
    }

    @Test(arguments: [
        "", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef0",
        "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdeg",
    ])
    func `a fingerprint is 32 lower-case hexadecimal digits`(text: String) {
        #expect(throws: CardRefusal.fingerprintMalformed) { try CardFingerprint(text) }
    }

    @Test(arguments: [
        ("6160201501010002", "6160", true), ("6160201502290001", "6160", false),
        ("6160201602290001", "6160", true), ("6160201513010001", "6160", false),
        ("6160201501010002", "6161", false), ("61602015010100021", "6160", false),
        ("6160201501010002", "616020", false), ("6160201501010002", "", false),
    ])
    func `dated16 needs its prefix and a day that exists`(
        number: String, prefix: String, expected: Bool
    ) throws {
        #expect(NumberScheme.dated16.accepts(try CardNumber(number), prefix: prefix) == expected)
    }

    @Test func `luhn19 notices every single wrong digit`() throws {
        var random = Splitmix(seed: 4)
        for _ in 0..<50 {
            let number = try NumberScheme.luhn19(prefix: "808600", random: random.next())
            #expect(number.text.count == 19)
            #expect(NumberScheme.luhn19.accepts(number, prefix: "808600"))
            for index in 6..<19 {
                var digits = Array(number.text)
                let digit = digits[index].wholeNumberValue ?? 0
                digits[index] = Character(String((digit + 1 + Int(random.below(9))) % 10))
                let wrong = try CardNumber(String(digits))
                #expect(wrong == number || !NumberScheme.luhn19.accepts(wrong, prefix: "808600"))
            }
        }
    }

    @Test func `the check digit is that of a published example`() throws {
        // 7992739871 has check digit 3; leading zeroes change nothing.
        let number = try CardNumber("0000000079927398713")
        #expect(NumberScheme.luhn19.accepts(number, prefix: "000000"))
    }

    @Test func `generated dated16 numbers are accepted and others refused`() throws {
        let date = Fixture.date("2015-01-01")
        let number = try NumberScheme.dated16(prefix: "6160", date: date, sequence: 2)
        #expect(number.text == "6160201501010002")
        #expect(NumberScheme.dated16.accepts(number, prefix: "6160"))
        #expect(throws: CardRefusal.numberScheme) {
            try NumberScheme.dated16(prefix: "6160", date: date, sequence: 10_000)
        }
        #expect(throws: CardRefusal.numberScheme) {
            try NumberScheme.dated16(prefix: "616", date: date, sequence: 1)
        }
        #expect(throws: CardRefusal.numberScheme) {
            try NumberScheme.luhn19(prefix: "61601x", random: 1)
        }
    }

    @Test func `stored texts of states and schemes are stable`() {
        #expect(CardState.allCases.map(\.rawValue) == ["active", "frozen", "lost", "closed"])
        #expect(NumberScheme.allCases.map(\.rawValue) == ["dated16", "luhn19"])
    }
}
