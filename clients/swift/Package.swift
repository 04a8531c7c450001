// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "llmgateway",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [.library(name: "LLMGateway", targets: ["LLMGateway"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf.git", from: "1.33.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2.git", from: "2.0.0"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport.git", from: "2.0.0"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf.git", from: "2.0.0"),
    ],
    targets: [
        .target(
            name: "LLMGateway",
            dependencies: [
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
                .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .testTarget(name: "LLMGatewayTests", dependencies: ["LLMGateway"]),
    ]
)

// The README's program, which test.sh writes there.
if Context.environment["LLMGATEWAY_EXAMPLE"] != nil {
    package.targets.append(
        .executableTarget(name: "Example", dependencies: ["LLMGateway"], path: "build/Example"))
}
