import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in their clients' words, read into core types.
struct OpenAIContentReaderTests {
    private func read(_ json: String) throws -> OpenAIContentReader.Reading {
        let request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        guard case .raw(let raw) = request.body else { throw CocoaError(.featureUnsupported) }
        return try OpenAIContentReader(parser: JSONParser()).read(raw)
    }

    /// What the writer of the same dialect makes of what was read.
    private func again(_ json: String) throws -> NSDictionary {
        var request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        let reading = try read(json)
        #expect(reading.unknown.isEmpty)
        request.body = .typed(reading.content)
        let text = try written {
            _ = try OpenAIRequestWriter.writeChat(request, model: "m", into: &$0)
        }
        return try #require(FoundationJSON.object(text))
    }

    /// Everything that both can say, in the form that the writer gives it.
    private static let members: [String] = [
        #""temperature":0.5"#, #""top_p":0.25"#, #""top_k":3"#, #""seed":-4"#, #""n":2"#,
        #""stop":["a","\"b"]"#, #""max_completion_tokens":9"#, #""logprobs":true,"top_logprobs":2"#,
        #""frequency_penalty":-1"#, #""presence_penalty":1.5"#, #""logit_bias":{"5":-100}"#,
        #""reasoning_effort":"low""#, #""verbosity":"high""#, #""user":"me""#, #""store":false"#,
        #""metadata":{"a":"b\n"}"#, #""prompt_cache_key":"k""#, #""service_tier":"flex""#,
        #""prediction":{"type":"content","content":"p"}"#, #""parallel_tool_calls":false"#,
        #""modalities":["text","audio"],"audio":{"voice":"v","format":"mp3"}"#,
        #""response_format":{"type":"json_object"}"#,
        #""response_format":{"type":"json_schema","json_schema":{"name":"s","descriptio"#
            + #"n":"d","schema":{"type":"object"},"strict":true}}"#,
        #""tools":[{"type":"function","function":{"name":"f","description":"d","parameters":"#
            + #"{"a":[1.5]},"strict":false}},{"type":"custom","custom":{"name":"c"}}]"#,
        #""tool_choice":"required""#, #""tool_choice":{"type":"function","function":{"name":"f"}}"#,
        #""tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"ty"#
            + #"pe":"function","function":{"name":"f"}}]}}"#,
    ]

    private static let messages: [String] = [
        #"{"role":"system","content":"Sä"}"#, #"{"role":"developer","name":"n","content":"D"}"#,
        #"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
        #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://h/i","de"#
            + #"tail":"high"}}]}"#,
        #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;b"#
            + #"ase64,AAEC"}}]}"#,
        #"{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AAEC","form"#
            + #"at":"wav"}}]}"#,
        #"{"role":"user","content":[{"type":"file","file":{"file_data":"data:application/pdf"#
            + #";base64,AAEC","filename":"f"}}]}"#,
        #"{"role":"user","content":[{"type":"file","file":{"file_id":"id"}}]}"#,
        #"{"role":"user","content":[{"type":"text","text":"c","cache_control":{"type":"ephem"#
            + #"eral"}}]}"#,
        #"{"role":"user","content":[{"type":"video_url","video_url":{"url":"u"}}]}"#,
        #"{"role":"assistant","content":"x","refusal":"no"}"#,
        #"{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","func"#
            + #"tion":{"name":"f","arguments":"{\"a\":1}"}}]}"#,
        #"{"role":"tool","tool_call_id":"c","content":"r"}"#,
    ]

    private func asking(_ messages: [String], _ members: [String]) -> String {
        #"{"model":"m","messages":["# + messages.joined(separator: ",") + "]"
            + members.map { "," + $0 }.joined() + "}"
    }

    @Test(arguments: members)
    func everyMemberComesBack(member: String) throws {
        let json = asking([#"{"role":"user","content":"Hi"}"#], [member])
        #expect(try again(json) == FoundationJSON.object(json))
    }

    @Test(arguments: messages)
    func everyMessageComesBack(message: String) throws {
        let json = asking([message], [])
        #expect(try again(json) == FoundationJSON.object(json))
    }

    /// Any of them together, by chance.
    @Test func anyRequestComesBack() throws {
        var random = FastRandom(seed: 11)
        for _ in 0..<300 {
            let messages = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                Self.messages.randomElement(using: &random) ?? ""
            }
            var names: Set<Substring> = []
            let members = Self.members.shuffled(using: &random).prefix(8).filter {
                names.insert($0.prefix { $0 != ":" }).inserted
            }
            let json = asking(messages, Array(members))
            #expect(try again(json) == FoundationJSON.object(json), "\(json)")
        }
    }

    @Test func whatTheCoreHasNoNameForIsTold() throws {
        let reading = try read(
            #"""
            {"model":"m","min_p":0.1,"functions":[],"num_retries":2,"tags":["a"],"seed":null,
            "tools":[{"type":"function","function":{"name":"f","x":1},"cache_control":{}}],
            "messages":[{"role":"user","content":[
            {"type":"image_url","image_url":{"url":"https://h"},"cache_control":{}}]}]}
            """#)
        #expect(
            Set(reading.unknown) == [
                "min_p", "functions", "tools[0].cache_control", "tools[0].function.x",
                "messages[0].content[0].cache_control",
            ])
    }

    @Test(arguments: [
        (#""tool_choice":"any""#, "tool_choice"),
        (#""reasoning_effort":"huge""#, "reasoning_effort"),
        (#""response_format":{"type":"grammar"}"#, "response_format.type"),
        (#""response_format":{"type":"json_schema"}"#, "response_format.json_schema.schema"),
        (#""logit_bias":{"x":1}"#, "logit_bias"),
    ])
    func whatMakesNoSenseIsRefusedByName(member: String, field: String) throws {
        do throws(GatewayError) {
            let request = try OpenAIChatRequestReader(parser: JSONParser()).read(
                Bytes(asking([#"{"role":"user","content":"Hi"}"#], [member])).view)
            guard case .raw(let raw) = request.body else { return }
            _ = try OpenAIContentReader(parser: JSONParser()).read(raw)
            Issue.record("it was taken")
        } catch {
            #expect(error.fields.first?.field == field)
        }
    }
}
