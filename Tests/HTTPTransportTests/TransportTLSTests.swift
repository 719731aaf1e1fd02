import Foundation
import HTTPTransport
import NIOSSL
import Testing

/// Certificates, versions and bodies over real TLS.
@Suite struct TransportTLSTests {
    private func small(_ port: Int) -> HTTPRequest {
        HTTPRequest(method: "GET", url: "https://localhost:\(port)/small")
    }

    private func expectRejected(
        _ identity: TestAuthority.ServerIdentity, trusting file: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await withTLSServer(identity) { port in
            try await withTransport(.init(certificateAuthorityFile: file)) { transport in
                await expectFailure(
                    .certificateRejected, mayHaveArrived: false, of: small(port), on: transport,
                    sourceLocation: sourceLocation)
            }
        }
    }

    @Test func `a server of the pinned authority is trusted`() async throws {
        let authority = try TestAuthority()
        try await withTLSServer(try authority.issue()) { port in
            try await authority.withFile { file in
                try await withTransport(.init(certificateAuthorityFile: file)) { transport in
                    let response = try await transport.send(small(port))
                    #expect(response.status == 200)
                    #expect(response.body == Array("ok".utf8))
                }
            }
        }
    }

    @Test func `another authority's server is rejected`() async throws {
        try await TestAuthority().withFile { file in
            try await expectRejected(try TestAuthority().issue(), trusting: file)
        }
    }

    @Test func `a private authority is rejected by the system's trust`() async throws {
        try await expectRejected(try TestAuthority().issue(), trusting: nil)
    }

    @Test func `an expired certificate is rejected`() async throws {
        let authority = try TestAuthority()
        try await authority.withFile { file in
            try await expectRejected(authority.issue(endsInSeconds: -60), trusting: file)
        }
    }

    @Test func `a certificate for another name is rejected`() async throws {
        let authority = try TestAuthority()
        try await authority.withFile { file in
            try await expectRejected(authority.issue(host: "office.example"), trusting: file)
        }
    }

    @Test func `a server that speaks TLS 1.1 at best fails the handshake`() async throws {
        let authority = try TestAuthority()
        try await withTLSServer(try authority.issue(), newestVersion: .tlsv11) { port in
            try await authority.withFile { file in
                try await withTransport(.init(certificateAuthorityFile: file)) { transport in
                    await expectFailure(
                        .handshakeFailed, mayHaveArrived: false, of: small(port), on: transport)
                }
            }
        }
    }

    @Test func `a missing certificate file is refused at the start`() {
        let error = #expect(throws: TransportError.self) {
            try HTTPTransport(
                configuration: .init(certificateAuthorityFile: "/nonexistent/authority.pem"),
                logger: quietLogger)
        }
        #expect(error?.code == .misconfigured)
    }

    @Test func `a file without a certificate is refused at the start`() async throws {
        try await withTemporaryFile("not a certificate") { file in
            let error = #expect(throws: TransportError.self) {
                try HTTPTransport(
                    configuration: .init(certificateAuthorityFile: file), logger: quietLogger)
            }
            #expect(error?.code == .misconfigured)
        }
    }

    @Test func `a damaged certificate is found when connecting`() async throws {
        let authority = try TestAuthority()
        let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        try await withTLSServer(try authority.issue()) { port in
            try await withTemporaryFile(damaged) { file in
                try await withTransport(.init(certificateAuthorityFile: file)) { transport in
                    await expectFailure(
                        .misconfigured, mayHaveArrived: false, of: small(port), on: transport)
                }
            }
        }
    }

    @Test func `a mebibyte goes up and comes back unchanged`() async throws {
        let authority = try TestAuthority()
        let body = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        try await withTLSServer(try authority.issue()) { port in
            try await authority.withFile { file in
                try await withTransport(.init(certificateAuthorityFile: file)) { transport in
                    let response = try await transport.send(
                        HTTPRequest(
                            method: "POST", url: "https://localhost:\(port)/echo", body: body))
                    #expect(response.status == 200)
                    #expect(response.body == body)
                }
            }
        }
    }

    /// In a process of its own, so that other tests' files do not count.
    @Test func `ten thousand requests leave no file open`() async {
        await #expect(processExitsWith: .success) {
            let authority = try TestAuthority()
            let identity = try authority.issue()
            try await authority.withFile { file in
                try await withTLSServer(identity) { port in
                    let request = HTTPRequest(
                        method: "GET", url: "https://localhost:\(port)/small")
                    let before = try openFileCount()
                    let after = try await withTransport(.init(certificateAuthorityFile: file)) {
                        transport in
                        for _ in 0..<100 { _ = try await transport.send(request) }
                        let warm = try openFileCount()
                        for _ in 0..<10_000 {
                            let response = try await transport.send(request)
                            precondition(response.status == 200)
                        }
                        let count = try openFileCount()
                        precondition(count == warm, "\(warm) files open, later \(count)")
                        return count
                    }
                    // The transport held its wake-up pair and one connection, client side.
                    precondition(after >= before + 3, "\(before), then only \(after)")
                    let left = try openFileCount()
                    precondition(left <= before + 1, "\(before) files open, in the end \(left)")
                }
            }
        }
    }
}

private func openFileCount() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}
