import CGatewayProto
import GatewayPrimitives
import JSON
import Testing

@testable import GRPC

/// The contract's messages stand for all of proto3: what they do not have (signed and fixed
/// numbers) is shared code, and held against Python's implementation with all that they have.
@Suite("Proto JSON")
struct ProtoJSONTests {
    static func descriptor(_ name: String) throws -> UnsafePointer<ProtobufCMessageDescriptor> {
        try #require(ProtoSchema.contract.message(named: name), "\(name)")
    }

    /// JSON to the wire form.
    static func read(
        _ json: String, as name: String, ignoresUnknown: Bool = false
    ) throws -> [UInt8] {
        var text = ByteQueue()
        text.append(text: json)
        let parser = JSONParser()
        var wire = ByteQueue()
        let reader = ProtoJSONReader(ignoresUnknown: ignoresUnknown)
        try reader.read(try parser.parse(text.view), as: try descriptor(name), into: &wire)
        return wire.view.bytes
    }

    /// The wire form to JSON.
    static func write(_ wire: [UInt8], as name: String) throws -> String {
        let message = try descriptor(name)
        var json = ByteQueue()
        try lend(wire) { try ProtoJSONWriter().write($0, as: message, into: &json) }
        return json.view.string
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let type: String
        let json: String
        let canonical: String

        init(_ type: String, _ json: String, _ canonical: String? = nil) {
            self.type = type
            self.json = json
            self.canonical = canonical ?? json
        }

        var testDescription: String { "\(type) \(json)" }
    }

    static let chat = "llmgateway.v1.ChatRequest"
    static let sampling = "llmgateway.v1.SamplingParams"

    @Test(
        "reads what is canonical and what is allowed, and writes what is canonical",
        arguments: [
            Case("grpc.health.v1.HealthCheckRequest", "{}"),
            Case("grpc.health.v1.HealthCheckRequest", #"{"service":""}"#, "{}"),
            Case("grpc.health.v1.HealthCheckRequest", #"{"service":null}"#, "{}"),
            Case("grpc.health.v1.HealthCheckResponse", #"{"status":1}"#, #"{"status":"SERVING"}"#),
            Case("grpc.health.v1.HealthCheckResponse", #"{"status":77}"#),
            Case("grpc.health.v1.HealthCheckResponse", #"{"status":-1}"#),
            Case(
                "grpc.health.v1.HealthListResponse",
                #"{"statuses":{"":{},"a":{"status":"SERVING"}}}"#),
            Case(chat, #"{"max_output_tokens":"12"}"#, #"{"maxOutputTokens":12}"#),
            Case(chat, #"{"maxOutputTokens":1.2e1}"#, #"{"maxOutputTokens":12}"#),
            Case(chat, #"{"store":false,"topLogprobs":0}"#, #"{"topLogprobs":0,"store":false}"#),
            Case(chat, #"{"metadata":{"a":"1","":"2"}}"#),
            Case(chat, #"{"messages":[{"parts":[{"text":""}]},{}]}"#),
            Case(sampling, #"{"temperature":"NaN"}"#),
            Case(sampling, #"{"temperature":"-Infinity"}"#),
            Case(sampling, #"{"temperature":0}"#), Case(sampling, #"{"temperature":-0.0}"#),
            Case(sampling, #"{"temperature":"1.5"}"#, #"{"temperature":1.5}"#),
            Case(sampling, #"{"seed":"-9223372036854775808"}"#),
            Case(sampling, #"{"seed":9223372036854775807}"#, #"{"seed":"9223372036854775807"}"#),
            Case(
                sampling, #"{"stopSequences":["\ud83d\ude00","\"\\\n"]}"#,
                #"{"stopSequences":["😀","\"\\\n"]}"#),
            Case(
                "llmgateway.v1.FloatVector", #"{"values":[0.1,1,-2.5e-3,"Infinity","3"]}"#,
                #"{"values":[0.1,1.0,-0.0025,"Infinity",3.0]}"#),
            Case("llmgateway.v1.FloatVector", #"{"values":[]}"#, "{}"),
            Case(
                "llmgateway.v1.Media", #"{"inlineData":"AA-_","fileName":"a"}"#,
                #"{"inlineData":"AA+/","fileName":"a"}"#),
            Case("google.protobuf.Timestamp", #""1970-01-01T00:00:00Z""#),
            Case("google.protobuf.Timestamp", #""0001-01-01T00:00:00Z""#),
            Case("google.protobuf.Timestamp", #""9999-12-31T23:59:59.999999999Z""#),
            Case(
                "google.protobuf.Timestamp", #""2024-02-29T23:30:00.5-01:30""#,
                #""2024-03-01T01:00:00.500Z""#),
            Case(
                "google.protobuf.Timestamp", #""1969-12-31t23:59:59.000001z""#,
                #""1969-12-31T23:59:59.000001Z""#),
            Case("google.protobuf.Duration", #""-0.5s""#, #""-0.500s""#),
            Case("google.protobuf.Duration", #""315576000000s""#),
            Case("google.protobuf.Duration", #""1.000340012s""#),
            Case("google.protobuf.FieldMask", #""user.displayName,photo""#),
            Case("google.protobuf.FieldMask", #""""#),
            Case("google.protobuf.Any", "{}"),
            Case(
                "google.protobuf.Any",
                #"{"reason":"A","@type":"type.googleapis.com/google.rpc.ErrorInfo"}"#,
                #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"A"}"#),
            Case(
                "google.protobuf.Any",
                #"{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s"}"#),
            Case(
                "google.rpc.Status",
                #"{"code":3,"details":[{"@type":"a/google.rpc.RetryInfo","retryDelay":"2s"}]}"#),
        ])
    func canonical(_ example: Case) throws {
        let wire = try Self.read(example.json, as: example.type)
        #expect(try Self.write(wire, as: example.type) == example.canonical)
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let type: String
        let json: String
        let path: String

        init(_ type: String, _ json: String, at path: String) {
            self.type = type
            self.json = json
            self.path = path
        }

        var testDescription: String { "\(type) \(json)" }
    }

    private static let health = "grpc.health.v1.HealthCheckRequest"
    private static let time = "google.protobuf.Timestamp"
    private static let span = "google.protobuf.Duration"

    @Test(
        "refuses what is not the message, and names the field",
        arguments: [
            Bad(health, "[]", at: ""), Bad(health, "null", at: ""), Bad(health, "\"\"", at: ""),
            Bad(health, #"{"service":1}"#, at: "service"),
            Bad(health, #"{"Service":""}"#, at: "Service"),
            Bad(health, #"{"service":"a","service":null}"#, at: "service"),
            Bad(chat, #"{"maxOutputTokens":1,"max_output_tokens":1}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":1.5}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":3000000000000}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":" 1"}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":""}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":"0x1"}"#, at: "max_output_tokens"),
            Bad(chat, #"{"maxOutputTokens":true}"#, at: "max_output_tokens"),
            Bad(chat, #"{"store":"true"}"#, at: "store"), Bad(chat, #"{"store":1}"#, at: "store"),
            Bad(chat, #"{"messages":{}}"#, at: "messages"),
            Bad(chat, #"{"messages":[null]}"#, at: "messages[0]"),
            Bad(
                chat, #"{"messages":[{},{"parts":[{"text":1}]}]}"#,
                at: "messages[1].parts[0].text"),
            Bad(chat, #"{"messages":[{"role":"ROLE_NOBODY"}]}"#, at: "messages[0].role"),
            Bad(chat, #"{"messages":[{"role":4294967296}]}"#, at: "messages[0].role"),
            Bad(
                chat, #"{"messages":[{"parts":[{"text":"a","refusal":"b"}]}]}"#,
                at: "messages[0].parts[0].refusal"),
            Bad(chat, #"{"metadata":{"a":"1","a":"2"}}"#, at: "metadata.a"),
            Bad(chat, #"{"metadata":{"a":null}}"#, at: "metadata.a"),
            Bad(chat, #"{"metadata":[]}"#, at: "metadata"),
            Bad(sampling, #"{"temperature":"inf"}"#, at: "temperature"),
            Bad(sampling, #"{"temperature":"0x1p3"}"#, at: "temperature"),
            Bad(sampling, #"{"temperature":"1 "}"#, at: "temperature"),
            Bad(sampling, #"{"seed":9223372036854775808}"#, at: "seed"),
            Bad(sampling, #"{"logitBias":{"a":1}}"#, at: "logit_bias.a"),
            Bad("llmgateway.v1.FloatVector", #"{"values":[1e39]}"#, at: "values[0]"),
            Bad("llmgateway.v1.Media", #"{"inlineData":"*"}"#, at: "inline_data"),
            Bad(time, #""1970-01-01""#, at: ""), Bad(time, #""1970-02-29T00:00:00Z""#, at: ""),
            Bad(time, #""0000-12-31T23:59:59Z""#, at: ""),
            Bad(time, #""1970-01-01T00:00:60Z""#, at: ""),
            Bad(time, #""1970-01-01T24:00:00Z""#, at: ""),
            Bad(time, #""1970-01-01T00:00:00""#, at: ""),
            Bad(time, #""1970-01-01T00:00:00.Z""#, at: ""),
            Bad(time, #""1970-01-01T00:00:00Z ""#, at: ""),
            Bad(time, #""1970-01-01T00:00:00.1234567890Z""#, at: ""), Bad(time, "0", at: ""),
            Bad(time, #""9999-12-31T23:59:59-00:01""#, at: ""),
            Bad(span, #""1""#, at: ""), Bad(span, #""s""#, at: ""), Bad(span, #""1.s""#, at: ""),
            Bad(span, #""315576000001s""#, at: ""), Bad(span, #""+1s""#, at: ""),
            Bad(span, "1", at: ""),
            Bad("google.protobuf.FieldMask", #""a_b""#, at: ""),
            Bad("google.protobuf.FieldMask", #""a,,b""#, at: ""),
            Bad("google.protobuf.FieldMask", #""a,""#, at: ""),
            Bad("google.protobuf.Any", #"{"a":1}"#, at: ""),
            Bad("google.protobuf.Any", #"{"@type":"google.rpc.ErrorInfo"}"#, at: "@type"),
            Bad("google.protobuf.Any", #"{"@type":"a/nobody.Knows"}"#, at: "@type"),
            Bad("google.protobuf.Any", #"{"@type":"a/google.protobuf.Duration"}"#, at: ""),
        ])
    func refuses(_ example: Bad) throws {
        #expect {
            try Self.read(example.json, as: example.type)
        } throws: { error in
            (error as? MessageError)?.path == example.path
        }
    }

    @Test("passes over what is not known when it is told to")
    func unknown() throws {
        let wire = try Self.read(
            #"{"nobody":[{"a":1}],"model":"m","messages":[{"role":"ROLE_NEW","x":1}]}"#,
            as: Self.chat, ignoresUnknown: true)
        #expect(try Self.write(wire, as: Self.chat) == #"{"model":"m","messages":[{}]}"#)
    }

    @Test("does not follow messages without end")
    func depth() throws {
        let any = #""@type":"a/google.rpc.Status","details":["#
        let json = String(repeating: "{\(any)", count: 20) + String(repeating: "]}", count: 20)
        #expect(throws: MessageError.self) { try Self.read(json, as: "google.protobuf.Any") }
    }

    /// What this process does not pack itself may come in any order.
    @Test("leaves out a repeated field whose packed form has no elements")
    func emptyPackedFields() throws {
        let list = "llmgateway.v1.TokenList"
        #expect(try Self.write([0x0A, 0x00], as: list) == "{}")
        #expect(
            try Self.write([0x0A, 0x01, 0x05, 0x0A, 0x00], as: list) == #"{"tokenIds":[5]}"#)
    }

    @Test("writes repeated fields that are spread, the last of a oneof, and merged messages")
    func disorder() throws {
        // Part: text = 1, refusal = 2 or so; taken from the schema so that numbers may change.
        let part = try Self.descriptor("llmgateway.v1.Part")
        let text = try #require(part.field(jsonName: ByteView("text"))).id
        let refusal = try #require(part.field(jsonName: ByteView("refusal"))).id
        var wire = ByteQueue()
        WireWriter.append(lengthPrefixed: text, to: &wire) { $0.append("a") }
        WireWriter.append(lengthPrefixed: refusal, to: &wire) { $0.append("b") }
        #expect(try Self.write(wire.view.bytes, as: "llmgateway.v1.Part") == #"{"refusal":"b"}"#)
        // FieldViolation of BadRequest, and ErrorInfo: reason = 1, domain = 2, metadata = 3.
        let info: [UInt8] = [18, 1, 0x64, 10, 1, 0x61, 10, 1, 0x62]
        #expect(
            try Self.write(info, as: "google.rpc.ErrorInfo") == #"{"reason":"b","domain":"d"}"#)
        let status: [UInt8] = [26, 0, 8, 3, 26, 0]
        #expect(
            try Self.write(status, as: "google.rpc.Status") == #"{"code":3,"details":[{},{}]}"#)
        // RetryInfo: retry_delay = 1, twice: its seconds and its nanoseconds.
        let delay: [UInt8] = [10, 2, 8, 1, 10, 6, 16, 0x80, 0xCA, 0xB5, 0xEE, 1]
        #expect(
            try Self.write(delay, as: "google.rpc.RetryInfo") == #"{"retryDelay":"1.500s"}"#)
    }

    @Test("refuses to write what is cut or malformed")
    func cut() throws {
        let whole = try Self.read(
            #"{"model":"m","messages":[{"parts":[{"text":"hello"}]}],"metadata":{"a":"b"}}"#,
            as: Self.chat)
        var failures = 0
        for count in 0..<whole.count {
            do {
                _ = try Self.write(Array(whole.prefix(count)), as: Self.chat)
            } catch is MessageError {
                failures += 1
            }
        }
        // A cut between two fields leaves a message.
        #expect(failures >= whole.count - 4)
    }

    @Test(
        "refuses to write a path that would come back as another",
        arguments: [[""], ["", ""], ["a", ""], ["a,b"], ["aB"], ["a_"], ["a_1"]])
    func paths(_ paths: [String]) throws {
        var wire = ByteQueue()
        for path in paths {
            WireWriter.append(lengthPrefixed: 1, to: &wire) { $0.append(array: Array(path.utf8)) }
        }
        #expect(throws: MessageError.self) {
            try Self.write(wire.view.bytes, as: "google.protobuf.FieldMask")
        }
    }

    @Test("survives random bytes and random JSON")
    func random() throws {
        var random = SeededRandom(seed: 11)
        let names = ProtoSchema.contract.messageNames
        for _ in 0..<3000 {
            let name = try #require(names.randomElement(using: &random))
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            _ = try? Self.write(bytes, as: name)
        }
    }

    @Test("knows every map of the contract by its descriptor")
    func maps() throws {
        let chat = try Self.descriptor(Self.chat)
        #expect(chat.field(jsonName: ByteView("metadata"))?.mapEntry != nil)
        #expect(chat.field(jsonName: ByteView("messages"))?.mapEntry == nil)
        let list = try Self.descriptor("grpc.health.v1.HealthListResponse")
        #expect(list.field(jsonName: ByteView("statuses"))?.mapEntry != nil)
    }
}
