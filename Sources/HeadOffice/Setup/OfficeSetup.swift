// A first set-up from one file: programmes, stores with their logins, staff and given cards. It goes through the
// same services as people do, so it obeys the same rules and leaves the same audit.

import Domain
public import Foundation
import PostgresDriver
public import WebSupport

/// What `huiyika-office setup` reads.
///
/// - Shape: JSON; every list may be empty. Amounts in fen.
public struct OfficeSetupFile: Decodable, Sendable {
    struct Programme: Decodable, Sendable {
        let code: String
        let name: String
        let province: String
        let prefix: String
        let scheme: String
        let faceColour: String
        let faceTitle: String
        let acceptedIn: [String]
    }

    struct Store: Decodable, Sendable {
        let code: String
        let name: String
        let province: String
        let address: String
        let telephone: String
        /// Where the store is paid; not known yet when left out.
        let settlementAccount: String?
        /// Millionths of what reaches the store; 0 when left out.
        let feePerMillion: Int?
        let accounts: [Account]
    }

    struct Account: Decodable, Sendable {
        let login: String
        let name: String
        let password: String
        let roles: [String]
    }

    struct Staff: Decodable, Sendable {
        let person: String
        let login: String
        let password: String
        let roles: [String]
    }

    struct Card: Decodable, Sendable {
        let programme: String
        let number: String
        let password: String
        let test: Bool
        let load: Int64
        let holder: String?
    }

    let programmes: [Programme]
    let stores: [Store]
    let staff: [Staff]
    let cards: [Card]

    /// Reads the file.
    ///
    /// - Refuses: `OfficeStartError.setting` when it cannot be read or a field is missing.
    public init(file: URL) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
        } catch {
            throw OfficeStartError.setting(key: "--file", reason: "\(error)")
        }
    }
}

/// Applies a set-up file.
public struct OfficeSetup: Sendable {
    let store: OfficeStore
    let telephones: OfficeTelephones
    let passwords: PasswordWorker

    /// On head office's database.
    public init(store: OfficeStore, telephones: OfficeTelephones, passwords: PasswordWorker) {
        self.store = store
        self.telephones = telephones
        self.passwords = passwords
    }

    /// Makes whatever of the file is not there yet.
    ///
    /// - Shape: how many things were made.
    /// - Repetition: what is there already, by code, login or number, is left as it is.
    /// - Refuses: what the services refuse; what was made before stays.
    public func apply(_ file: OfficeSetupFile) async throws -> Int {
        let now = store.clock.now()
        var made = 0
        made += try await countMade(file.staff) { try await makeStaff($0, at: now) }
        for programme in file.programmes where try await makeProgramme(programme, at: now) {
            made += 1
        }
        for opened in file.stores { made += try await makeStore(opened, at: now) }
        for card in file.cards {
            let isNew = try await Cards(store: store).issueGiven(
                number: card.number, password: card.password, programme: card.programme,
                isTest: card.test, load: Money(fen: card.load), holder: card.holder, at: now)
            if isNew { made += 1 }
        }
        return made
    }

    /// Verifiers are slow on purpose, so the passwords of a list are made side by side.
    private func countMade<Item: Sendable>(
        _ items: [Item], _ make: @escaping @Sendable (Item) async throws -> Bool
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for item in items { group.addTask { try await make(item) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    private func exists(_ query: SQL) async throws -> Bool {
        try await store.read { try !$0.query(query).isEmpty }
    }

    private func makeStaff(_ staff: OfficeSetupFile.Staff, at now: Instant) async throws -> Bool {
        let roles = try staff.roles.map { try known($0, of: StaffRole.self, field: "roles") }
        let query: SQL = "SELECT login FROM staff_account WHERE login = \(staff.login)"
        guard try await !exists(query) else { return false }
        do {
            try await Accounts(store: store, passwords: passwords).addStaff(
                .init(
                    person: .named(staff.person), login: staff.login, roles: Set(roles),
                    password: staff.password), by: .setUp, at: now)
            return true
        } catch AccountsRefusal.loginTaken {
            return false
        }
    }

    private func makeProgramme(
        _ programme: OfficeSetupFile.Programme, at now: Instant
    ) async throws -> Bool {
        do {
            try await Programmes(store: store).create(
                .init(
                    code: programme.code, name: programme.name, province: programme.province,
                    prefix: programme.prefix,
                    scheme: try known(programme.scheme, of: NumberScheme.self, field: "scheme"),
                    faceColour: programme.faceColour, faceTitle: programme.faceTitle,
                    acceptedIn: Set(programme.acceptedIn)), by: .setUp, at: now)
            return true
        } catch ProgrammesRefusal.codeTaken {
            return false
        }
    }

    private func makeStore(_ opened: OfficeSetupFile.Store, at now: Instant) async throws -> Int {
        let stores = Stores(store: store, telephones: telephones, passwords: passwords)
        var made = 0
        do {
            try await stores.create(
                .init(
                    code: opened.code, name: opened.name, province: opened.province,
                    address: opened.address, telephone: opened.telephone,
                    settlementAccount: opened.settlementAccount ?? "",
                    feePerMillion: opened.feePerMillion ?? 0), by: .setUp, at: now)
            made += 1
        } catch StoresRefusal.codeTaken {}
        return try await made
            + countMade(opened.accounts) { try await makeAccount($0, in: opened.code, at: now) }
    }

    private func makeAccount(
        _ account: OfficeSetupFile.Account, in code: String, at now: Instant
    ) async throws -> Bool {
        let roles = try account.roles.map {
            try known($0, of: Stores.AccountRole.self, field: "roles")
        }
        let query: SQL = """
            SELECT login FROM store_account JOIN store USING (store_id)
            WHERE code = \(code) AND login = \(account.login)
            """
        guard try await !exists(query) else { return false }
        do {
            try await Stores(store: store, telephones: telephones, passwords: passwords)
                .addAccount(
                    .init(
                        login: account.login, name: account.name, roles: Set(roles),
                        password: account.password), toStore: code, by: .setUp, at: now)
            return true
        } catch StoresRefusal.loginTaken {
            return false
        }
    }

    private func known<Value: RawRepresentable<String>>(
        _ text: String, of type: Value.Type, field: String
    ) throws -> Value {
        guard let value = Value(rawValue: text) else {
            throw OfficeStartError.setting(key: "--file", reason: "\(field): \(text) is not known")
        }
        return value
    }
}
