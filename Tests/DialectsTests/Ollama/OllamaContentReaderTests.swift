import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests of Ollama's clients, written for upstreams of OpenAI's dialect.
struct OllamaContentReaderTests {
    private func sent(
        _ json: String, as dialect: Dialect = .ollamaChat, drops: [String] = [],
        mayDrop: Bool = false
    ) throws -> NSDictionary {
        let request = try OllamaRequestReader(parser: JSONParser()).read(
            Bytes(json).view, as: dialect)
        var output = ByteQueue()
        let dropped = try OpenAIRequestWriter.writeChat(
            request, model: "up", dropsUnsupported: mayDrop, into: &output)
        #expect(dropped == drops)
        return try #require(FoundationJSON.object(output.view.string))
    }

    private func fields(_ json: String, as dialect: Dialect = .ollamaChat) -> [String]? {
        do { _ = try sent(json, as: dialect) } catch {
            return (error as? GatewayError)?.fields.map(\.field)
        }
        return nil
    }

    private func asking(_ members: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"Hi"}],\#(members)}"#
    }

    private func value(_ json: String) -> NSObject? { FoundationJSON.value(Array(json.utf8)) }

    /// A stream is asked for by not saying otherwise; calls have no ids.
    @Test func aConversationWithTools() throws {
        let object = try sent(
            #"""
            {"model":"m","keep_alive":"5m","options":{"num_predict":9,"temperature":0,
            "num_ctx":4096,"stop":["x"],"seed":7},"think":true,
            "tools":[{"type":"function","function":{"name":"f","description":"d",
            "parameters":{"type":"object"}}}],"messages":[{"role":"system","content":"S"},
            {"role":"user","content":"U","images":["iVBORwAA"]},
            {"role":"assistant","content":"","thinking":"t","tool_calls":[
            {"function":{"name":"f","arguments":{"a":1}}},
            {"function":{"name":"g","arguments":{}}}]},
            {"role":"tool","tool_name":"g","content":"two"},{"role":"tool","content":"one"}]}
            """#, drops: ["keep_alive", "options.num_ctx", "messages[2].thinking"])
        #expect(
            object
                == value(
                    #"""
                    {"model":"up","stream":true,"stream_options":{"include_usage":true},
                    "max_completion_tokens":9,"temperature":0,"seed":7,"stop":["x"],
                    "reasoning_effort":"medium",
                    "tools":[{"type":"function","function":{"name":"f","description":"d",
                    "parameters":{"type":"object"}}}],"messages":[
                    {"role":"system","content":"S"},{"role":"user","content":[
                    {"type":"text","text":"U"},
                    {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORwAA"}}]},
                    {"role":"assistant","content":null,"tool_calls":[
                    {"id":"call_messages_2__tool_calls_0_","type":"function",
                    "function":{"name":"f","arguments":"{\"a\":1}"}},
                    {"id":"call_messages_2__tool_calls_1_","type":"function",
                    "function":{"name":"g","arguments":"{}"}}]},
                    {"role":"tool","tool_call_id":"call_messages_2__tool_calls_1_",
                    "content":"two"},
                    {"role":"tool","tool_call_id":"call_messages_2__tool_calls_0_",
                    "content":"one"}]}
                    """#))
    }

    @Test func aPrompt() throws {
        let object = try sent(
            #"""
            {"model":"m","prompt":"P","system":"S","stream":false,"raw":false,"template":"",
            "format":{"type":"object"},"options":{}}
            """#, as: .ollamaGenerate)
        #expect(
            object
                == value(
                    #"""
                    {"model":"up","messages":[{"role":"system","content":"S"},
                    {"role":"user","content":"P"}],"response_format":{"type":"json_schema",
                    "json_schema":{"name":"response","schema":{"type":"object"}}}}
                    """#))
    }

    @Test(arguments: [
        (#""options":{"mirostat":1}"#, "options.mirostat"), (#""new_member":1"#, "new_member"),
    ])
    func whatCannotBeSaid(member: String, field: String) throws {
        #expect(fields(asking(member)) == [field])
        _ = try sent(asking(member), drops: [field], mayDrop: true)
    }

    @Test(arguments: [
        (#""think":3"#, "think"), (#""format":"xml""#, "format"),
        (#""options":{"num_predict":1,"num_predict":2}"#, "options.num_predict"),
        (#""options":{"seed":"x"}"#, "options.seed"), (#""stream":1"#, "stream"),
    ])
    func whatMakesNoSense(member: String, field: String) {
        #expect(fields(asking(member)) == [field])
    }

    @Test(arguments: [
        (#"{"messages":[{"role":"user"}]}"#, ["model"]), (#"{"model":"m"}"#, ["messages"]),
        (#"{"model":"m","messages":[]}"#, ["messages"]),
        (#"{"model":"m","messages":[{"role":"cat","content":"x"}]}"#, ["messages[0].role"]),
        (#"{"model":"m","messages":[{"role":"tool","content":"x"}]}"#, ["messages[0]"]),
        (
            #"{"model":"m","messages":[{"role":"user","content":"x","images":["AAEC"]}]}"#,
            ["messages[0].images[0]"]
        ),
    ])
    func whatIsNoChat(json: String, wanted: [String]) {
        #expect(fields(json) == wanted)
    }

    @Test func raisesForAPromptThatIsNotThere() {
        #expect(fields(#"{"model":"m"}"#, as: .ollamaGenerate) == ["prompt"])
        #expect(
            fields(#"{"model":"m","prompt":"p","suffix":"s"}"#, as: .ollamaGenerate)
                == ["suffix"])
    }

    @Test func embeddings() throws {
        let request = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(
            Bytes(#"{"model":"m","input":"a","keep_alive":"5m","truncate":true}"#).view,
            as: .ollamaEmbeddings)
        var output = ByteQueue()
        let dropped = try OpenAIRequestWriter.writeEmbeddings(
            request, model: "up", into: &output)
        #expect(dropped == ["keep_alive", "truncate"])
        #expect(
            FoundationJSON.object(output.view.string) == value(#"{"model":"up","input":["a"]}"#))
    }
}
