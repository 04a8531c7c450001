import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests of Anthropic's clients, written for an upstream of OpenAI's dialect.
struct AnthropicContentReaderTests {
    /// What is sent for a request, and what was left out of it.
    private func sent(
        _ json: String, drops: Bool = false, beta: String? = nil
    ) throws -> (object: NSDictionary, dropped: [String]) {
        let headers = beta.map { [RawRequest.Header("anthropic-beta", $0)] } ?? []
        let request = try AnthropicRequestReader(parser: JSONParser())
            .read(Bytes(json).view, headers: headers)
        var output = ByteQueue()
        let dropped = try OpenAIRequestWriter.writeChat(
            request, model: "up", dropsUnsupported: drops, into: &output)
        return (try #require(FoundationJSON.object(output.view.string)), dropped)
    }

    private func asking(_ members: String) -> String {
        #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],\#(members)}"#
    }

    private func expect(_ object: NSDictionary, _ json: String) {
        #expect(object == FoundationJSON.object(json))
    }

    @Test func aConversationWithTools() throws {
        let (object, dropped) = try sent(
            #"""
            {"model":"m","max_tokens":100,"stream":true,"temperature":0.5,"top_p":0.25,"top_k":4,
            "stop_sequences":["END"],"metadata":{"user_id":"u"},"service_tier":"standard_only",
            "system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}],
            "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true}],
            "tool_choice":{"type":"any","disable_parallel_tool_use":true},
            "messages":[{"role":"user","content":"U"},
            {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s/="},
            {"type":"redacted_thinking","data":"x"},{"type":"text","text":"A"},
            {"type":"tool_use","id":"t1","name":"f","input":{"a":[1]}},
            {"type":"tool_use","id":"t2","name":"f","input":{}}]},
            {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"t1","content":"one","is_error":true},
            {"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"two"}]},
            {"type":"text","text":"go on"}]}]}
            """#)
        expect(
            object,
            #"""
            {"model":"up","max_completion_tokens":100,"stream":true,
            "stream_options":{"include_usage":true},"temperature":0.5,"top_p":0.25,"top_k":4,
            "stop":["END"],"user":"u","service_tier":"default",
            "tools":[{"type":"function","function":{"name":"f","description":"d",
            "parameters":{"type":"object"},"strict":true}}],
            "tool_choice":"required","parallel_tool_calls":false,
            "messages":[{"role":"system","content":"S"},{"role":"user","content":"U"},
            {"role":"assistant","content":"A","tool_calls":[
            {"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":[1]}"}},
            {"id":"t2","type":"function","function":{"name":"f","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"t1","content":"one"},
            {"role":"tool","tool_call_id":"t2","content":"two"},
            {"role":"user","content":"go on"}]}
            """#)
        #expect(
            dropped == [
                "system[0].cache_control", "messages[1].content[0]", "messages[1].content[1]",
                "messages[2].is_error",
            ])
    }

    @Test func picturesAndDocuments() throws {
        let (object, _) = try sent(
            #"""
            {"model":"m","max_tokens":1,"messages":[{"role":"user","content":[
            {"type":"text","text":"See"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAEC"}},
            {"type":"image","source":{"type":"url","url":"https://h/i.png"}},
            {"type":"document","title":"T","source":
            {"type":"base64","media_type":"application/pdf","data":"AAEC"}},
            {"type":"document","source":{"type":"file","file_id":"file_1"}}]}]}
            """#)
        #expect(
            object.at("messages.0.content")
                == FoundationJSON.value(
                    Array(
                        #"""
                        [{"type":"text","text":"See"},
                        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}},
                        {"type":"image_url","image_url":{"url":"https://h/i.png"}},
                        {"type":"file","file":
                        {"file_data":"data:application/pdf;base64,AAEC","filename":"T"}},
                        {"type":"file","file":{"file_id":"file_1"}}]
                        """#.utf8)))
    }

    @Test(arguments: [
        (#""thinking":{"type":"enabled","budget_tokens":1024}"#, "low"),
        (#""thinking":{"type":"enabled","budget_tokens":2048}"#, "medium"),
        (#""thinking":{"type":"enabled","budget_tokens":30000}"#, "high"),
        (#""thinking":{"type":"adaptive"},"output_config":{"effort":"max"}"#, "high"),
        (#""output_config":{"effort":"low"}"#, "low"),
        (#""thinking":{"type":"adaptive"}"#, nil), (#""thinking":{"type":"disabled"}"#, nil),
    ])
    func thinkingIsAskedForAsAnEffort(members: String, effort: String?) throws {
        #expect(try sent(asking(members)).object.at("reasoning_effort") as? String == effort)
    }

    @Test func aSchemaOfTheAnswer() throws {
        let (object, _) = try sent(
            asking(
                #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#))
        expect(
            try #require(object.at("response_format") as? NSDictionary),
            #"""
            {"type":"json_schema","json_schema":
            {"name":"response","schema":{"type":"object"},"strict":true}}
            """#)
    }

    /// What the dialect cannot say is refused with its name, and another deployment may be asked;
    /// or it is left out and told.
    @Test(arguments: [
        (#""mcp_servers":[{"type":"url"}]"#, "mcp_servers"), (#""container":"c""#, "container"),
        (#""tools":[{"type":"web_search_20250305","name":"web_search"}]"#, "tools[0]"),
        (
            #""tools":[{"name":"f","input_schema":{},"allowed_callers":["x"]}]"#,
            "tools[0].allowed_callers"
        ),
        (#""output_config":{"future":1}"#, "output_config.future"),
    ])
    func whatCannotBeSaidIsRefusedOrLeftOut(members: String, field: String) throws {
        do {
            _ = try sent(asking(members))
            Issue.record("\(members) was accepted")
        } catch let error as GatewayError {
            #expect(error.reason == .unsupportedParameter)
            #expect(error.retry == .otherDeployment)
            #expect(error.fields.map(\.field) == [field])
            #expect(error.message.contains("drop_params"))
        }
        #expect(try sent(asking(members), drops: true).dropped == [field])
        #expect(try sent(asking(members + #","drop_params":true"#)).dropped == [field])
    }

    @Test(arguments: [
        (
            #"{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":"#
                + #"{"type":"url","url":"https://h/i"}}]}"#, "messages[0]"
        ),
        (
            #"{"type":"document","source":{"type":"url","url":"https://h/i"}}"#, "messages[0]"
        ),
        (#"{"type":"search_result","source":"s"}"#, "messages[0].content[0]"),
        (
            #"{"type":"document","citations":{"enabled":true},"source":{"type":"text","#
                + #""media_type":"text/plain","data":"x"}}"#, "messages[0].content[0].citations"
        ),
    ])
    func blocksThatCannotBeSaidAreRefused(block: String, field: String) throws {
        let json =
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[\#(block)]}]}"#
        do {
            _ = try sent(json)
            Issue.record("\(block) was accepted")
        } catch let error as GatewayError {
            #expect(error.reason == .unsupportedParameter)
            #expect(error.retry == .otherDeployment)
            #expect(error.fields.map(\.field) == [field])
        }
    }

    /// Hints change no answer, so that they are always left out, and told.
    @Test func hintsAreLeftOut() throws {
        let (_, dropped) = try sent(
            asking(#""cache_control":{"type":"ephemeral"},"metadata":{"other":"x"}"#),
            beta: "a-1,b-2")
        #expect(dropped == ["cache_control", "metadata.other", "anthropic-beta"])
    }

    @Test(arguments: [
        #""tool_choice":{"type":"some"}"#, #""tool_choice":{"type":"tool"}"#,
        #""thinking":{"type":"enabled"}"#, #""tools":[{"name":"f"}]"#,
        #""output_config":{"effort":"huge"}"#,
        #""messages":[{"role":"judge","content":"x"}]"#,
    ])
    func whatMakesNoSenseIsRefused(members: String) throws {
        var json = asking(members)
        if members.contains("judge") { json = #"{"model":"m","max_tokens":9,\#(members)}"# }
        do {
            _ = try sent(json, drops: true)
            Issue.record("\(members) was accepted")
        } catch let error as GatewayError {
            #expect(error.reason == .invalidRequest)
        }
    }
}
