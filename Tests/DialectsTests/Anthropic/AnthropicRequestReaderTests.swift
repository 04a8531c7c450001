import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests of Anthropic's clients, as they are checked and as they go on in their own words.
struct AnthropicRequestReaderTests {
    private func read(_ json: String) throws -> ChatRequest {
        try AnthropicRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    /// A request of one message with more members.
    private func asking(_ members: String) -> String {
        #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],\#(members)}"#
    }

    /// Tools count as such, offered or called; the form of the answer does not.
    @Test(arguments: [
        (#""output_config":{"format":{"type":"json_schema","schema":{}}}"#, false),
        (#""tools":[]"#, false), (#""tools":null"#, false), (#""tools":[{"name":"f"}]"#, true),
    ])
    func toolsAreSeen(members: String, usesTools: Bool) throws {
        #expect(try read(asking(members)).extent.usesTools == usesTools)
    }

    @Test func whatTheGatewayNeedsToKnow() throws {
        let request = try read(
            #"""
            {"model":"m","max_tokens":12,"stream":true,"system":[{"type":"text","text":"Sys"}],
            "metadata":{"user_id":"u1"},"litellm_metadata":{"tags":["a"]},"num_retries":1,
            "tools":[{"name":"f","input_schema":{"type":"object"}}],
            "messages":[{"role":"user","content":[{"type":"text","text":"ä"},
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAEC"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"s"},
            {"type":"tool_use","id":"t","name":"f","input":{"a":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"four"}]}]}
            """#)
        #expect(request.model == "m")
        #expect(request.isStream)
        #expect(request.maxOutputTokens == 12)
        #expect(request.endUser == "u1")
        #expect(request.tags == ["a"])
        #expect(request.routing?.wishes.retryCount == 1)
        #expect(request.extent.messages == 4, "the system's is one")
        #expect(request.extent.media == 1)
        #expect(request.extent.mediaBytes == 4)
        #expect(request.extent.otherBytes > 20)
        #expect(request.extent.usesTools)
        let blocks =
            #"{"type":"thinking","thinking":"Hm","signature":"s"}"#
            + #"{"type":"tool_use","id":"t","name":"f","input":{"a":1}}"#
        #expect(request.textBytes == "Sysäfour".utf8.count + blocks.utf8.count)
    }

    @Test(arguments: [
        ("{}", "model"), (#"{"model":"m","messages":[]}"#, "max_tokens"),
        (#"{"model":"m","max_tokens":1,"messages":[]}"#, "messages"),
        (#"{"model":"m","max_tokens":1,"messages":"x"}"#, "messages"),
        (
            #"{"model":"m","max_tokens":-1,"messages":[{"role":"user","content":"a"}]}"#,
            "max_tokens"
        ),
        (#"{"model":"m","max_tokens":1,"messages":[1]}"#, "messages[0]"),
        (#"{"model":"m","max_tokens":1,"messages":[{"content":"a"}]}"#, "messages[0].role"),
        (#"{"model":"m","max_tokens":1,"messages":[{"role":"user"}]}"#, "messages[0].content"),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"#
                + #"[{"type":"text"}]}]}"#,
            "messages[0].content[0].text"
        ),
        (
            #"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"a","#
                + #""content":""}]}"#,
            "messages[0].content"
        ),
        (
            #"{"model":"m","model":"n","max_tokens":1,"messages":[{"role":"user","content":"a"}]}"#,
            "model"
        ),
        (
            #"{"model":"m","max_tokens":1,"system":5,"messages":[{"role":"user","content":"a"}]}"#,
            "system"
        ),
    ])
    func whatNoUpstreamTakesIsRefusedByName(json: String, field: String) throws {
        do {
            _ = try read(json)
            Issue.record("\(json) was accepted")
        } catch let error as GatewayError {
            #expect(error.reason == .invalidRequest)
            #expect(error.fields.contains { $0.field == field }, "\(error.fields)")
        }
    }

    /// To an upstream of the same dialect it goes as it came, but for the model's name, what is
    /// said to the gateway, and a bound that a budget has lowered.
    @Test func itGoesOnAsItCame() throws {
        let body = asking(
            #""thinking" : {"type":"enabled","budget_tokens":1024,"new":[1.50]},"#
                + #""drop_params":true,"cache_control":{"type":"ephemeral"},"future":"\u00e4""#)
        var output = ByteQueue()
        let dropped = try AnthropicRequestWriter(model: "claude-x")
            .write(try read(body), with: JSONParser(), into: &output)
        #expect(dropped.isEmpty)
        let expected = body.replacingOccurrences(of: #""model":"m""#, with: #""model":"claude-x""#)
            .replacingOccurrences(of: #","drop_params":true"#, with: "")
        #expect(output.view.string == expected)
        output.clear()
        _ = try AnthropicRequestWriter(model: "claude-x", outputTokensMax: 4)
            .write(try read(body), with: JSONParser(), into: &output)
        #expect(
            output.view.string
                == expected.replacingOccurrences(of: #""max_tokens":9"#, with: #""max_tokens":4"#))
    }
}
