/// Somebody who asks a node for JSON.
protocol JSONCaller: Sendable {
    /// Asks, whatever comes of it; an act without members is asked with an empty `body`.
    func ask(
        _ method: String, _ path: String, _ body: [String: any Sendable]
    ) async throws -> WebClient.Answer
}

extension JSONCaller {
    /// Calls an endpoint that must succeed.
    func call(
        _ method: String, _ path: String, _ body: [String: any Sendable] = [:]
    ) async throws -> [String: Any] {
        try await ask(method, path, body).success.json
    }

    /// Calls an endpoint that must refuse, and gives the refusal's code.
    func refusal(
        _ method: String, _ path: String, _ body: [String: any Sendable] = [:]
    ) async throws -> String {
        let answer = try await ask(method, path, body)
        guard answer.status >= 400, let code = answer.json["code"] as? String else {
            throw LabError("\(answer.asked) was not refused: \(answer.status) \(answer.text)")
        }
        return code
    }
}

extension WebClient.Answer {
    /// The answer itself.
    ///
    /// - Refuses: `LabError` when it is no success.
    var success: WebClient.Answer {
        get throws {
            guard (200...299).contains(status) else {
                throw LabError("\(asked): \(status) \(text)")
            }
            return self
        }
    }
}
