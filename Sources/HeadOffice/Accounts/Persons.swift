// Who is who across logins: duties are separated by person, and by the stores a person belongs to.

import Domain
import PostgresDriver

extension FourEyes.Person {
    /// The person of a head-office login, with the stores at which that person has a login that is open.
    static func of(_ actor: StaffActor, in session: PostgresSession) throws -> FourEyes.Person {
        FourEyes.Person(
            id: actor.personID, stores: try stores(of: actor.personID, in: session))
    }

    /// The person of a head-office login that asked for something.
    static func ofStaff(
        accountID: Int64, in session: PostgresSession
    ) throws -> FourEyes.Person {
        let row = try session.queryOne(
            "SELECT person_id FROM staff_account WHERE staff_account_id = \(accountID)")
        guard let id = try row?.decode("person_id", as: Int64.self) else {
            return FourEyes.Person(id: nil)
        }
        return FourEyes.Person(id: id)
    }

    /// The person of a store's login that asked for something; whoever it is, the store is on that side.
    static func ofStoreLogin(
        _ login: String, store code: String, in session: PostgresSession
    ) throws -> FourEyes.Person {
        let row = try session.queryOne(
            """
            SELECT person_id FROM store_account JOIN store USING (store_id)
            WHERE store.code = \(code) AND login = \(login)
            """)
        return FourEyes.Person(id: try row?["person_id"] as Int64?, stores: [code])
    }

    private static func stores(
        of personID: Int64, in session: PostgresSession
    ) throws -> Set<String> {
        Set(
            try session.query(
                """
                SELECT DISTINCT store.code FROM store_account JOIN store USING (store_id)
                WHERE person_id = \(personID) AND NOT disabled
                """
            ).map { try $0["code"] })
    }
}
