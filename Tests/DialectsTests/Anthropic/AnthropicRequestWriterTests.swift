import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in OpenAI's words and in core types, written for an upstream of Anthropic's dialect.
struct AnthropicRequestWriterTests {
    private func request(_ openAI: String) throws -> ChatRequest {
        try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(openAI).view)
    }

    /// What is sent for a request in OpenAI's words, as another reader reads it.
    private func sent(
        _ openAI: String, model: String = "claude-sonnet-4-5", drops: [String] = []
    ) throws -> NSDictionary {
        var output = ByteQueue()
        let dropped = try AnthropicRequestWriter(model: model, modelOutputMax: 64_000)
            .write(try request(openAI), with: JSONParser(), into: &output)
        #expect(dropped == drops)
        return try #require(FoundationJSON.object(output.view.string))
    }

    private func refusal(_ openAI: String, model: String = "claude-sonnet-4-5") -> GatewayError? {
        do { _ = try sent(openAI, model: model) } catch { return error as? GatewayError }
        return nil
    }

    /// A request of one message with more members.
    private func asking(_ members: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"Hi"}]"#
            + #"\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    private func expect(_ object: NSDictionary, _ json: String) {
        #expect(object == FoundationJSON.object(json))
    }

    @Test func theLeastRequest() throws {
        expect(
            try sent(asking("")),
            """
            {"model":"claude-sonnet-4-5","max_tokens":64000,
            "messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}
            """)
    }

    @Test func whereTheBoundComesFrom() throws {
        func bound(_ members: String, gateway: Int?, model: Int?) throws -> NSObject? {
            var output = ByteQueue()
            _ = try AnthropicRequestWriter(
                model: "claude", outputTokensMax: gateway, modelOutputMax: model
            ).write(try request(asking(members)), with: JSONParser(), into: &output)
            return FoundationJSON.object(output.view.string)?.at("max_tokens")
        }
        #expect(try bound(#""max_tokens":5"#, gateway: nil, model: 9) == 5 as NSNumber)
        #expect(try bound(#""max_tokens":5"#, gateway: 3, model: 9) == 3 as NSNumber, "a budget")
        #expect(try bound("", gateway: 7, model: 9) == 7 as NSNumber)
        #expect(try bound("", gateway: nil, model: 9) == 9 as NSNumber)
        #expect(try bound("", gateway: nil, model: nil) == 4096 as NSNumber)
    }

    @Test func aConversationWithTools() throws {
        let object = try sent(
            #"""
            {"model":"m","stream":true,"messages":[{"role":"system","content":"S"},
            {"role":"developer","content":[{"type":"text","text":"D"}]},
            {"role":"user","content":"U"},{"role":"user","content":"V"},
            {"role":"assistant","content":"","tool_calls":[
            {"id":"call.1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
            {"id":"call_2","type":"function","function":{"name":"g","arguments":""}}]},
            {"role":"tool","tool_call_id":"call.1","content":"one"},
            {"role":"tool","tool_call_id":"call_2","content":[{"type":"text","text":"two"}]},
            {"role":"user","content":"W"}],
            "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
            "parameters":{"type":"object","properties":{"a":{"type":"integer"}}}}},
            {"type":"function","function":{"name":"g"}},
            {"type":"web_search_20250305","name":"web_search"}],
            "tool_choice":"required","parallel_tool_calls":false}
            """#)
        expect(
            object,
            #"""
            {"model":"claude-sonnet-4-5","max_tokens":64000,"stream":true,
            "system":[{"type":"text","text":"S"},{"type":"text","text":"D"}],"messages":[
            {"role":"user","content":[{"type":"text","text":"U"},{"type":"text","text":"V"}]},
            {"role":"assistant","content":[
            {"type":"tool_use","id":"call_1","name":"f","input":{"a":1}},
            {"type":"tool_use","id":"call_2","name":"g","input":{}}]},
            {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"one"}]},
            {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"two"}]},
            {"type":"text","text":"W"}]}],
            "tools":[{"name":"f","description":"d","strict":true,
            "input_schema":{"type":"object","properties":{"a":{"type":"integer"}}}},
            {"name":"g","input_schema":{"type":"object","properties":{}}},
            {"type":"web_search_20250305","name":"web_search"}],
            "tool_choice":{"type":"any","disable_parallel_tool_use":true}}
            """#)
    }

    @Test(arguments: [
        (#""auto""#, #"{"type":"auto"}"#), (#""none""#, #"{"type":"none"}"#),
        (#""required""#, #"{"type":"any"}"#),
        (#"{"type":"function","function":{"name":"f"}}"#, #"{"type":"tool","name":"f"}"#),
    ])
    func theChoiceOfATool(asked: String, said: String) throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"#
        let object = try sent(asking(tools + asked))
        #expect(object.at("tool_choice") == FoundationJSON.value(Array(said.utf8)))
    }

    @Test func picturesAndDocuments() throws {
        let object = try sent(
            #"""
            {"model":"m","messages":[{"role":"user","content":[
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}},
            {"type":"image_url","image_url":{"url":"https://h/p.png","detail":"low"}},
            {"type":"file","file":{"file_data":"data:application/pdf;base64,AAEC",
            "filename":"a.pdf"}},
            {"type":"file","file":{"file_id":"file_1"}},
            {"type":"text","text":"T","cache_control":{"type":"ephemeral"}}]}]}
            """#, drops: ["messages[0].content[1].image_url.detail"])
        let wanted = Array(
            #"""
            [{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAEC"}},
            {"type":"image","source":{"type":"url","url":"https://h/p.png"}},
            {"type":"document","source":{"type":"base64","media_type":"application/pdf",
            "data":"AAEC"},"title":"a.pdf"},
            {"type":"document","source":{"type":"file","file_id":"file_1"}},
            {"type":"text","text":"T","cache_control":{"type":"ephemeral"}}]
            """#.utf8)
        #expect(object.at("messages.0.content") == FoundationJSON.value(wanted))
    }

    @Test func optionsThatHaveAMember() throws {
        let object = try sent(
            asking(
                #"""
                "temperature":0.5,"top_p":0.9,"top_k":4,"stop":["a","b"],"user":"me",
                "service_tier":"default","n":1,"frequency_penalty":0,"seed":null,"logprobs":false,
                "response_format":{"type":"json_schema","json_schema":{"name":"s",
                "schema":{"type":"object"}}}
                """#), drops: ["response_format.json_schema.name"])
        expect(
            object,
            """
            {"model":"claude-sonnet-4-5","max_tokens":64000,
            "messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],
            "temperature":0.5,"top_p":0.9,"top_k":4,"stop_sequences":["a","b"],
            "metadata":{"user_id":"me"},"service_tier":"standard_only",
            "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}}
            """)
    }

    @Test(arguments: [
        (#""n":2"#, "n"), (#""seed":1"#, "seed"), (#""logprobs":true"#, "logprobs"),
        (#""frequency_penalty":1"#, "frequency_penalty"), (#""temperature":1.5"#, "temperature"),
        (#""presence_penalty":-1"#, "presence_penalty"), (#""logit_bias":{"5":1}"#, "logit_bias"),
        (#""modalities":["text","audio"],"audio":{"voice":"v","format":"mp3"}"#, "modalities"),
        (#""response_format":{"type":"json_object"}"#, "response_format"),
        (#""verbosity":"low""#, "verbosity"), (#""service_tier":"flex""#, "service_tier"),
        (#""min_p":0.1"#, "min_p"), (#""web_search_options":{}"#, "web_search_options"),
    ])
    func whatCannotBeSaidIsRefusedByNameOrLeftOut(member: String, field: String) throws {
        let error = refusal(asking(member))
        #expect(error?.reason == .unsupportedParameter)
        #expect(error?.fields.first?.field == field)
        #expect(error?.retry == .otherDeployment)
        let object = try sent(asking(member + #","drop_params":true"#), drops: [field])
        #expect(object.count == 3)
    }

    @Test func hintsAreLeftOutAndReported() throws {
        let members = #""metadata":{"a":"b"},"store":true,"prompt_cache_key":"k""#
        _ = try sent(asking(members), drops: ["prompt_cache_key", "store", "metadata"])
    }

    @Test(arguments: [
        (
            "claude-sonnet-4-5", #""reasoning_effort":"high""#,
            #"{"type":"enabled","budget_tokens":4096}"#, nil
        ),
        (
            "claude-3-7-sonnet-20250219", #""reasoning_effort":"low""#,
            #"{"type":"enabled","budget_tokens":1024}"#, nil
        ),
        (
            "claude-opus-4-20250514", #""reasoning_effort":"medium","max_tokens":3000"#,
            #"{"type":"enabled","budget_tokens":1500}"#, nil
        ),
        ("claude-opus-4-6", #""reasoning_effort":"medium""#, #"{"type":"adaptive"}"#, "medium"),
        ("claude-fable-5", #""reasoning_effort":"minimal""#, #"{"type":"adaptive"}"#, "low"),
        (
            "claude-sonnet-4-6", #""thinking":{"type":"enabled","budget_tokens":2000}"#,
            #"{"type":"enabled","budget_tokens":2000}"#, nil
        ),
        ("claude-opus-4-8", #""reasoning_effort":"none""#, #"{"type":"disabled"}"#, nil),
    ])
    func thinkingByGeneration(
        model: String, member: String, thinking: String, effort: String?
    ) throws {
        let object = try sent(asking(member), model: model)
        #expect(object.at("thinking") == FoundationJSON.value(Array(thinking.utf8)))
        #expect(object.at("output_config.effort") as? String == effort)
    }

    @Test(arguments: [
        ("claude-sonnet-4-5", #""reasoning_effort":"low","max_tokens":1500"#, "reasoning_effort"),
        ("claude-opus-4-7", #""thinking":{"type":"enabled","budget_tokens":2000}"#, "thinking"),
        ("claude-opus-4-7", #""temperature":0.5"#, "temperature"),
        ("claude-opus-4-7", #""top_k":5"#, "top_k"),
        ("claude-sonnet-4-5", #""reasoning_effort":"low","temperature":0.5"#, "temperature"),
        (
            "claude-opus-4-6",
            #""reasoning_effort":"low","tools":[{"type":"function","function":{"name":"f"}}]"#
                + #","tool_choice":"required""#,
            "reasoning_effort"
        ),
    ])
    func whatAGenerationRefuses(model: String, member: String, field: String) {
        #expect(refusal(asking(member), model: model)?.fields.first?.field == field)
    }

    /// The thinking that led to a call goes back with it, as LiteLLM's clients keep it.
    @Test func thinkingComesBack() throws {
        let object = try sent(
            #"""
            {"model":"m","messages":[{"role":"user","content":"Q"},{"role":"assistant",
            "content":null,"reasoning_content":"Hm","thinking_blocks":[
            {"type":"thinking","thinking":"","signature":"s"}],"tool_calls":[
            {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]}
            """#)
        let wanted = Array(
            #"""
            [{"type":"thinking","thinking":"Hm","signature":"s"},
            {"type":"tool_use","id":"c","name":"f","input":{}}]
            """#.utf8)
        #expect(object.at("messages.1.content") == FoundationJSON.value(wanted))
    }

    /// Blocks of thinking come back whole, or in the pieces that a stream had them in.
    @Test(arguments: [
        (
            #"{"type":"thinking","thinking":"AA","signature":"1"},"#
                + #"{"type":"thinking","thinking":"B","signature":"2"}"#,
            #"{"type":"thinking","thinking":"AA","signature":"1"},"#
                + #"{"type":"thinking","thinking":"B","signature":"2"}"#
        ),
        (
            #"{"type":"thinking","thinking":"A","signature":""},"#
                + #"{"type":"thinking","thinking":"A"},"#
                + #"{"type":"thinking","thinking":"","signature":"1"},"#
                + #"{"type":"redacted_thinking","data":"R"}"#,
            #"{"type":"thinking","thinking":"AA","signature":"1"},"#
                + #"{"type":"redacted_thinking","data":"R"}"#
        ),
        // Signatures alone: what the reasoning says is not lost.
        (
            #"{"type":"thinking","thinking":"","signature":"1"},"#
                + #"{"type":"redacted_thinking","data":"R"}"#,
            #"{"type":"thinking","thinking":"AAB","signature":"1"},"#
                + #"{"type":"redacted_thinking","data":"R"}"#
        ),
    ])
    func blocksOfThinkingComeBack(sent blocks: String, told: String) throws {
        let object = try sent(
            #"""
            {"model":"m","messages":[{"role":"user","content":"Q"},{"role":"assistant",
            "content":"T","reasoning_content":"AAB","thinking_blocks":[\#(blocks)]}]}
            """#)
        let wanted = Array(#"[\#(told),{"type":"text","text":"T"}]"#.utf8)
        #expect(object.at("messages.1.content") == FoundationJSON.value(wanted))
    }

    /// The API refuses calls without the thinking that led to them, where there is a budget for it.
    @Test func callsWithoutTheirThinkingEndIt() throws {
        let message = { (more: String) in
            #"""
            {"model":"m","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000},
            "messages":[{"role":"user","content":"Q"},{"role":"assistant","content":null,\#(more)
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"c","content":"r"}]}
            """#
        }
        let signed =
            #""thinking_blocks":[{"type":"thinking","thinking":"H","signature":"s"}],"#
        #expect(try sent(message(signed)).at("thinking.type") == "enabled" as NSString)
        #expect(try sent(message(""), drops: ["thinking"]).at("thinking") == nil)
    }

    /// What no upstream has signed is no model's to take back.
    @Test func unsignedReasoningIsReported() throws {
        let asked = #"""
            {"model":"m","messages":[{"role":"user","content":"Q"},{"role":"assistant",
            "content":"T","reasoning_content":"Hm"}]}
            """#
        let object = try sent(asked, drops: ["messages[1].reasoning_content"])
        #expect(object.at("messages.1.content.0.text") == "T" as NSString)
        #expect(object.at("messages.1.content.1") == nil)
    }

    /// JSON of a client's must not close the object that it stands in.
    @Test func argumentsThatAreNoJSONAreRefused() {
        let error = refusal(
            #"""
            {"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c",
            "type":"function","function":{"name":"f","arguments":"{}},\"model\":\"x\""}}]}]}
            """#)
        #expect(error?.reason == .invalidRequest)
    }

    @Test func coreTypesAreRefusedInTheContractsWords() {
        var content = ChatContent(messages: [Message(role: .user, parts: [.text("Hi")])])
        content.sampling.seed = 1
        let request = ChatRequest(
            model: "m", isStream: false, wantsUsage: true, body: .typed(content))
        var output = ByteQueue()
        do throws(GatewayError) {
            _ = try AnthropicRequestWriter(model: "claude").write(
                request, with: JSONParser(), into: &output)
            Issue.record("it was taken")
        } catch {
            #expect(error.fields.first?.field == "chat.sampling.seed")
        }
    }
}
