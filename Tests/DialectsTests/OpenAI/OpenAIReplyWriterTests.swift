import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Typed events as a stream of OpenAI's chunks.
struct OpenAIReplyWriterTests {
    private func text(_ text: StaticString, choice: Int = 0) -> ReplyEvent {
        ReplyEvent(.delta(ChatDelta(choiceIndex: choice, content: .text(ByteView(text)))))
    }

    private func call(_ id: StaticString, _ name: StaticString, _ part: Int) -> ReplyEvent {
        let content = ChatDelta.Content.toolCall(
            id: ByteView(id), name: ByteView(name), argumentsJSON: ByteView("{\"a\":1}"))
        return ReplyEvent(.delta(ChatDelta(partIndex: part, content: content)))
    }

    private func objects(_ stream: String) throws -> [NSDictionary] {
        try SSEReading.data(of: Array(stream.utf8)).map {
            try #require(FoundationJSON.object($0.view.string), "\($0.view.string)")
        }
    }

    /// As LiteLLM has it: each piece with its text, the last with the signature.
    @Test func signedReasoningIsToldInBlocks() throws {
        var piece = ChatDelta(content: .reasoning(ByteView("Hm")))
        piece.isSigned = true
        var signature = ChatDelta(content: .reasoning(.empty))
        signature.isSigned = true
        signature.signature = ByteView("s")
        let redacted = ChatDelta(partIndex: 1, content: .redactedReasoning(ByteView("R")))
        let unsigned = ChatDelta(partIndex: 2, content: .reasoning(ByteView("x")))
        var writer = OpenAIReplyWriter(id: "i", created: 5, model: "m")
        let stream = written { output in
            for delta in [piece, signature, redacted, unsigned] {
                writer.writeChunk(ReplyEvent(.delta(delta)), into: &output)
            }
        }
        let told = try objects(stream).map { $0.at("choices.0.delta.thinking_blocks") }
        let wanted = [
            #"[{"type":"thinking","thinking":"Hm","signature":""}]"#,
            #"[{"type":"thinking","thinking":"","signature":"s"}]"#,
            #"[{"type":"redacted_thinking","data":"R"}]"#,
        ].map { FoundationJSON.value(Array($0.utf8)) }
        #expect(told == wanted + [nil])
    }

    @Test func theRoleIsToldOncePerChoice() throws {
        var writer = OpenAIReplyWriter(id: "i\"d", created: 5, model: "m\\x")
        let stream = written {
            writer.writeChunk(text("Hi \"you\"\n"), into: &$0)
            writer.writeChunk(text("b", choice: 1), into: &$0)
            writer.writeChunk(text("c"), into: &$0)
        }
        let chunks = try objects(stream)
        #expect(
            chunks.map { $0.at("choices.0.delta.role") as? String } == [
                "assistant", "assistant", nil,
            ])
        #expect(
            chunks.map { $0.at("choices.0.delta.content") as? String } == [
                "Hi \"you\"\n", "b", "c",
            ])
        #expect(chunks.map { $0.at("choices.0.index") as? Int } == [0, 1, 0])
        for chunk in chunks {
            #expect(chunk.at("id") as? String == "i\"d")
            #expect(chunk.at("model") as? String == "m\\x")
            #expect(chunk.at("object") as? String == "chat.completion.chunk")
            #expect(chunk.at("created") as? Int == 5)
            #expect(chunk.at("choices.0.finish_reason") is NSNull)
        }
    }

    /// The core numbers all parts together, OpenAI the calls among themselves.
    @Test func callsAreNumberedAmongThemselves() throws {
        var writer = OpenAIReplyWriter(id: "i", created: 5, model: "m")
        let stream = written {
            writer.writeChunk(text("a"), into: &$0)
            writer.writeChunk(call("x", "f", 1), into: &$0)
            writer.writeChunk(call("y", "g", 4), into: &$0)
            writer.writeChunk(call("", "", 1), into: &$0)
        }
        let calls = try objects(stream).dropFirst().map { $0.at("choices.0.delta.tool_calls.0") }
        #expect(calls.map { ($0 as? NSDictionary)?.at("index") as? Int } == [0, 1, 0])
        #expect(calls.map { ($0 as? NSDictionary)?.at("id") as? String } == ["x", "y", nil])
        #expect(
            calls.map { ($0 as? NSDictionary)?.at("function.name") as? String } == ["f", "g", nil])
        #expect(
            calls.map { ($0 as? NSDictionary)?.at("type") as? String } == [
                "function", "function", nil,
            ])
    }

    @Test func eventsThatSayNothingAreNotWritten() {
        var writer = OpenAIReplyWriter(id: "i", created: 5, model: "m")
        let stream = written {
            writer.writeChunk(ReplyEvent(.started(ReplyStarted())), into: &$0)
            writer.writeChunk(ReplyEvent(.delta(ChatDelta(content: .none))), into: &$0)
        }
        #expect(stream == "")
    }

    @Test func theEndTellsReasonsAndUsage() throws {
        let writer = OpenAIReplyWriter(id: "i", created: 5, model: "m")
        let finished = ReplyFinished(
            outcomes: [
                ChoiceOutcome(choiceIndex: 0, reason: .stop, cause: .model),
                ChoiceOutcome(choiceIndex: 1, reason: .refusal, cause: .model),
            ], usage: .reported(input: 3, output: 4, cached: 2, reasoning: 1),
            providerFieldsJSON: #"{"groundingMetadata":{"a":1}}"#)
        for wantsUsage in [true, false] {
            var copy = writer
            let stream = written {
                copy.writeFinishChunks(finished, wantsUsage: wantsUsage, into: &$0)
            }
            let chunks = try objects(stream)
            #expect(chunks.count == (wantsUsage ? 3 : 2))
            #expect(chunks[0].at("choices.0.finish_reason") as? String == "stop")
            #expect(chunks[1].at("choices.0.finish_reason") as? String == "content_filter")
            #expect(chunks[0].at("groundingMetadata") == nil)
            #expect(chunks[1].at("groundingMetadata.a") as? Int == 1)
            guard wantsUsage else { continue }
            #expect((chunks[2].at("choices") as? NSArray)?.count == 0)
            #expect(chunks[2].at("usage.total_tokens") as? Int == 7)
            #expect(chunks[2].at("usage.prompt_tokens_details.cached_tokens") as? Int == 2)
            #expect(chunks[2].at("usage.completion_tokens_details.reasoning_tokens") as? Int == 1)
        }
    }

    @Test func anUpstreamsChunkAndTheEndMarkerAreEvents() {
        let stream = written {
            OpenAIReplyWriter.writeEvent(json: ByteView("{\"a\":1}"), into: &$0)
            OpenAIReplyWriter.writeDone(into: &$0)
        }
        #expect(stream == "data: {\"a\":1}\n\ndata: [DONE]\n\n")
    }

    /// An upstream may spread a chunk over lines; written into one field it would be cut there.
    @Test func anUpstreamsChunkOfSeveralLinesStaysOneEvent() {
        let json = "{\n  \"a\": 1\n}\n"
        let stream = written { OpenAIReplyWriter.writeEvent(json: Bytes(json).view, into: &$0) }
        #expect(SSEReading.data(of: Array(stream.utf8)).map(\.view.string) == [json])
    }
}
