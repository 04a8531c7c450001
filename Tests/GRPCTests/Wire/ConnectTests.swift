import Foundation
import Testing
import Transport

@testable import GRPC

@Suite("Connect", .timeLimit(.minutes(1)))
struct ConnectTests {
    let harness = GRPCHarness([JSONEcho.service, EchoService.service])

    private func call(
        _ method: String, _ body: [UInt8], type: String? = "application/json",
        verb: String = "POST", isHTTP2: Bool = false, headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        let type = type.map { [InProcessRequest.Field("content-type", $0)] } ?? []
        return await harness.client.send(
            InProcessRequest(
                method: verb, target: JSONEcho.path + method, headers: type + headers, body: body,
                isHTTP2: isHTTP2))
    }

    private func call(
        _ method: String, _ body: String, type: String = "application/json",
        headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        await call(method, Array(body.utf8), type: type, headers: headers)
    }

    private static func json(_ text: String) throws -> NSDictionary {
        try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary, "\(text)")
    }

    // MARK: - One message each way

    @Test("answers JSON with JSON, metadata in fields", arguments: ["{}", #"{"service":"ab"}"#])
    func unaryJSON(_ body: String) async throws {
        let response = await call("Check", body)
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/json")
        #expect(response.text == #"{"status":"SERVING"}"#)
        #expect(response.header("x-initial") == "first")
        #expect(response.header("trailer-x-service") == (body == "{}" ? "0" : "2"))
        #expect(response.header("content-length") == nil || response.trailers.isEmpty)
    }

    @Test("answers protobuf with protobuf")
    func unaryProto() async {
        let response = await call("Check", [10, 1, 0x61], type: "application/proto")
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/proto")
        #expect(response.body == [8, 1])
        #expect(response.header("trailer-x-service") == "1")
    }

    @Test("shows a failure as an HTTP status and JSON, with its details")
    func unaryFailure() async throws {
        for type in ["application/json", "application/proto"] {
            let body =
                type == "application/json"
                ? Array(#"{"service":"fails"}"#.utf8)
                : [10, 5] + Array("fails".utf8)
            let response = await call("Check", body, type: type)
            #expect(response.status == 429)
            #expect(response.header("content-type") == "application/json")
            let error = try Self.json(response.text)
            #expect(error["code"] as? String == "resource_exhausted")
            #expect(error["message"] as? String == "It is \"too\" hot.")
            let details = try #require(error["details"] as? [NSDictionary])
            try #require(details.count == 1)
            #expect(details[0]["type"] as? String == "google.rpc.ErrorInfo")
            #expect(details[0]["value"] as? String == "CgdUT09fSE9UEgR0ZXN0")
            #expect(
                details[0]["debug"] as? NSDictionary
                    == ["reason": "TOO_HOT", "domain": "test"] as NSDictionary)
        }
    }

    @Test(
        "refuses what is not the message, and says where",
        arguments: [
            ("", "not JSON"), ("{", "not JSON"), ("[]", "must be an object"),
            (#"{"service":1}"#, "service"), (#"{"nobody":1}"#, "nobody"),
            (#"{"service":"a","service":"b"}"#, "twice"), ("{} {}", "not JSON"),
            (#"{"service":"\ud800"}"#, "not JSON"), (#"{"service":"a\u0000b"}"#, "NUL"),
        ])
    func badMessages(_ body: String, _ words: String) async throws {
        let response = await call("Check", body)
        #expect(response.status == 400)
        let error = try Self.json(response.text)
        #expect(error["code"] as? String == "invalid_argument")
        #expect((error["message"] as? String ?? "").contains(words))
    }

    @Test("keeps the bound of a message")
    func bound() async throws {
        var limits = GRPCLimits()
        limits.messageBytesMax = 100
        let harness = GRPCHarness([JSONEcho.service], limits: limits)
        let body = Array(#"{"service":"\#(String(repeating: "x", count: 100))"}"#.utf8)
        let response = await harness.client.send(
            InProcessRequest(
                target: JSONEcho.path + "Check",
                headers: [.init("content-type", "application/json")], body: body, isHTTP2: false))
        #expect(response.status == 429)
    }

    @Test("checks its own fields")
    func fields() async throws {
        for (field, status) in [
            (InProcessRequest.Field("connect-protocol-version", "1"), 200),
            (.init("connect-protocol-version", "2"), 400),
            (.init("connect-timeout-ms", "1000"), 200),
            (.init("connect-timeout-ms", "12345678901"), 400),
            (.init("connect-timeout-ms", "-1"), 400),
            (.init("connect-timeout-ms", ""), 400), (.init("content-encoding", "identity"), 200),
        ] {
            let response = await call("Check", "{}", headers: [field])
            #expect(response.status == status, "\(field)")
        }
        let late = await call("Check", "{}", headers: [.init("connect-timeout-ms", "0")])
        #expect(late.status == 504)
        #expect(try Self.json(late.text)["code"] as? String == "deadline_exceeded")
    }

    @Test("compresses both ways, as it is asked")
    func compression() async throws {
        let response = await call(
            "Check", try Gzip.compress(Array(#"{"service":"ab"}"#.utf8)),
            headers: [.init("content-encoding", "gzip"), .init("accept-encoding", "gzip")])
        #expect(response.status == 200)
        #expect(response.header("trailer-x-service") == "2")
        let unknown = await call("Check", "{}", headers: [.init("content-encoding", "br")])
        #expect(unknown.status == 501)
        #expect(unknown.header("accept-encoding") == "gzip")
        let bad = await call("Check", "{}", headers: [.init("content-encoding", "gzip")])
        #expect(bad.status == 400)
        #expect(bad.text.contains("invalid_argument"))
    }

    // MARK: - GET

    @Test(
        "serves methods that change nothing by GET",
        arguments: [
            "encoding=json&message=%7B%22service%22%3A%22ab%22%7D&connect=v1",
            "message=eyJzZXJ2aWNlIjoiYWIifQ&base64=1&encoding=json",
            "message=eyJzZXJ2aWNlIjoiYWIifQ==&base64=1&encoding=json",
            "encoding=proto&message=%0A%02ab", "encoding=proto&base64=1&message=CgJhYg",
        ])
    func get(_ query: String) async {
        let response = await call("Check?\(query)", [], type: nil, verb: "GET")
        #expect(response.status == 200, "\(response.text)")
        #expect(response.header("trailer-x-service") == "2")
    }

    @Test(
        "refuses a GET that is not one",
        arguments: [
            ("encoding=json", 400), ("message={}", 415), ("encoding=xml&message={}", 415),
            ("encoding=json&message=%7", 400), ("encoding=json&message=%zz", 400),
            ("encoding=json&message=***&base64=1", 400), ("", 415),
            ("encoding=json&message=%7B%7D&connect=v2", 400),
            ("encoding=json&message=%7B%7D&compression=br", 400),
            ("encoding=json&message=%7B%7D&compression=gzip", 400), ("encoding=json&message=", 400),
        ])
    func badGet(_ query: String, _ status: Int) async {
        let response = await call("Check?\(query)", [], type: nil, verb: "GET")
        #expect(response.status == status, "\(response.text)")
    }

    @Test("allows GET only where nothing is changed")
    func methods() async {
        let watch = await call("Watch?encoding=json&message=%7B%7D", [], type: nil, verb: "GET")
        #expect(watch.status == 405)
        #expect(watch.header("allow") == "POST")
        let put = await call("Check", [], verb: "PUT")
        #expect(put.status == 405)
        #expect(put.header("allow") == "GET, POST")
    }

    // MARK: - Streams

    /// The pieces of a body: flags and content.
    private static func pieces(_ body: [UInt8]) -> [(flags: UInt8, text: String)] {
        var rest = body[...]
        var pieces: [(flags: UInt8, text: String)] = []
        while let flags = rest.first {
            let count = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            pieces.append((flags, String(decoding: rest.dropFirst(5).prefix(count), as: UTF8.self)))
            rest = rest.dropFirst(5 + count)
        }
        return pieces
    }

    @Test("streams JSON, and ends with a message of its own")
    func stream() async throws {
        let response = await call(
            "Watch", frame(#"{"service":"x"}"#), type: "application/connect+json")
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/connect+json")
        let pieces = Self.pieces(response.body)
        try #require(pieces.map(\.flags) == [0, 0, 2])
        #expect(pieces[0].text == #"{"status":"NOT_SERVING"}"#)
        #expect(pieces[1].text == #"{"status":"SERVING"}"#)
        #expect(pieces[2].text == #"{"metadata":{"x-trailer":["a","b"]}}"#)
    }

    @Test("ends a stream that fails with the error")
    func streamFailure() async throws {
        let response = await call(
            "Watch", frame([10, 5] + Array("fails".utf8)), type: "application/connect+proto")
        #expect(response.status == 200)
        let pieces = Self.pieces(response.body)
        try #require(pieces.map(\.flags) == [0, 0, 2])
        let end = try Self.json(pieces[2].text)
        let error = try #require(end["error"] as? NSDictionary)
        #expect(error["code"] as? String == "resource_exhausted")
        #expect((error["details"] as? [NSDictionary])?.count == 1)
        #expect((end["metadata"] as? NSDictionary)?["x-trailer"] as? [String] == ["a", "b"])
    }

    @Test("keeps unary and streaming methods apart, and says what is taken")
    func kinds() async {
        let stream = await call("Check", frame("{}"), type: "application/connect+json")
        #expect(stream.status == 415)
        #expect(stream.header("accept-post")?.contains("application/json") == true)
        let unary = await call("Watch", "{}")
        #expect(unary.status == 415)
        #expect(unary.header("accept-post")?.contains("connect+json") == true)
        let form = await call("Check", "{}", type: "application/x-www-form-urlencoded")
        #expect(form.status == 415)
        let nobody = await call("Nobody", frame("{}"), type: "application/connect+json")
        #expect(nobody.status == 404)
    }

    @Test("knows no JSON of messages that the contract has not")
    func unknownMessages() async {
        let response = await harness.client.send(
            InProcessRequest(
                target: "/test.v1.Echo/Unary", headers: [.init("content-type", "application/json")],
                body: Array("{}".utf8)))
        #expect(response.status == 415)
        let proto = await harness.client.send(
            InProcessRequest(
                target: "/test.v1.Echo/Unary",
                headers: [.init("content-type", "application/proto")], body: [1, 2]))
        #expect(proto.body == [1, 2])
    }

    @Test("the same methods in JSON over gRPC and gRPC-Web")
    func otherWires() async throws {
        let response = await call(
            "Check", frame("{}"), type: "application/grpc-web+json")
        #expect(Self.pieces(response.body).first?.text == #"{"status":"SERVING"}"#)
        let grpc = await harness.client.send(
            InProcessRequest(
                target: JSONEcho.path + "Check",
                headers: [.init("content-type", "application/grpc+json")], body: frame("{}")))
        #expect(grpc.texts == [#"{"status":"SERVING"}"#])
        #expect(grpc.grpcStatus == .ok)
    }

    private func call(
        _ method: String, _ body: [UInt8], type: String
    ) async -> InProcessResponse {
        await call(method, body, type: Optional(type))
    }
}
