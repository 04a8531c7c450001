import CGatewayProto
import GRPC
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// Bad calls and failing upstreams over gRPC: each its status, and details that programs read.
@Suite(.timeLimit(.minutes(1)))
struct V1ErrorsTests {
    private static let generate = APIHarness.chatService + "GenerateChatCompletion"
    private static let stream = APIHarness.chatService + "StreamChatCompletion"

    /// Makes the call by both methods and checks what both say.
    private func check(
        _ harness: APIHarness, _ message: [UInt8], key: String? = APIHarness.masterKey,
        _ status: Int, _ reason: String, _ words: String, fields: [String] = []
    ) async throws {
        for path in [Self.generate, Self.stream] {
            let response = await harness.rpc(path, message: message, key: key)
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
            #expect(response.grpcStatus == status, "\(words)")
            let failure = try #require(try response.failure())
            #expect(failure.code == status)
            #expect(failure.reason == reason)
            #expect(failure.domain == "llmgateway")
            #expect(failure.message.contains(words), "\(failure.message)")
            #expect(failure.fields == fields, "\(failure.fields)")
            let id = String(cString: try #require(failure.context?.completion_id))
            #expect(failure.message.contains(id), "the id of the call's record")
            #expect(!failure.message.contains("sk-unknown"), "no key is repeated")
            #expect(await harness.records().last?.id.text == id)
        }
    }

    @Test func keysAndModels() async throws {
        let harness = try APIHarness()
        let demo = APIHarness.chatMessage("demo")
        try await check(harness, demo, key: nil, 16, "KEY_INVALID", "No API key")
        try await check(harness, demo, key: "sk-unknown", 16, "KEY_INVALID", "not known")
        try await check(
            harness, APIHarness.chatMessage("nope"), 5, "MODEL_NOT_FOUND", "no model `nope`",
            fields: ["model"])
        try await check(
            harness, APIHarness.chatMessage("slow"), key: APIHarness.narrowKey, 7, "NOT_ALLOWED",
            "may not use model `slow`", fields: ["model"])
    }

    @Test func messagesThatAreNotComplete() async throws {
        let harness = try APIHarness()
        try await check(harness, [], 3, "INVALID_REQUEST", "chat is required", fields: ["chat"])
        let bare = APIHarness.packed(V1Types.generateRequest) { arena, request in
            request.chat = arena.make(ClientMessages.chat)
        }
        try await check(
            harness, bare, 3, "INVALID_REQUEST", "chat.model is required",
            fields: ["chat.model", "chat.messages"])
        let changes: [(String, (MessageArena, inout Llmgateway__V1__ChatRequest) -> Void)] = [
            (
                "chat.messages[0].role",
                { _, chat in
                    chat.messages[0]?.pointee.role = LLMGATEWAY__V1__ROLE__ROLE_UNSPECIFIED
                }
            ),
            ("chat.messages[0].parts", { _, chat in chat.messages[0]?.pointee.n_parts = 0 }),
            (
                "chat.messages[0].parts[0]",
                { _, chat in
                    chat.messages[0]?.pointee.parts[0]?.pointee.content_case =
                        LLMGATEWAY__V1__PART__CONTENT__NOT_SET
                }
            ),
            ("chat.choice_count", { _, chat in chat.choice_count = 129 }),
            ("chat.choice_count", { _, chat in chat.choice_count = -1 }),
            ("chat.max_output_tokens", { _, chat in chat.max_output_tokens = -1 }),
            (
                "chat.tools[0].name",
                { arena, chat in
                    chat.n_tools = 1
                    chat.tools = arena.array([Optional(arena.make(ClientMessages.tool))])
                }
            ),
        ]
        for (field, change) in changes {
            let response = await harness.rpc(
                Self.generate, message: APIHarness.chatMessage("demo", change))
            #expect(response.grpcStatus == 3, "\(field)")
            #expect(try response.failure()?.fields == [field])
        }
    }

    /// Bytes that are no message, however they are not.
    @Test(
        arguments: [
            [0xFF], [0x0A, 0x05], [0x0A, 0x01, 0x08], [0x0A, 0x03, 0x0A, 0x01, 0xFF],
            [0x0A, 0x04, 0x0A, 0x02, 0x61, 0x00], [0x0B], [0x00],
        ] as [[UInt8]])
    func bytesThatAreNoMessage(message: [UInt8]) async throws {
        let harness = try APIHarness()
        for path in [Self.generate, Self.stream] {
            let response = await harness.rpc(path, message: message)
            #expect(response.grpcStatus == 3)
            #expect(try response.failure()?.reason == "INVALID_REQUEST")
        }
    }

    @Test func framesThatAreNone() async throws {
        let harness = try APIHarness(messageBytesMax: 1_000)
        let frame = APIHarness.framed(APIHarness.chatMessage("demo"))
        let call = { (body: [UInt8]) in
            await harness.client.send(APIHarness.rpc(Self.stream, body))
        }
        for count in 0..<frame.count {
            let status = await call(Array(frame.prefix(count))).grpcStatus
            #expect(status != 0 && status != nil, "cut at \(count)")
        }
        #expect(await call(frame + frame).grpcStatus != 0, "one message too many")
        var compressed = frame
        compressed[0] = 1
        #expect(await call(compressed).grpcStatus != 0)
        // The length alone is enough to refuse it.
        let large = await call([0, 0, 0x10, 0, 0])
        #expect(large.grpcStatus == 8)
        #expect(await call(frame).grpcStatus == 0)
        #expect(await harness.armedTimers() == 0)
    }

    @Test func methodsThatAreNotServed() async throws {
        let harness = try APIHarness()
        for path in [
            "Nothing", "",
        ].map({ APIHarness.chatService + $0 }) + ["/llmgateway.v1.AdminService/CreateKey", "/x/y"] {
            let response = await harness.rpc(path, message: [])
            #expect(response.grpcStatus == 12, "\(path)")
        }
        let timeout = [InProcessRequest.Field("grpc-timeout", "soon")]
        let response = await harness.rpc(
            Self.stream, message: APIHarness.chatMessage("demo"), headers: timeout)
        #expect(response.grpcStatus != 0)
    }

    /// The table of errors for what upstreams do.
    @Test(arguments: [
        (GatewayError.Reason.upstreamUnavailable, 14), (.upstreamRateLimited, 8),
        (.upstreamAuthFailed, 9), (.upstreamRejected, 9), (.contextWindowExceeded, 3),
        (.contentPolicy, 3), (.timedOut, 4), (.overloaded, 14), (.internalFault, 13),
    ])
    func upstreamsErrors(reason: GatewayError.Reason, status: Int) async throws {
        var failure = GatewayError(
            reason, origin: .upstream, retry: .otherDeployment, message: "It failed.",
            retryAfter: .milliseconds(2_500), outcome: .rateLimited)
        var fault = UpstreamFault(provider: .openAI, deployment: "steps-6", httpStatus: 429)
        fault.code = "their_code"
        fault.message = "their words"
        failure.upstream = fault
        let harness = try APIHarness(steps: [[.fail(failure)], [.fail(failure)]])
        let response = await harness.rpc(Self.generate, message: APIHarness.chatMessage("steps"))
        #expect(response.grpcStatus == status)
        let read = try #require(try response.failure())
        #expect(read.retrySeconds == 2.5)
        if reason != .internalFault { #expect(read.reason == reason.rawValue) }
        let context = try #require(read.context)
        #expect(context.n_attempts == 2)
        #expect(
            context.attempts[1]?.pointee.outcome
                == LLMGATEWAY__V1__ATTEMPT_OUTCOME__ATTEMPT_OUTCOME_RATE_LIMITED)
        #expect(context.attempts[0]?.pointee.http_status == 429)
        let upstream = try #require(context.upstream_error).pointee
        #expect(String(cString: upstream.code) == "their_code")
        #expect(String(cString: upstream.message) == "their words")
        #expect(upstream.http_status == 429)
    }

    /// After hundreds of failures of every kind the gateway serves as before, and holds nothing.
    @Test func nothingIsLeftOfFailures() async throws {
        let harness = try APIHarness()
        let messages: [[UInt8]] = [
            [], [0xFF], APIHarness.chatMessage("nope"), APIHarness.chatMessage("vectors"),
        ]
        for index in 0..<200 {
            let response = await harness.rpc(Self.stream, message: messages[index % messages.count])
            #expect(response.grpcStatus != 0)
        }
        for _ in 0..<100 {
            let call = harness.client.start(
                APIHarness.rpc(Self.stream, [0, 0], isComplete: false))
            call.goAway()
            _ = await call.response()
        }
        let response = await harness.rpc(Self.stream, message: APIHarness.chatMessage("demo"))
        #expect(response.grpcStatus == 0)
        #expect(await harness.records().count == 301)
        #expect(await harness.armedTimers() == 0)
    }
}
