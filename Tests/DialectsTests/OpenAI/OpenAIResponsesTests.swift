import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// OpenAI's responses: their requests as chats, and chats as responses.
struct OpenAIResponsesTests {
    private func read(_ json: String) throws -> ChatRequest {
        try OpenAIResponsesRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func chat(
        _ json: String, drops: Bool = false
    ) throws -> (object: NSDictionary, dropped: [String]) {
        var output = ByteQueue()
        let dropped = try OpenAIRequestWriter.writeChat(
            try read(json), model: "up", dropsUnsupported: drops, into: &output)
        return (try #require(FoundationJSON.object(output.view.string)), dropped)
    }

    private func refusal(_ json: String) -> GatewayError? {
        do { _ = try chat(json) } catch { return error as? GatewayError }
        return nil
    }

    private func echo(_ members: String) throws -> NSDictionary {
        let reader = OpenAIResponsesRequestReader(parser: JSONParser())
        _ = try reader.read(Bytes(#"{"model":"m","input":"a"\#(members)}"#).view)
        return try #require(FoundationJSON.object("{\"id\":0" + reader.echo.members + "}"))
    }

    /// A response repeats what was in force: what was said, or its default.
    @Test func aRequestIsRepeated() throws {
        let defaults = try echo("")
        #expect(defaults.at("text.format.type") as? String == "text")
        #expect(defaults.at("tool_choice") as? String == "auto")
        #expect(defaults.at("user") is NSNull)
        let said = try echo(
            #"""
            ,"user":"u","temperature":0.5,"metadata":{"a":"b"},"tool_choice":"required",
            "text":{"format":{"type":"json_schema","name":"s","schema":{}},"verbosity":"low"},
            "reasoning":{"effort":"low"},"tools":[{"type":"web_search"},
            {"type":"function","name":"f","parameters":{"type":"object"}}]
            """#)
        #expect(said.at("user") as? String == "u")
        #expect(said.at("temperature") as? Double == 0.5)
        #expect(said.at("metadata.a") as? String == "b")
        #expect(said.at("tool_choice") as? String == "required")
        #expect(said.at("text.verbosity") as? String == "low")
        #expect(said.at("reasoning.effort") as? String == "low")
        #expect((said.at("tools") as? NSArray)?.count == 1)
        #expect(said.at("tools.0.name") as? String == "f")
        #expect(said.at("tools.0.strict") is NSNull)
    }

    /// What has not the form of OpenAI's document took no part, and would break a client's reading.
    @Test(arguments: [
        (#""text":{"format":{}}"#, "text.format.type"), (#""tool_choice":{}"#, "tool_choice"),
        (#""reasoning":{"effort":"odd"}"#, "reasoning.effort"), (#""top_p":3"#, "top_p"),
        (#""metadata":{"a":1}"#, "metadata"),
    ])
    func whatIsNotInFormIsNotRepeated(member: String, path: String) throws {
        let (odd, none) = (try echo(",\(member)"), try echo(""))
        #expect(odd.at(path) == none.at(path))
    }

    /// Tools count as such; the form of the answer does not.
    @Test(arguments: [
        (#""input":"a","text":{"format":{"type":"json_schema","name":"s","schema":{}}}"#, false),
        (#""input":"a","tools":[]"#, false),
        (#""input":"a","tools":[{"type":"function","name":"f","parameters":{}}]"#, true),
        (#""input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}]"#, true),
        (#""input":[{"type":"function_call_output","call_id":"c","output":"one"}]"#, true),
    ])
    func toolsAreSeen(members: String, usesTools: Bool) throws {
        #expect(try read(#"{"model":"m",\#(members)}"#).extent.usesTools == usesTools)
    }

    @Test func aRequestIsAChat() throws {
        let (object, dropped) = try chat(
            #"""
            {"model":"m","instructions":"Be kind.","stream":true,"max_output_tokens":50,
            "temperature":0.5,"top_p":0.9,"store":true,"user":"u","metadata":{"a":"b"},
            "parallel_tool_calls":false,"tool_choice":{"type":"function","name":"f"},
            "reasoning":{"effort":"low","summary":"auto"},"truncation":"disabled",
            "include":["reasoning.encrypted_content"],
            "text":{"verbosity":"low","format":{"type":"json_schema","name":"s","strict":true,
            "schema":{"type":"object"}}},
            "tools":[{"type":"function","name":"f","description":"d",
            "parameters":{"type":"object"},"strict":false}],
            "input":[{"role":"user","content":[{"type":"input_text","text":"See"},
            {"type":"input_image","image_url":"https://h/i","detail":"low"},
            {"type":"input_file","filename":"f","file_data":"data:application/pdf;base64,AAEC"}]},
            {"type":"reasoning","id":"r","summary":[]},
            {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hm"}]},
            {"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},
            {"type":"function_call","call_id":"c2","name":"f","arguments":"{\"a\":1}"},
            {"type":"function_call_output","call_id":"c1","output":"one"},
            {"type":"function_call_output","call_id":"c2","output":[
            {"type":"input_text","text":"two"}]}]}
            """#)
        #expect(
            object
                == FoundationJSON.object(
                    #"""
                    {"model":"up","stream":true,"stream_options":{"include_usage":true},
                    "max_completion_tokens":50,"temperature":0.5,"top_p":0.9,"user":"u",
                    "metadata":{"a":"b"},"parallel_tool_calls":false,"reasoning_effort":"low",
                    "verbosity":"low",
                    "tool_choice":{"type":"function","function":{"name":"f"}},
                    "response_format":{"type":"json_schema","json_schema":{"name":"s",
                    "schema":{"type":"object"},"strict":true}},
                    "tools":[{"type":"function","function":{"name":"f","description":"d",
                    "parameters":{"type":"object"},"strict":false}}],
                    "messages":[{"role":"system","content":"Be kind."},
                    {"role":"user","content":[{"type":"text","text":"See"},
                    {"type":"image_url","image_url":{"url":"https://h/i","detail":"low"}},
                    {"type":"file","file":{"filename":"f",
                    "file_data":"data:application/pdf;base64,AAEC"}}]},
                    {"role":"assistant","content":"Hm","tool_calls":[
                    {"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}},
                    {"id":"c2","type":"function",
                    "function":{"name":"f","arguments":"{\"a\":1}"}}]},
                    {"role":"tool","tool_call_id":"c1","content":"one"},
                    {"role":"tool","tool_call_id":"c2","content":"two"}]}
                    """#))
        #expect(Set(dropped) == ["reasoning.summary", "include", "input[1]"])
    }

    @Test(arguments: [
        (#""previous_response_id":"r""#, "previous_response_id"),
        (#""conversation":"c""#, "conversation"), (#""prompt":{"id":"p"}"#, "prompt"),
        (#""background":true"#, "background"),
    ])
    func whatAsksForAMemoryIsRefused(member: String, field: String) {
        let error = refusal(#"{"model":"m","input":"Hi",\#(member)}"#)
        #expect(error?.reason == .invalidRequest)
        #expect(error?.fields.map(\.field) == [field])
    }

    @Test(arguments: [
        (#""tools":[{"type":"web_search"}]"#, "tools[0]"), (#""truncation":"auto""#, "truncation"),
        (#""max_tool_calls":1"#, "max_tool_calls"), (#""top_logprobs":2"#, "top_logprobs"),
    ])
    func whatNoChatCanSayIsRefusedOrLeftOut(member: String, field: String) throws {
        let json = #"{"model":"m","input":"Hi",\#(member)}"#
        let error = refusal(json)
        #expect(error?.reason == .unsupportedParameter)
        #expect(error?.fields.map(\.field) == [field])
        #expect(try chat(json, drops: true).dropped == [field])
    }

    @Test(arguments: [
        "{}", #"{"model":"m"}"#, #"{"model":"m","input":[]}"#, #"{"model":"m","input":5}"#,
        #"{"model":"m","input":[{"role":"judge","content":"x"}]}"#,
        #"{"model":"m","input":[{"type":"function_call","name":"f"}]}"#,
    ])
    func whatMakesNoSenseIsRefused(json: String) {
        #expect(refusal(json)?.reason == .invalidRequest)
    }

    private static let chunks: [UInt8] = {
        let deltas = [
            #""reasoning_content":"Hm""#, #""content":"A""#, #""content":"B""#,
            #""tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]"#,
            #""tool_calls":[{"index":0,"function":{"arguments":"}"}}]"#,
        ]
        let end = [
            #"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
            #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"#
                + #""prompt_tokens_details":{"cached_tokens":3},"#
                + #""completion_tokens_details":{"reasoning_tokens":1}}}"#, "[DONE]",
        ]
        let all = deltas.map { #"{"choices":[{"index":0,"delta":{\#($0)}}]}"# } + end
        return Array(all.map { "data: \($0)\n\n" }.joined().utf8)
    }()

    private func written(isStream: Bool) throws -> [UInt8] {
        let request = Bytes(#"{"model":"m","input":"Hi","temperature":0.25}"#)
        let reader = OpenAIResponsesRequestReader(parser: JSONParser())
        _ = try reader.read(request.view)
        var writer = OpenAIResponsesWriter(
            id: "resp_1", created: 5, model: "m", echo: reader.echo, isStream: isStream)
        var output = ByteQueue()
        try Decoding.stream(Self.chunks) { event in
            if case .finished(let finished) = event.body {
                writer.writeEnd(finished, into: &output)
            } else {
                try writer.write(event, into: &output)
            }
        }
        return output.view.bytes
    }

    @Test func theEventsOfAStream() throws {
        let events = SSEReading.named(try written(isStream: true))
        let message = [
            "response.output_item.added", "response.content_part.added",
            "response.output_text.delta", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done",
            "response.output_item.done",
        ]
        #expect(
            events.map { $0.event.type.string } == [
                "response.created", "response.in_progress", "response.output_item.added",
                "response.content_part.added", "response.reasoning_text.delta",
                "response.reasoning_text.done", "response.content_part.done",
                "response.output_item.done",
            ] + message + [
                "response.output_item.added", "response.function_call_arguments.delta",
                "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done",
                "response.completed",
            ])
        let objects = events.compactMap { FoundationJSON.object($0.event.data.string) }
        #expect(objects.count == events.count)
        #expect(objects.map { $0.at("sequence_number") as? Int } == Array(0..<events.count))
        #expect(
            zip(objects, events).allSatisfy { $0.at("type") as? String == $1.event.type.string })
        #expect(objects[12].at("text") as? String == "AB")
        #expect(objects.last?.at("response.status") as? String == "completed")
        #expect(objects.last?.at("response.usage.total_tokens") as? Int == 13)
        #expect(objects.last?.at("response.temperature") as? Double == 0.25)
    }

    @Test func theWholeResponse() throws {
        let text = String(decoding: try written(isStream: false), as: UTF8.self)
        let object = try #require(FoundationJSON.object(text))
        #expect(object.at("object") as? String == "response")
        #expect(object.at("id") as? String == "resp_1")
        #expect(object.at("output.0.content.0.text") as? String == "Hm")
        #expect(object.at("output.1.content.0.text") as? String == "AB")
        #expect(object.at("output.2.type") as? String == "function_call")
        #expect(object.at("output.2.call_id") as? String == "c")
        #expect(object.at("output.2.arguments") as? String == "{}")
        #expect(object.at("usage.input_tokens_details.cached_tokens") as? Int == 3)
        #expect(object.at("usage.output_tokens_details.reasoning_tokens") as? Int == 1)
        #expect(object.at("store") as? Bool == false)
    }
}
