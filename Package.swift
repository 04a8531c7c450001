// swift-tools-version: 6.2
import PackageDescription

/// The one constant of settings: every Swift target of the package is built with it.
///
/// The exclusivity checks at run time are off in release builds because they cost 9-15 % of the
/// user instructions of a proxied request; debug builds, which all tests run as, keep them on.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "llm-gateway",
    products: [
        .executable(name: "llm-gateway", targets: ["Gateway"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        // C libraries: a module map and a shim each, nothing else.
        .systemLibrary(
            name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]
        ),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CSQLite"),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CPrices", exclude: ["prices.tsv"]),
        .target(name: "CGatewayProto", dependencies: ["CProtobufC"]),
        // The rooms; each imports only rooms that stand above it.
        .target(name: "GatewayPrimitives", swiftSettings: settings),
        .target(name: "GatewayCore", dependencies: ["GatewayPrimitives"], swiftSettings: settings),
        .target(
            name: "JSON", dependencies: ["GatewayPrimitives", "CSimdJSON"], swiftSettings: settings),
        .target(
            name: "Dialects", dependencies: ["GatewayCore", "GatewayPrimitives", "JSON"],
            swiftSettings: settings),
        .target(
            name: "Transport",
            dependencies: ["GatewayPrimitives", "CNghttp2", "COpenSSL", "CZlib", "CLinux"],
            swiftSettings: settings),
        .target(
            name: "GRPC",
            dependencies: [
                "Transport", "JSON", "GatewayPrimitives", "CProtobufC", "CGatewayProto",
            ],
            swiftSettings: settings),
        .target(
            name: "Providers",
            dependencies: ["Transport", "Dialects", "JSON", "GatewayCore", "GatewayPrimitives"],
            swiftSettings: settings),
        .target(
            name: "API",
            dependencies: [
                "GRPC", "Transport", "Dialects", "JSON", "GatewayCore", "GatewayPrimitives",
                "CGatewayProto",
            ],
            swiftSettings: settings),
        .target(
            name: "Storage",
            dependencies: [
                "GatewayCore", "GatewayPrimitives", "CSQLite",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .target(
            name: "Telemetry", dependencies: ["GatewayCore", "GatewayPrimitives"],
            swiftSettings: settings),
        .executableTarget(
            name: "Gateway",
            dependencies: [
                "API", "GRPC", "Providers", "Storage", "Telemetry", "Transport", "Dialects",
                "GatewayCore", "GatewayPrimitives", "CPrices", "Yams",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings,
            // Takes the place of the C library's malloc; sanitizers, in debug builds, bring theirs.
            linkerSettings: [.linkedLibrary("mimalloc", .when(configuration: .release))]),
        // Tests mirror the rooms.
        .target(
            name: "TestSupport",
            dependencies: ["GatewayCore", "GatewayPrimitives", "Storage", "Transport"],
            path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "GatewayPrimitivesTests", dependencies: ["GatewayPrimitives"],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayCoreTests",
            dependencies: ["GatewayCore", "GatewayPrimitives", "Storage", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "JSONTests",
            dependencies: ["JSON", "GatewayCore", "GatewayPrimitives", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "DialectsTests",
            dependencies: ["Dialects", "JSON", "GatewayCore", "GatewayPrimitives", "TestSupport"],
            resources: [.copy("Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "TransportTests",
            dependencies: [
                "Transport", "GatewayPrimitives", "TestSupport", "CNghttp2", "COpenSSL",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "grpc-test-tool",
            dependencies: ["GRPC", "JSON", "Transport", "GatewayPrimitives"],
            path: "Tests/GRPCTestTool", swiftSettings: settings),
        .testTarget(
            name: "GRPCTests",
            dependencies: [
                "GRPC", "JSON", "Transport", "GatewayPrimitives", "TestSupport", "CProtobufC",
                "CGatewayProto",
            ],
            exclude: ["Protobuf/Fixtures"], swiftSettings: settings),
        .testTarget(
            name: "ProvidersTests",
            dependencies: [
                "Providers", "Dialects", "Transport", "GatewayCore", "GatewayPrimitives",
                "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "GRPC", "Dialects", "Providers", "Storage", "Transport", "GatewayCore",
                "GatewayPrimitives",
                "TestSupport", "CGatewayProto", "CProtobufC",
            ],
            exclude: ["Matrix/matrix.tsv"], swiftSettings: settings),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Storage", "GatewayCore", "GatewayPrimitives", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "bulk-server", dependencies: ["Transport", "GatewayPrimitives"],
            path: "bench/BulkServer", swiftSettings: settings),
        .executableTarget(
            name: "ledger-bench", dependencies: ["Storage", "GatewayCore", "GatewayPrimitives"],
            path: "bench/LedgerBench", swiftSettings: settings),
        .target(name: "CAllocations", path: "Tests/AllocationCount"),
        .executableTarget(
            name: "routing-bench",
            dependencies: ["CAllocations", "GatewayCore", "GatewayPrimitives"],
            path: "Tests/RoutingBench", swiftSettings: settings),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "GatewayCore", "GatewayPrimitives", "TestSupport",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TelemetryTests",
            dependencies: ["Telemetry", "Storage", "GatewayCore", "GatewayPrimitives"],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "API", "GatewayCore", "GatewayPrimitives", "Providers", "Telemetry",
                "TestSupport", "Transport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: settings),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "API", "GRPC", "Dialects", "JSON", "Transport", "GatewayCore", "GatewayPrimitives",
                "CGatewayProto",
            ],
            path: "Tests/FuzzTargets", swiftSettings: settings),
        .testTarget(
            name: "FuzzTests", dependencies: ["FuzzTargets"], exclude: ["Corpus"],
            swiftSettings: settings),
        .testTarget(
            name: "TidyTests", dependencies: ["TestSupport"], swiftSettings: settings),
    ],
    cxxLanguageStandard: .cxx17
)

// libFuzzer brings a main function of its own, and so cannot be linked in an ordinary build.
if Context.environment["LLM_GATEWAY_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz",
            swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
