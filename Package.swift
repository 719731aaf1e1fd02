// swift-tools-version: 6.2
//
// The targets and the arrows between them are the architecture: Docs/ARCHITECTURE.md §1 lists
// the same arrows, and Tests/ArchitectureTests compares the two.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

let argumentParser: Target.Dependency =
    .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency =
    .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting: Target.Dependency =
    .product(name: "HummingbirdTesting", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let niossl: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle: Target.Dependency =
    .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let swiftASN1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let unixSignals: Target.Dependency =
    .product(name: "UnixSignals", package: "swift-service-lifecycle")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")

let package = Package(
    name: "huiyika",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "huiyika-till", targets: ["huiyika-till"]),
        .executable(name: "huiyika-office", targets: ["huiyika-office"]),
        .executable(name: "huiyika-lab", targets: ["huiyika-lab"]),
        // Preloaded into programs that shall live in another month.
        .library(name: "ClockShift", type: .dynamic, targets: ["CClockShift"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries: a module map and a shim header each, no Swift.
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(
            name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(
            name: "CFreeType", pkgConfig: "freetype2", providers: [.apt(["libfreetype-dev"])]),
        .systemLibrary(
            name: "CXLSXWriter", pkgConfig: "xlsxwriter",
            providers: [.apt(["libxlsxwriter-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // What the product is about.
        .target(name: "Domain", swiftSettings: strict),
        .target(
            name: "Journal", dependencies: ["Domain", "CZlib", crypto, cryptoExtras],
            swiftSettings: strict),
        .target(
            name: "Receipts", dependencies: ["Domain", "CQREncode"], swiftSettings: strict),

        // Drivers and shared parts: no domain.
        .target(name: "Glyphs", dependencies: ["Receipts", "CFreeType"], swiftSettings: strict),
        .target(
            name: "PostgresDriver", dependencies: ["CLibPQ", logging, serviceLifecycle],
            swiftSettings: strict),
        .target(
            name: "HTTPTransport", dependencies: ["CCurl", logging, serviceLifecycle],
            swiftSettings: strict),
        .target(name: "Spreadsheets", dependencies: ["CXLSXWriter"], swiftSettings: strict),
        .target(
            name: "WebSupport",
            dependencies: [
                configuration, crypto, cryptoExtras, hummingbird, logging, mustache,
            ],
            resources: [.copy("Resources")],
            swiftSettings: strict),

        // The two nodes. Neither imports the other.
        .target(
            name: "Till",
            dependencies: [
                "Domain", "Journal", "Receipts", "Glyphs", "WebSupport", "HTTPTransport",
                configuration, crypto, grdb, hummingbird, logging, mustache, serviceLifecycle,
                unixSignals,
            ],
            resources: [.copy("Resources"), .copy("Store/Migrations")],
            swiftSettings: strict),
        .target(
            name: "HeadOffice",
            dependencies: [
                "Domain", "Journal", "Receipts", "WebSupport", "PostgresDriver", "Spreadsheets",
                configuration, crypto, cryptoExtras, hummingbird, hummingbirdTLS, logging,
                mustache, niossl, serviceLifecycle, swiftASN1, unixSignals, x509,
            ],
            resources: [.copy("Resources"), .copy("Store/Migrations")],
            swiftSettings: strict),

        // Simulated stores, load, faults and the demonstration: meets the nodes over the wire.
        .target(
            name: "Lab",
            dependencies: [
                "Domain", "Journal", "Receipts", "HTTPTransport", "PostgresDriver", crypto, logging,
            ],
            swiftSettings: strict),

        .target(name: "CClockShift", linkerSettings: [.linkedLibrary("dl")]),

        // Executables: argument parsing only.
        .executableTarget(
            name: "huiyika-till", dependencies: ["Till", argumentParser], swiftSettings: strict),
        .executableTarget(
            name: "huiyika-office",
            dependencies: ["Domain", "HeadOffice", argumentParser, logging],
            swiftSettings: strict),
        .executableTarget(
            name: "huiyika-lab", dependencies: ["Lab", argumentParser, logging],
            swiftSettings: strict),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["PostgresDriver", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: strict),
        .testTarget(name: "DomainTests", dependencies: ["Domain"], swiftSettings: strict),
        .testTarget(
            name: "JournalTests", dependencies: ["Domain", "Journal", crypto],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "ReceiptsTests", dependencies: ["Domain", "Receipts", "Glyphs"],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "PostgresDriverTests",
            dependencies: ["PostgresDriver", "TestSupport", logging], swiftSettings: strict),
        .testTarget(
            name: "HTTPTransportTests",
            dependencies: [
                "HTTPTransport", "TestSupport", hummingbird, hummingbirdTLS, niossl, x509,
                crypto, logging, serviceLifecycle, swiftASN1,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebSupportTests",
            dependencies: ["WebSupport", "TestSupport", hummingbird, hummingbirdTesting, logging],
            swiftSettings: strict),
        .testTarget(
            name: "TillTests",
            dependencies: [
                "Domain", "Journal", "Lab", "Receipts", "Glyphs", "Till", "HTTPTransport",
                "TestSupport", "WebSupport", crypto, grdb, hummingbird, hummingbirdTesting, logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HeadOfficeTests",
            dependencies: [
                "Domain", "Journal", "HeadOffice", "PostgresDriver", "TestSupport", "WebSupport",
                crypto, hummingbird, hummingbirdTesting, logging,
            ],
            resources: [.copy("Fixtures")], swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "Domain", "Journal", "Lab", "HTTPTransport", "PostgresDriver", "TestSupport",
                crypto, hummingbird, hummingbirdTLS, logging, niossl, serviceLifecycle,
            ],
            swiftSettings: strict),
    ]
)
