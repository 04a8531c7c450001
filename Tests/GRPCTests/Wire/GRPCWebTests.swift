import Foundation
import Testing
import Transport

@testable import GRPC

@Suite("gRPC-Web", .timeLimit(.minutes(1)))
struct GRPCWebTests {
    let harness = GRPCHarness([EchoService.service])

    private func call(
        _ method: String, _ body: [UInt8], type: String = "application/grpc-web+proto",
        isHTTP2: Bool = false, headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        await harness.client.send(
            InProcessRequest(
                target: "/test.v1.Echo/\(method)",
                headers: [.init("content-type", type)] + headers, body: body, isHTTP2: isHTTP2))
    }

    /// The messages of a body, and the trailers at its end.
    private static func parts(
        _ body: [UInt8]
    ) throws -> (messages: [String], trailers: [String]) {
        var rest = body[...]
        var messages: [String] = []
        while let flag = rest.first {
            let count = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let content = rest.dropFirst(5).prefix(count)
            try #require(content.count == count, "a piece is cut")
            rest = rest.dropFirst(5 + count)
            let text = String(decoding: content, as: UTF8.self)
            if flag == 0x80 {
                #expect(rest.isEmpty, "nothing stands behind the trailers")
                return (messages, text.split(separator: "\r\n").map(String.init))
            }
            messages.append(text)
        }
        Issue.record("there are no trailers")
        return (messages, [])
    }

    @Test(
        "sends the trailers at the end of the body, in either HTTP version",
        arguments: [true, false])
    func binary(isHTTP2: Bool) async throws {
        let response = await call("Unary", frame("hello"), isHTTP2: isHTTP2)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/grpc-web+proto")
        #expect(response.trailers.isEmpty)
        let (messages, trailers) = try Self.parts(response.body)
        #expect(messages == ["hello"])
        #expect(trailers.contains("grpc-status: 0"))
        #expect(trailers.contains("x-length: counted"))
        #expect(trailers.contains("x-bytes-bin: aGVsbG8"))
    }

    @Test("streams messages")
    func streaming() async throws {
        let response = await call("Server", frame("abc"))
        let (messages, trailers) = try Self.parts(response.body)
        #expect(messages == ["a", "b", "c"])
        #expect(trailers == ["grpc-status: 0"])
    }

    @Test("sends a failure as trailers too")
    func failure() async throws {
        let response = await call("Nothing", frame(""))
        #expect(response.status == 200)
        #expect(response.header("grpc-status") == nil)
        let (messages, trailers) = try Self.parts(response.body)
        #expect(messages.isEmpty)
        #expect(trailers.first == "grpc-status: 12")
        #expect(trailers.last?.hasPrefix("grpc-message: There is no method") == true)
    }

    @Test("needs HTTP/2 where messages go both ways at once")
    func bidirectional() async throws {
        #expect(await call("Bidi", frame("a")).status == 505)
        let response = await call("Bidi", frame("a") + frame("b"), isHTTP2: true)
        #expect(try Self.parts(response.body).messages == ["a", "b"])
    }

    /// A message in Base64, and the body of the response without it, piece by piece.
    @Test("as text is Base64 both ways, however the request is cut")
    func text() async throws {
        let bytes = frame("hello") + frame("world!")
        let whole = Data(bytes).base64EncodedString()
        let pieces =
            Data(frame("hello")).base64EncodedString() + Data(frame("world!")).base64EncodedString()
        for body in [whole, pieces] {
            let response = await call(
                "Client", Array(body.utf8), type: "application/grpc-web-text")
            #expect(response.header("content-type") == "application/grpc-web-text+proto")
            let decoded = try Self.decoded(response.text)
            let (messages, trailers) = try Self.parts(decoded)
            #expect(messages == ["helloworld!"])
            #expect(trailers == ["grpc-status: 0"])
        }
    }

    /// Groups of four characters, of which any may be padded.
    private static func decoded(_ text: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            bytes += try #require(Data(base64Encoded: String(rest.prefix(4))))
            rest = rest.dropFirst(4)
        }
        return bytes
    }

    @Test("as text is refused when it is not Base64", arguments: ["AAAA*AAA", "AAAAAG", "===="])
    func badText(_ body: String) async throws {
        let response = await call("Unary", Array(body.utf8), type: "application/grpc-web-text")
        let (_, trailers) = try Self.parts(try Self.decoded(response.text))
        #expect(trailers.first == "grpc-status: 13")
    }

    @Test("as text comes in pieces that belong together")
    func piecewise() async throws {
        let text = Array(Data(frame("hello")).base64EncodedString().utf8)
        let call = harness.client.start(
            InProcessRequest(
                target: "/test.v1.Echo/Unary",
                headers: [.init("content-type", "application/grpc-web-text")], isComplete: false))
        for byte in text { call.send([byte]) }
        call.finish()
        let response = await call.response()
        #expect(try Self.parts(try Self.decoded(response.text)).messages == ["hello"])
    }
}
