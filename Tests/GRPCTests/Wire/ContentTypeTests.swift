import Testing

@testable import GRPC

@Suite("The content-type of gRPC")
struct ContentTypeTests {
    @Test(
        "is told from others",
        arguments: [
            ("application/grpc", ContentType.grpc), ("application/grpc+proto", .grpc),
            ("Application/GRPC+Proto", .grpc), ("application/grpc;charset=utf-8", .grpc),
            ("application/grpc+proto ; a=b", .grpc), ("application/grpc+json", .grpcOther),
            ("application/grpc+", .grpcOther), ("application/grpc-web", .other),
            ("application/grpc-web+proto", .other), ("application/grpcx", .other),
            ("application/json", .other), ("application/grp", .other), ("", .other),
        ])
    func table(_ text: String, _ expected: ContentType) {
        #expect(lend(text) { ContentType($0) } == expected)
    }

    @Test("is needed") func needed() { #expect(ContentType(nil) == .other) }
}
