import Domain
import Foundation
import GRDB
import HTTPTransport
import Journal
public import Logging

/// Makes a till known to head office: a key pair of its own, a one-time code, an approval.
public struct Enrolment: Sendable {
    static let pollInterval: Duration = .seconds(2)

    private let configuration: TillConfiguration
    private let office: String
    private let authorityFile: String
    private let code: String
    private let name: String
    private let isRenewal: Bool
    private let logger: Logger

    /// An enrolment at an office.
    ///
    /// - Parameter isRenewal: the data folder holds a till's data, restored or forked, that shall go on
    ///   under a new key (S-5).
    /// - Refuses: an address that is not `https://` (`TillStartError.setting`).
    public init(
        configuration: TillConfiguration, office: String, authorityFile: String, code: String,
        name: String, isRenewal: Bool = false, logger: Logger
    ) throws {
        guard let url = URL(string: office), url.scheme == "https", url.host != nil,
            url.path.isEmpty || url.path == "/"
        else {
            throw TillStartError.setting(key: "--office", reason: "must be https://host:port")
        }
        self.configuration = configuration
        self.office = office.hasSuffix("/") ? String(office.dropLast()) : office
        self.authorityFile = authorityFile
        self.code = code
        self.name = name
        self.isRenewal = isRenewal
        self.logger = logger
    }

    /// Asks until head office has decided, and stores what it grants.
    ///
    /// - Returns: the till's name.
    /// - Repetition: the key is stored before the first request, so a broken-off enrolment goes on
    ///   under the same code.
    /// - Refuses: `alreadyEnrolled` (unless it is a renewal), `notEnrolled` (a renewal of nothing),
    ///   `setting` (the authority's file; a renewal's code that is for another till),
    ///   `enrolmentRefused`.
    public func run() async throws -> String {
        let store = try TillNode.openStore(configuration, logger: logger)
        defer { try? store.close() }
        let world = TillWorld.machine
        let known = try await store.read {
            try String.fetchOne($0, sql: "SELECT till FROM identity")
        }
        if let known, !isRenewal { throw TillStartError.alreadyEnrolled(till: known) }
        if known == nil, isRenewal { throw TillStartError.notEnrolled }
        guard let authority = FileManager.default.contents(atPath: authorityFile) else {
            throw TillStartError.setting(key: "--ca", reason: "the file cannot be read")
        }
        try store.folder.replacePrivateFile(at: store.folder.authorityPath, with: authority)
        var secrets = try secrets(in: store.folder, world: world)
        let keyBytes = isRenewal ? secrets.renewalKey : secrets.signingKey
        guard let key = keyBytes.flatMap({ SigningKey(rawRepresentation: Array($0)) }) else {
            throw TillStartError.dataFolder(
                code: "data_file_damaged", message: "the secrets file holds no key")
        }
        let transport = try HTTPTransport(
            configuration: HTTPTransportConfiguration(
                certificateAuthorityFile: store.folder.authorityPath), logger: logger)
        defer { Task { await transport.shutdown() } }
        let grant = try await ask(key: key, transport: transport, world: world)
        if let known, known != grant.till {
            throw TillStartError.setting(
                key: "--code", reason: "the code is for \(grant.till), the data is \(known)'s")
        }
        secrets.fingerprintKey = Data(grant.fingerprintKey.rawRepresentation)
        try secrets.save(in: store.folder)
        let (office, isRenewal) = (office, isRenewal)
        try await store.write { database in
            if isRenewal {
                try Renewal.apply(
                    grant, office: office, publicKey: key.verifyingKey, at: world.now(),
                    in: database)
            } else {
                try TillIdentity.save(
                    grant, office: office, publicKey: key.verifyingKey, at: world.now(),
                    in: database)
            }
        }
        if isRenewal {
            secrets.signingKey = Data(key.rawRepresentation)
            secrets.renewalKey = nil
            try secrets.save(in: store.folder)
        }
        return grant.till
    }

    private func secrets(in folder: DataFolder, world: TillWorld) throws -> TillSecrets {
        var secrets = try TillSecrets.load(from: folder)
        // A key that was asked for before goes on under the same code.
        if let secrets, !isRenewal || secrets.renewalKey != nil { return secrets }
        let key = Data(world.bytes(32))
        if secrets == nil { secrets = TillSecrets(signingKey: key, fingerprintKey: nil) }
        guard var made = secrets else { preconditionFailure("no secrets after making them") }
        if isRenewal { made.renewalKey = key }
        try made.save(in: folder)
        return made
    }

    private func ask(
        key: SigningKey, transport: HTTPTransport, world: TillWorld
    ) async throws -> EnrolmentGrant {
        let line = OfficeLine(
            office: office, keyID: .enrolment, signingKey: key, officeKeys: [],
            transport: transport, world: world, logger: logger)
        let body = EnrolmentRequest(
            code: code, name: name, publicKey: key.verifyingKey, version: 1
        ).bytes
        var clockOffset: Int64?
        while true {
            let prepared = line.signed(
                "POST", "/sync/v1/enrolments", body: body, contentType: "application/json",
                clockOffset: clockOffset, timeout: .seconds(20), isLongPoll: false)
            guard let (request, nonce) = prepared else { continue }
            let reply: HTTPTransport.Response?
            do { reply = try await transport.send(request) } catch {
                logger.warning("head office does not answer", metadata: ["error": "\(error)"])
                reply = nil
            }
            if let reply {
                if let grant = try decided(reply, nonce: nonce) { return grant }
                clockOffset = clockCorrection(reply, world: world) ?? clockOffset
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// The grant, once there is one and its own key signed the reply; the connection is pinned to
    /// head office's authority, which vouches for that key the first time.
    private func decided(
        _ reply: HTTPTransport.Response, nonce: RequestNonce
    ) throws -> EnrolmentGrant? {
        if reply.status == 200 || reply.status == 202,
            let answer = try? EnrolmentReply(bytes: reply.body)
        {
            guard case .approved(let grant) = answer else {
                logger.notice("head office waits for a person's approval")
                return nil
            }
            let isSigned = ReplySignature.isValid(
                reply.header(ReplySignature.headerName), nonce: nonce, status: reply.status,
                body: reply.body, keys: [grant.signingKey])
            guard isSigned else {
                logger.error("the approval is not signed by the key it names; asking again")
                return nil
            }
            return grant
        }
        let code = (try? WireError(bytes: reply.body))?.code
        if let code, EnrolmentRefusal(rawValue: code) != nil {
            throw TillStartError.enrolmentRefused(code: code)
        }
        logger.warning(
            "head office cannot enrol now",
            metadata: ["http.status": "\(reply.status)", "code": "\(code ?? "-")"])
        return nil
    }

    private func clockCorrection(
        _ reply: HTTPTransport.Response, world: TillWorld
    ) -> Int64? {
        guard let error = try? WireError(bytes: reply.body), error.code == "clock",
            let payload = error.beacon?.split(separator: ".").first,
            let issued = Self.issued(String(payload))
        else { return nil }
        return issued - world.now().milliseconds
    }

    /// Head office's time in a beacon whose key is not known yet: good enough to sign with.
    private static func issued(_ payload: String) -> Int64? {
        var text = payload.replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        text += String(repeating: "=", count: (4 - text.count % 4) % 4)
        guard let json = Data(base64Encoded: text),
            case .object(let members)? = try? JSONValue(parsing: Array(json)),
            case .integer(let issued)? = members["issued"]
        else { return nil }
        return issued
    }
}
