import Domain
import Journal
import Testing
import WebSupport

@testable import Till

struct AccountsTests {
    private let till: EnrolledTill

    init() async throws { till = try await EnrolledTill() }

    private func signIn(_ store: TillStore) -> StaffSignIn {
        StaffSignIn(store: store, passwords: PasswordWorker(), world: till.clock.world)
    }

    private func refusal(_ work: () async throws -> SignedInPerson) async -> RequestRefusal? {
        do {
            _ = try await work()
            return nil
        } catch {
            return error as? RequestRefusal
        }
    }

    @Test func `five wrong passwords lock for a quarter of an hour, also after a restart`()
        async throws
    {
        var staff = signIn(till.store)
        for _ in 1...5 {
            #expect(
                await refusal { try await staff.check(login: "li", password: "no") }
                    == .wrongPassword)
        }
        try till.store.close()
        let reopened = try till.folder.openStore()
        staff = signIn(reopened)
        let right = EnrolledTill.password
        #expect(
            await refusal { try await staff.check(login: "li", password: right) }
                == .tooManyAttempts(waitSeconds: 900))
        till.clock.advance(seconds: 899)
        #expect(
            await refusal { try await staff.check(login: "li", password: right) }
                == .tooManyAttempts(waitSeconds: 1))
        till.clock.advance(seconds: 1)
        #expect(try await staff.check(login: "li", password: right).name == "李丽")
        // The right password forgot the wrong ones.
        #expect(
            await refusal { try await staff.check(login: "li", password: "no") } == .wrongPassword)
        #expect(try await staff.check(login: "li", password: right).account == "li")
    }

    @Test
    func `nobody signs in while head office has the store suspended, and the words go with it`()
        async throws
    {
        func store(_ isSuspended: Bool, version: Int64) -> ChangeItem {
            ChangeItem(
                topic: .store, key: StoreChange.key, version: version,
                body: .store(
                    .init(
                        address: "天河路 1 号", code: "GD0001", faultTelephone: "",
                        name: "康民大药房天河店", province: "44", serviceTelephone: "",
                        isSuspended: isSuspended, telephone: "020-12345678")))
        }
        let staff = signIn(till.store)
        try await till.apply([store(true, version: 20)])
        await #expect(throws: PaymentRefusal.storeSuspended) {
            _ = try await staff.check(login: "li", password: EnrolledTill.password)
        }
        // A wrong password is told first: nobody learns of the suspension who is nobody here.
        #expect(
            await refusal { try await staff.check(login: "li", password: "no") } == .wrongPassword)
        try await till.apply([store(false, version: 21)])
        #expect(
            try await staff.check(login: "li", password: EnrolledTill.password).account == "li")
    }

    @Test func `an unknown login is told no more than a wrong password`() async throws {
        let staff = signIn(till.store)
        #expect(
            await refusal { try await staff.check(login: "nobody", password: "x") }
                == .wrongPassword)
    }

    @Test func `a disabled account ends its sessions and signs in no more`() async throws {
        let sessions = TillSessions(store: till.store)
        let person = SignedInPerson(account: "li", name: "李丽", roles: ["cashier"])
        let token = SessionToken.random()
        try await sessions.create(
            .begin(
                token: token, person: person, language: nil, limits: TillWeb.sessionLimits,
                at: WebTime(milliseconds: till.clock.now.milliseconds)))
        #expect(try await sessions.find(tokenHash: token.hash)?.account == "li")
        try await till.apply([
            ChangeItem(
                topic: .account, key: "li", version: 2,
                body: .account(
                    .init(
                        isDisabled: true, login: "li", name: "李丽", roles: [.cashier],
                        verifier: "")))
        ])
        #expect(try await sessions.find(tokenHash: token.hash) == nil)
        // Their password was being checked while the account was disabled.
        let late = SessionToken.random()
        try await sessions.create(
            .begin(
                token: late, person: person, language: nil, limits: TillWeb.sessionLimits,
                at: WebTime(milliseconds: till.clock.now.milliseconds)))
        #expect(try await sessions.find(tokenHash: late.hash) == nil)
        let staff = signIn(till.store)
        #expect(
            await refusal {
                try await staff.check(login: "li", password: EnrolledTill.password)
            } == .wrongPassword)
    }

    @Test func `verifiers more than thirty days old let nobody in`() async throws {
        let staff = signIn(till.store)
        till.clock.advance(seconds: 30 * 86_400)
        _ = try await staff.check(login: "li", password: EnrolledTill.password)
        till.clock.advance(seconds: 1)
        await #expect(throws: AccountRefusal.knowledgeTooOld) {
            try await staff.check(login: "li", password: EnrolledTill.password)
        }
    }
}
