import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Events gathered into one whole reply.
struct OpenAIChatCollectorTests {
    private func delta(_ content: ChatDelta.Content, choice: Int = 0, part: Int = 0) -> ReplyEvent {
        ReplyEvent(.delta(ChatDelta(choiceIndex: choice, partIndex: part, content: content)))
    }

    @Test func piecesArePutTogetherByChoiceAndPart() throws {
        var collector = OpenAIChatCollector(id: "i", created: 7, model: "m")
        for event in [
            delta(.reasoning(ByteView("th"))), delta(.text(ByteView("a\"")), part: 1),
            delta(.text(ByteView("x")), choice: 1), delta(.reasoning(ByteView("ink"))),
            delta(.text(ByteView("b")), part: 1),
            delta(.refusal(ByteView("no")), choice: 1, part: 1),
            delta(
                .toolCall(id: ByteView("1"), name: ByteView("f"), argumentsJSON: .empty), part: 2),
            delta(
                .toolCall(id: .empty, name: .empty, argumentsJSON: ByteView("{\"a\":")), part: 2),
            delta(
                .toolCall(id: ByteView("2"), name: ByteView("g"), argumentsJSON: ByteView("{}")),
                part: 3),
            delta(.toolCall(id: .empty, name: .empty, argumentsJSON: ByteView("1}")), part: 2),
        ] {
            try collector.add(event)
        }
        let finished = ReplyFinished(
            outcomes: [
                ChoiceOutcome(choiceIndex: 0, reason: .toolCalls, cause: .model),
                ChoiceOutcome(choiceIndex: 1, reason: .length, cause: .maxTokens),
                ChoiceOutcome(choiceIndex: 2, reason: .stop, cause: .model),
            ], usage: .reported(input: 1, output: 2), serviceTier: "flex")
        let json = written { collector.write(finished, into: &$0) }
        let object = try #require(FoundationJSON.object(json))
        let expected = FoundationJSON.object(
            """
            {"id":"i","object":"chat.completion","created":7,"model":"m","choices":[
            {"index":0,"message":{"role":"assistant","content":"a\\"b","refusal":null,
            "reasoning_content":"think","tool_calls":[
            {"id":"1","type":"function","function":{"name":"f","arguments":"{\\"a\\":1}"}},
            {"id":"2","type":"function","function":{"name":"g","arguments":"{}"}}]},
            "logprobs":null,"finish_reason":"tool_calls"},
            {"index":1,"message":{"role":"assistant","content":"x","refusal":"no"},
            "logprobs":null,"finish_reason":"length"},
            {"index":2,"message":{"role":"assistant","content":null,"refusal":null},
            "logprobs":null,"finish_reason":"stop"}],
            "usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,
            "prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}},
            "service_tier":"flex"}
            """)
        #expect(object == expected)
    }

    @Test func whatIsGatheredIsBounded() throws {
        var collector = OpenAIChatCollector(id: "i", created: 7, model: "m", bytesMax: 5)
        try collector.add(delta(.text(ByteView("12345"))))
        do {
            try collector.add(delta(.text(ByteView("6"))))
            Issue.record("taken")
        } catch {
            #expect(error.outcome == .malformed)
            #expect(error.message.contains("5 bytes"))
        }
    }
}
