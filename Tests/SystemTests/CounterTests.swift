// Bad input at the counter: clear words, stable codes, no money moved.

import Foundation
import HTTPTransport
import Testing

@testable import Lab

extension SystemTests {
    @Suite(.serialized)
    struct CounterTests {
        @Test @MainActor
        func `a wrong card password tells the tries left, and the fifth locks the card`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let card = try world.takeCard()
            let begun = try await cashier.ringUp([("100001", 1)])
            let wrong = DemoCard(
                number: card.number, password: card.password == "000000" ? "000001" : "000000",
                programme: "GD")
            for left in [4, 3, 2, 1] as [Int64] {
                let answer = try await cashier.pay(begun.payment, with: wrong)
                #expect(answer["state"] as? String == "refused")
                #expect(answer["code"] as? String == "wrong_password")
                #expect(integer(answer["triesLeft"]) == left)
                #expect((answer["message"] as? String ?? "").contains("\(left)"))
                #expect(answer["mayRetype"] as? Bool == true)
            }
            _ = try await cashier.pay(begun.payment, with: wrong)
            _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/cancel")
            let next = try await cashier.ringUp([("100001", 1)])
            let locked = try await cashier.pay(next.payment, with: card)
            #expect(locked["code"] as? String == "password_locked")
            #expect((locked["message"] as? String ?? "").contains("锁定"))
            let offline = try await cashier.refusal(
                "POST", "/api/payments/\(next.payment)/stand-in")
            #expect(offline == "payment_not_offered")
            _ = try await cashier.call("POST", "/api/payments/\(next.payment)/cancel")
            #expect(try await world.balance(of: card) == 10_000)
        }

        @Test @MainActor func `an unknown, a frozen and a foreign card are refused by name`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            let begun = try await cashier.ringUp([("100001", 1)])
            let unknown = DemoCard(
                number: "6160199901010007", password: "123456", programme: "GD")
            let answer = try await cashier.pay(begun.payment, with: unknown)
            #expect(answer["code"] as? String == "unknown_card")
            _ = try await cashier.call("POST", "/api/payments/\(begun.payment)/cancel")

            let frozen = try world.takeCard()
            let issuer = try await world.clerk("issuer")
            let key = try await issuer.find(frozen).key
            _ = try await issuer.call("POST", "/cards/\(key)/freeze", ["reason": "挂失核对"])
            let next = try await cashier.ringUp([("100001", 1)])
            let refused = try await cashier.pay(next.payment, with: frozen)
            #expect(refused["code"] as? String == "card_frozen")
            #expect((refused["message"] as? String ?? "").contains("冻结"))
            #expect(refused["mayRetype"] as? Bool == false)
            _ = try await cashier.call("POST", "/api/payments/\(next.payment)/cancel")
            #expect(try await world.balance(of: frozen) == 10_000)

            let foreign = try world.takeCard("JS")
            let last = try await cashier.ringUp([("100001", 1)])
            for (number, code) in [
                (foreign.number, "programme_not_accepted"),
                ("6160209913450002", "card_number_scheme"),
                ("9999000000000000", "unknown_programme"),
                ("61602019011000", "card_number_length"),
                ("61602019x1100002", "card_number_not_digits"),
                ("", "card_number_empty"),
            ] {
                let seen = try await cashier.refusal(
                    "POST", "/api/payments/\(last.payment)/card", ["number": number])
                #expect(seen == code)
                let tried = try await cashier.refusal(
                    "POST", "/api/payments/\(last.payment)/attempts",
                    ["number": number, "password": "123456"])
                #expect(tried == code)
            }
            let short = try await cashier.refusal(
                "POST", "/api/payments/\(last.payment)/attempts",
                ["number": frozen.number, "password": "12345"])
            #expect(short == "card_password_not_six_digits")
            _ = try await cashier.call("POST", "/api/payments/\(last.payment)/cancel")
            try world.verifyLedger()
        }

        @Test @MainActor func `an empty basket, odd quantities and odd prices change nothing`()
            async throws
        {
            let world = try await World.shared()
            let cashier = try await world.cashier(at: 0)
            _ = try await cashier.call("DELETE", "/api/basket")
            #expect(try await cashier.refusal("POST", "/api/payments") == "empty_basket")
            let lines = "/api/basket/lines"
            for quantity in [0, -1, 10_000, Int.max] {
                let code = try await cashier.refusal(
                    "POST", lines, ["code": "100001", "quantity": quantity])
                #expect(code == "quantity_out_of_range")
            }
            #expect(
                try await cashier.refusal("POST", lines, ["code": "100001", "quantity": 1.125])
                    == "malformed_body")
            #expect(
                try await cashier.refusal("POST", lines, ["code": "100001", "quantity": "1"])
                    == "malformed_body")
            #expect(
                try await cashier.refusal("POST", lines, ["code": "no-such", "quantity": 1])
                    == "unknown_product")
            _ = try await cashier.call("POST", lines, ["code": "100001", "quantity": 1])
            for price in [-1, 10_000_001, Int.max] {
                #expect(
                    try await cashier.refusal("PUT", lines + "/1", ["price": price])
                        == "price_out_of_range")
            }
            #expect(
                try await cashier.refusal("PUT", lines + "/1", ["price": 12.345])
                    == "malformed_body")
            let basket = try await cashier.call("GET", "/api/basket")
            #expect(integer(basket["total"]) == 1_680)
            // Free of charge: there is nothing to pay for.
            _ = try await cashier.call(
                "PUT", lines + "/1", ["price": 0, "reason": "赠品"])
            #expect(try await cashier.refusal("POST", "/api/payments") == "total_is_zero")
            _ = try await cashier.call("DELETE", "/api/basket")
        }

        @Test @MainActor
        func `wrong staff passwords lock the login, and a restart does not unlock it`()
            async throws
        {
            let world = try await World.shared()
            let till = world.network.tills[0]
            _ = try await world.cashier(at: 0)
            let client = WebClient(base: till.base, transport: world.network.web)
            func signIn(_ password: String) async throws -> WebClient.Answer {
                _ = try await client.get("/sign-in")
                return try await client.post(
                    "/sign-in", form: ["account": "cashier2", "password": password])
            }
            for _ in 0..<5 {
                let answer = try await signIn("wrong-password")
                #expect(answer.status == 422)
                #expect(answer.text.contains("密码"))
            }
            #expect(try await signIn("cashier-demo-2").status == 429)
            try world.network.killTill(till)
            try await world.network.startTill(till)
            #expect(try await signIn("cashier-demo-2").status == 429)
            // Others are not locked out with it.
            _ = try await world.cashier(at: 0).call("GET", "/api/basket")
        }
    }
}
