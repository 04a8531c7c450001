import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Responses between a client and an upstream that both know them: as they came, and counted.
struct OpenAIResponsesRelayTests {
    /// What a relayed reply came to: its events in their raw form, and what was counted.
    private struct Relayed {
        var raw: [String] = []
        var digest = ReplyDigest()
        var id = ""
    }

    private func decode(_ bytes: [UInt8], upTo count: Int = .max) throws -> Relayed {
        var decoder = OpenAIResponsesStreamDecoder(
            parser: JSONParser(), provider: .openAI, deployment: "d")
        var relayed = Relayed()
        for held in SSEReading.named(bytes).prefix(count) {
            guard try decoder.take(held.event) else { break }
            while let event = decoder.next() {
                if case .event(let name, let json, .openAIResponses) = event.raw {
                    relayed.raw.append(name.string + "|" + json.string)
                }
                if case .started(let started) = event.body {
                    relayed.id = started.upstreamID.string
                }
                relayed.digest.add(event)
            }
        }
        #expect(decoder.isComplete == (count == .max))
        relayed.digest.add(ReplyEvent(.finished(try decoder.end())))
        return relayed
    }

    private func whole(_ bytes: [UInt8]) throws -> Relayed {
        var decoder = OpenAIResponsesReplyDecoder(
            parser: JSONParser(), provider: .openAI, deployment: "d")
        let body = Bytes(bytes)
        var relayed = Relayed()
        try decoder.begin(body.view)
        while let event = decoder.next() {
            if case .json(let json, .openAIResponses, _) = event.raw {
                relayed.raw.append(json.string)
            }
            relayed.digest.add(event)
        }
        relayed.digest.add(ReplyEvent(.finished(try decoder.end())))
        return relayed
    }

    @Test(arguments: [
        "responses-stream-published.sse", "responses-stream-llmock-text.sse",
        "responses-stream-llmock-call.sse", "responses-stream-llamacpp-text.sse",
    ])
    func everyEventOfAStreamPassesAsItCame(file: String) throws {
        let bytes = try Fixture.bytes(file)
        let sent = SSEReading.named(bytes).map { $0.event.type.string + "|" + $0.event.data.string }
        #expect(try decode(bytes).raw == sent)
    }

    /// LiteLLM names no events, and ends them as a chat's.
    @Test func eventsWithoutNamesGetThem() throws {
        let bytes = try Fixture.bytes("responses-stream-litellm-text.sse")
        let relayed = try decode(bytes)
        #expect(
            relayed.raw.first?.hasPrefix(#"response.created|{"type":"response.created""#) == true)
        #expect(relayed.raw.last?.hasPrefix("response.completed|") == true)
        #expect(relayed.digest.usage == .reported(input: 7, output: 19))
        let body = try whole(Fixture.bytes("responses-whole-litellm.json"))
        #expect(body.digest.choices[0]?.text == relayed.digest.choices[0]?.text)
    }

    @Test func whatAStreamSaysIsCounted() throws {
        let text = try decode(Fixture.bytes("responses-stream-llmock-text.sse"))
        #expect(text.id == "resp_f031914749ed4e6886911719")
        #expect(
            text.digest.choices[0]?.text
                == "Mock response from gpt-4o: everything is working as expected.")
        #expect(text.digest.usage == .reported(input: 7, output: 15))
        #expect(text.digest.outcomes == ["0:stop:model:"])
        let call = try decode(Fixture.bytes("responses-stream-llmock-call.sse")).digest
        #expect(
            call.calls(of: 0) == [
                ["call_c7da3857d9a44b18a438b1b0", "get_weather", #"{"city": "mock-city"}"#]
            ])
        #expect(call.outcomes == ["0:tool_calls:model:"])
    }

    @Test func llamaCppsResponsesAreCounted() throws {
        let stream = try decode(Fixture.bytes("responses-stream-llamacpp-text.sse"))
        let whole = try whole(Fixture.bytes("responses-whole-llamacpp-text.json"))
        #expect(stream.digest.choices[0]?.text == "Hello! I'sure I'm not what I'm supposed")
        #expect(whole.digest.choices[0]?.text == stream.digest.choices[0]?.text)
        #expect(stream.digest.usage == .reported(input: 33, output: 12, cached: 32))
        #expect(whole.digest.usage == .reported(input: 33, output: 12, cached: 24))
    }

    @Test func aWholeResponsePassesAsItCame() throws {
        let bytes = try Fixture.bytes("responses-whole-llmock-call.json")
        let relayed = try whole(bytes)
        #expect(relayed.raw == [String(decoding: bytes, as: UTF8.self)])
        #expect(
            relayed.digest.calls(of: 0) == [
                ["call_84bc19055b6a44558f3fc594", "get_weather", #"{"city": "mock-city"}"#]
            ])
        #expect(relayed.digest.usage == .reported(input: 7, output: 5))
        let text = try whole(Fixture.bytes("responses-whole-llmock-text.json")).digest
        #expect(text.choices[0]?.text.hasPrefix("Mock response") == true)
    }

    /// Cached input and reasoning have prices of their own; a cut answer says why.
    @Test func usageAndEndAreRead() throws {
        let relayed = try whole(
            Array(
                #"""
                {"id":"r","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},
                "output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"Hm"}]}],
                "service_tier":"flex","usage":{"input_tokens":9,"output_tokens":4,
                "input_tokens_details":{"cached_tokens":3},
                "output_tokens_details":{"reasoning_tokens":2}}}
                """#.utf8)
        ).digest
        #expect(relayed.usage == .reported(input: 9, output: 4, cached: 3, reasoning: 2))
        #expect(relayed.outcomes == ["0:length:max_tokens:"])
        #expect(relayed.choices[0]?.reasoning == "Hm")
    }

    private func failure(_ event: String) -> GatewayError? {
        do {
            _ = try decode(Array("data: \(event)\n\n".utf8))
        } catch { return error as? GatewayError }
        return nil
    }

    /// Errors within a stream are the upstream's, by their own words.
    @Test func errorsWithinAStream() {
        let error = failure(#"{"type":"error","code":"server_error","message":"Fell over"}"#)
        #expect(error?.reason == .upstreamUnavailable)
        #expect(error?.upstream?.message == "Fell over")
        let failed = failure(
            #"{"type":"response.failed","response":{"status":"failed","error":{"#
                + #""code":"rate_limit_exceeded","message":"Slow down"}}}"#)
        #expect(failed?.reason == .upstreamRateLimited)
        #expect(failure("{}")?.message.contains("has no type") == true)
        #expect(failure(#"{"type":"response.completed"}"#)?.message.contains("response") == true)
    }

    @Test func aStreamWithoutItsEndWasCut() throws {
        let bytes = try Fixture.bytes("responses-stream-llmock-text.sse")
        #expect(throws: GatewayError.self) { try decode(bytes, upTo: 5) }
    }

    /// Nothing is changed but the model, the bound and what is the gateway's own.
    @Test func aRequestGoesAsItIs() throws {
        let json =
            #"{"model":"m", "input":"a","tools":[{"type":"web_search"}],"max_output_tokens":99,"#
            + #""tags":["t"],"stream":true,"x":1.50}"#
        let request = try OpenAIResponsesRequestReader(parser: JSONParser()).read(Bytes(json).view)
        guard case .raw(let raw) = request.body else { return }
        var output = ByteQueue()
        _ = OpenAIRequestWriter.writePassed(
            raw, isStream: true, model: "up", outputTokensMax: 9, into: &output)
        #expect(
            output.view.string
                == #"{"model":"up", "input":"a","tools":[{"type":"web_search"}],"#
                + #""max_output_tokens":9,"stream":true,"x":1.50}"#)
    }

    /// Of a stream that was relayed the gateway writes nothing but its own end, which has what was
    /// said till then, and the next number.
    @Test(arguments: [true, false])
    func theEndOfARelayedStream(isCut: Bool) throws {
        let reader = OpenAIResponsesRequestReader(parser: JSONParser())
        _ = try reader.read(Bytes(#"{"model":"m","input":"Hi"}"#).view)
        var writer = OpenAIResponsesWriter(
            id: "resp_1", created: 5, model: "m", echo: reader.echo, isStream: true)
        var decoder = OpenAIResponsesStreamDecoder(
            parser: JSONParser(), provider: .openAI, deployment: "d")
        let bytes = try Fixture.bytes("responses-stream-llmock-text.sse")
        for held in SSEReading.named(bytes).prefix(6) {
            _ = try decoder.take(held.event)
            while let event = decoder.next() { try writer.gather(event) }
        }
        var finished = ReplyFinished(
            outcomes: [ChoiceOutcome(choiceIndex: 0, reason: .length, cause: .budget)])
        finished.isCut = isCut
        var output = ByteQueue()
        writer.writeEnd(finished, into: &output)
        guard isCut else {
            let written = output.view.string
            #expect(written.isEmpty)
            return
        }
        let events = SSEReading.named(output.view.bytes)
        #expect(events.count == 1)
        let end = try #require(FoundationJSON.object(events[0].event.data.string))
        #expect(end.at("type") as? String == "response.incomplete")
        #expect(end.at("sequence_number") as? Int == 6)
        #expect(end.at("response.id") as? String == "resp_f031914749ed4e6886911719")
        #expect(end.at("response.output.0.content.0.text") as? String == "Mock response ")
    }
}
