import GatewayPrimitives
import Testing
import Transport

@testable import GRPC

@Suite("Metadata of a request", .timeLimit(.minutes(1)))
struct MetadataTests {
    /// Sends back one text field and one binary field.
    private static let harness = GRPCHarness([
        GRPCService(
            name: "t",
            methods: [
                .unary("Read") { call, _ throws(GRPCStatusError) in
                    let bytes = try call.binaryMetadata("x-data-bin")
                    call.writeMessage { queue in
                        queue.append(call.metadata("x-text") ?? ByteView("none"))
                        queue.append("|")
                        queue.append(array: bytes ?? Array("none".utf8))
                    }
                }
            ]),
        GRPCService(
            name: "all",
            methods: [
                .unary("Read") { call, _ throws(GRPCStatusError) in
                    let values = try call.binaryMetadataValues("x-data-bin")
                    call.writeMessage { queue in
                        for value in values {
                            queue.append(array: value)
                            queue.append("|")
                        }
                    }
                }
            ]),
    ])

    @Test(
        "is read as text and as bytes, with and without padding",
        arguments: [
            ("one", "aGVsbG8", "one|hello"), ("", "aGVsbG8=", "|hello"),
            ("two words", "", "two words|"), ("x", "aGVsbG8,d29ybGQ", "x|hello"),
        ])
    func reads(_ text: String, _ binary: String, _ expected: String) async {
        let response = await Self.harness.call(
            "/t/Read", frame(""), headers: [.init("x-text", text), .init("x-data-bin", binary)])
        #expect(response.texts == [expected])
    }

    /// Several values of one field come as several fields, joined by commas, or both.
    @Test("may have several values, in order, each padded or not")
    func several() async {
        let fields = ["aGVsbG8=,d29ybGQ", "", "YQ, Yg==,Yw"]
        let response = await Self.harness.call(
            "/all/Read", frame(""), headers: fields.map { .init("x-data-bin", $0) })
        #expect(response.texts == ["hello|world||a|b|c|"])
        let none = await Self.harness.call("/all/Read", frame(""))
        #expect(none.texts == [""])
        for bad in ["YQ,?", "YQ==YQ", "YQ;Yg", "A"] {
            let response = await Self.harness.call(
                "/all/Read", frame(""), headers: [.init("x-data-bin", bad)])
            #expect(response.grpcStatus == .invalidArgument, "\(bad)")
        }
    }

    @Test("may be absent")
    func absent() async {
        let response = await Self.harness.call("/t/Read", frame(""))
        #expect(response.texts == ["none|none"])
    }

    @Test("that is not base64 is refused")
    func malformed() async {
        let response = await Self.harness.call(
            "/t/Read", frame(""), headers: [.init("x-data-bin", "a?b")])
        #expect(response.grpcStatus == .invalidArgument)
        #expect(response.grpcMessage?.contains("x-data-bin") == true)
    }
}
