import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import LLMGateway
import SwiftProtobuf
import Testing

/// The list of clients/conformance, cell by cell, against the gateway's own binary; run.py there
/// starts it.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct ConformanceTests {
    private static let hello = ChatRequest(model: "demo", "Hello")

    @Test func unary() async throws {
        try await show("unary") { gateway in
            let completion = try await gateway.chat(Self.hello)
            try #require(completion.text.hasPrefix("Hello! I am the demo model"))
            try #require(completion.choices.first?.finishReason == .stop)
            try #require(completion.usage.outputTokens > 0)
            try #require(completion.cost.outputNanoUsd == 2_000 * completion.usage.outputTokens)
            try #require(completion.routing.provider == "scripted")
            var request = ChatRequest(
                model: "demo", messages: [Message(.system, "Be short."), Message(.user, "Hello")])
            request.maxOutputTokens = 3
            request.sampling.temperature = 0.5
            let cut = try await gateway.chat(request)
            try #require(cut.text == "Hello! I am ")
            try #require(cut.choices.first?.finishReason == .length)
        }
    }

    @Test func stream() async throws {
        try await show("stream") { gateway in
            let whole = try await gateway.chat(Self.hello).text
            try await gateway.stream(Self.hello) { stream in
                var texts: [String] = []
                for try await text in stream.texts {
                    try #require(stream.routing?.deployment.isEmpty == false)
                    try #require(stream.finished == nil)
                    texts.append(text)
                }
                try #require(texts.first == "Hello! ")
                try #require(texts.joined() == whole)
                let finished = try #require(stream.finished)
                try #require(finished.usage.outputTokens == Int64(texts.count))
                try #require(finished.usage.source == .reported)
                try #require(finished.cost.outputNanoUsd == 2_000 * finished.usage.outputTokens)
                try #require(finished.routing.hasFirstTokenLatency)
                try #require(finished.outcomes.first?.finishReason == .stop)
            }
        }
    }

    @Test func tools() async throws {
        try await show("tools") { gateway in
            let question = Message(.user, "How warm is it in Oslo?")
            var request = ChatRequest(model: "tools", messages: [question])
            var tool = Tool()
            tool.name = "weather"
            tool.parametersJson = #"{"type":"object"}"#
            request.tools = [tool]
            let completion = try await gateway.chat(request)
            try #require(completion.choices.first?.finishReason == .toolCalls)
            let streamed = try await gateway.stream(request) { stream in
                var count = 0
                for try await _ in stream { count += 1 }
                try #require(count > 2)
                return stream.message
            }
            for message in [try #require(completion.choices.first).message, streamed] {
                let call = try #require(message.toolCalls.first)
                try #require(call.id == "call_1" && call.name == "weather")
                try #require(call.argumentsJson == #"{"city":"Oslo"}"#)
                request.messages = [question, message, Message(resultOf: call, "7 degrees")]
                let answer = try await gateway.chat(request)
                try #require(answer.text == "It is 7 degrees")
            }
        }
    }

    @Test func embeddings() async throws {
        try await show("embeddings") { gateway in
            var request = EmbeddingsRequest(model: "demo", texts: ["a", "b"])
            request.dimensionCount = 8
            let reply = try await gateway.embed(request)
            try #require(reply.embeddings.map(\.floatVector.values.count) == [8, 8])
        }
    }

    @Test func models() async throws {
        try await show("models") { gateway in
            let names = try await gateway.models().map(\.displayName)
            try #require(Set(["demo", "paced", "slow"]).isSubset(of: names))
            let model = try await gateway.model("demo")
            try #require(model.name == "models/demo")
            try await connect(key: variable("DEMO_KEY")) { other in
                let names = try await other.models().map(\.displayName)
                try #require(names == ["demo"])
            }
            try await connect("NEWER_ADDRESS") { later in
                let names = try await later.models().map(\.name)
                try #require(names == ["models/a", "models/b"])
            }
        }
    }

    @Test func deadline() async throws {
        try await show("deadline") { gateway in
            let short = Duration.milliseconds(200)
            let calls: [() async throws -> Void] = [
                {
                    _ = try await gateway.chat(ChatRequest(model: "slow", "Hello"), timeout: short)
                },
                { try await drain(gateway, "slow", timeout: short) },
                { try await drain(gateway, "endless", timeout: short) },
            ]
            for call in calls {
                let began = ContinuousClock.now
                let error = try await failure(call)
                let took = ContinuousClock.now - began
                try #require(error.code == .deadlineExceeded, "\(error)")
                try #require(took > .milliseconds(150) && took < .seconds(5))
            }
        }
    }

    @Test func cancel() async throws {
        try await show("cancel") { gateway in
            try await gateway.stream(ChatRequest(model: "endless", "Hello")) { stream in
                for try await text in stream.texts {
                    try #require(text == "and ")
                    break
                }
            }
            _ = try control("/idle")
            let task = Task { try await drain(gateway, "endless") }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            _ = try await #require(throws: CancellationError.self) { try await task.value }
            _ = try control("/idle")
        }
    }

    @Test func badKey() async throws {
        try await show("bad-key") { _ in
            for key in [nil, "sk-unknown-0123456789"] {
                try await connect(key: key) { gateway in
                    let calls: [() async throws -> Void] = [
                        { _ = try await gateway.chat(Self.hello) },
                        { try await drain(gateway, "demo") },
                        { _ = try await gateway.models() },
                    ]
                    for call in calls {
                        let error = try await failure(call)
                        try #require(
                            error.code == .unauthenticated && error.reason == "KEY_INVALID")
                        try #require(!error.requestID.isEmpty)
                        try #require(error.message.contains(error.requestID))
                    }
                }
            }
        }
    }

    @Test func budget() async throws {
        try await show("budget") { _ in
            try await connect(key: variable("BUDGET_KEY")) { gateway in
                let calls: [() async throws -> Void] = [
                    { _ = try await gateway.chat(Self.hello) },
                    { try await drain(gateway, "demo") },
                ]
                for call in calls {
                    let error = try await failure(call)
                    try #require(error.code == .resourceExhausted)
                    try #require(error.reason == "BUDGET_EXHAUSTED")
                    let wait = try #require(error.retryAfter)
                    try #require(wait > .zero && wait <= .seconds(86_400))
                    let violation = try #require(error.context.violations.first)
                    try #require(violation.subject == "penniless" && violation.kind == .spend)
                    try #require(violation.limit == 100 && violation.remaining == 100)
                    try #require(violation.requested > 100)
                    try #require(violation.resetTime.date > Date())
                }
            }
        }
    }

    @Test func errors() async throws {
        try await show("errors") { gateway in
            let missing = try await failure {
                _ = try await gateway.chat(ChatRequest(model: "nobody", "Hello"))
            }
            try #require(missing.code == .notFound && missing.reason == "MODEL_NOT_FOUND")
            try #require(missing.context.reason == .modelNotFound)
            let streamed = try await failure { try await drain(gateway, "nobody") }
            try #require(streamed.code == .notFound)
            let invalid = try await failure { _ = try await gateway.chat(ChatRequest()) }
            try #require(invalid.code == .invalidArgument)
            try #require(Set(invalid.fields.keys) == ["chat.model", "chat.messages"])
            try await connect(key: variable("DEMO_KEY")) { other in
                let refused = try await failure { try await drain(other, "slow") }
                try #require(refused.code == .permissionDenied)
            }
            let limited = try await failure {
                _ = try await gateway.chat(ChatRequest(model: "limited", "Hello"))
            }
            try #require(limited.reason == "UPSTREAM_RATE_LIMITED")
            try #require(limited.retryAfter == .seconds(7))
            try #require(limited.context.upstreamError.httpStatus == 429)
            try #require(limited.context.upstreamError.message == "slow down")
        }
    }

    @Test func unknownFields() async throws {
        try await show("unknown-fields") { gateway in
            try await connect("NEWER_ADDRESS") { later in
                let completion = try await later.chat(Self.hello)
                try #require(completion.text == "Hello")
                try #require(completion.choices.first?.finishReason == .UNRECOGNIZED(99))
                try #require(!completion.unknownFields.data.isEmpty)
                try await later.stream(Self.hello) { stream in
                    var text = ""
                    for try await piece in stream.texts { text += piece }
                    try #require(text == "Hello" && stream.finished?.usage.outputTokens == 2)
                }
                let error = try await failure {
                    _ = try await later.chat(ChatRequest(model: "moon", "Hello"))
                }
                try #require(error.code == .resourceExhausted)
                try #require(
                    error.reason == "MOON_IN_THE_WRONG_PHASE" && error.requestID == "later")
            }
            // And what the gateway does not know of a later client: field 1000 of the request.
            var request = try ChatRequest(serializedBytes: [0xC0, 0x3E, 7] as [UInt8])
            request.model = "demo"
            request.messages = [Message(.user, "Hello")]
            let completion = try await gateway.chat(request)
            try #require(!completion.text.isEmpty)
        }
    }

    @Test func large() async throws {
        try await show("large") { gateway in
            let text = String(repeating: "x", count: 3_000_000)
            let completion = try await gateway.chat(ChatRequest(model: "demo", text))
            try #require(completion.usage.inputTokens == 750_000)
            var request = EmbeddingsRequest(
                model: "demo", texts: Array(repeating: "a", count: 2_048))
            request.dimensionCount = 1_024
            let reply = try await gateway.embed(request)
            let count = reply.embeddings.reduce(0) { $0 + $1.floatVector.values.count }
            try #require(count == 2_048 * 1_024)
            let error = try await failure {
                _ = try await gateway.chat(ChatRequest(model: "demo", text + text))
            }
            try #require(error.code == .resourceExhausted, "\(error)")
        }
    }

    @Test func reconnect() async throws {
        try await show("reconnect") { gateway in
            try await gateway.stream(ChatRequest(model: "paced", "Hello")) { stream in
                var texts = stream.texts.makeAsyncIterator()
                _ = try await texts.next()
                let model = try control("/restart")
                let end = ContinuousClock.now + .seconds(30)
                while try await !gateway.models().map(\.displayName).contains(model) {
                    // The first calls may still meet the old one; none of them may fail.
                    _ = try await gateway.chat(Self.hello)
                    try #require(ContinuousClock.now < end)
                }
                var count = 1
                while try await texts.next() != nil { count += 1 }
                try #require(count == 400 && stream.finished?.usage.outputTokens == 400)
            }
        }
    }

    @Test func tls() async throws {
        try await show("tls") { _ in
            let authority = variable("TLS_CA")
            let trusting = HTTP2ClientTransport.Posix.TransportSecurity.tls {
                $0.trustRoots = .certificates([.file(path: authority, format: .pem)])
            }
            let text = try await Self.chatByTLS(trusting)
            try #require(!text.isEmpty)
            let error = try await failure { _ = try await Self.chatByTLS(.tls) }
            try #require(error.code == .unavailable, "\(error)")
        }
    }

    private static func chatByTLS(
        _ security: HTTP2ClientTransport.Posix.TransportSecurity
    ) async throws -> String {
        try await withGateway(
            variable("TLS_ADDRESS"), key: variable("KEY"), security: security, timeout: .seconds(10)
        ) { gateway in
            try await gateway.chat(Self.hello).text
        }
    }

    @Test func unreachable() async throws {
        try await show("unreachable") { _ in
            let error = try await failure {
                try await withGateway("127.0.0.1:1", timeout: .seconds(10)) { gateway in
                    _ = try await gateway.chat(Self.hello)
                }
            }
            try #require(error.code == .unavailable, "\(error)")
            try #require(error.reason.isEmpty && error.requestID.isEmpty)
        }
    }
}
