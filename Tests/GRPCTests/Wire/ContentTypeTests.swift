import Testing

@testable import GRPC

@Suite("The content-type of a call")
struct ContentTypeTests {
    private static func parsed(_ text: String) -> String? {
        lend(text) { ContentType($0).map { "\($0.wire) \($0.form)" } }
    }

    @Test(
        "tells the wire and the form of messages",
        arguments: [
            ("application/grpc", "grpc proto"), ("application/grpc+proto", "grpc proto"),
            ("Application/GRPC+Proto", "grpc proto"),
            ("application/grpc;charset=utf-8", "grpc proto"),
            ("application/grpc+proto ; a=b", "grpc proto"),
            ("application/grpc+json", "grpc json"), ("application/grpc+thrift", "grpc other"),
            ("application/grpc+", "grpc other"), ("application/grpc-web", "grpcWeb proto"),
            ("application/grpc-web+proto", "grpcWeb proto"),
            ("application/grpc-web+json", "grpcWeb json"),
            ("application/grpc-web-text", "grpcWebText proto"),
            ("application/grpc-web-text+proto", "grpcWebText proto"),
            ("application/connect+proto", "connectStream proto"),
            ("application/connect+json", "connectStream json"),
            ("application/connect+cbor", "connectStream other"),
            ("application/proto", "connectUnary proto"),
            ("application/json", "connectUnary json"),
            ("application/JSON; charset=utf-8", "connectUnary json"),
        ])
    func wires(_ text: String, _ expected: String) {
        #expect(Self.parsed(text) == expected)
    }

    @Test(
        "is told from others",
        arguments: [
            "application/grpcx", "application/grp", "", "application/", "application",
            "application/connect", "application/json+proto", "application/proto+json", "text/json",
            "application/x-www-form-urlencoded", " application/grpc", "application/ json",
        ])
    func others(_ text: String) { #expect(Self.parsed(text) == nil) }

    @Test("is needed") func needed() { #expect(ContentType(nil) == nil) }
}
