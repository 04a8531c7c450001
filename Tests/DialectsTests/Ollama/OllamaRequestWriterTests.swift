import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in the words of clients, written for Ollama.
struct OllamaRequestWriterTests {
    private func sent(
        _ request: ChatRequest, model: String = "llama3.2", drops: [String] = [],
        mayDrop: Bool = false, bound: Int? = nil, defaults: OllamaDefaults = OllamaDefaults()
    ) throws -> NSDictionary {
        var output = ByteQueue()
        let dropped = try OllamaRequestWriter(
            model: model, outputTokensMax: bound, dropsUnsupported: mayDrop, defaults: defaults
        ).write(request, with: JSONParser(), into: &output)
        #expect(dropped == drops)
        return try #require(FoundationJSON.object(output.view.string))
    }

    private func openAI(_ json: String) throws -> ChatRequest {
        try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func ollama(_ json: String, as dialect: Dialect = .ollamaChat) throws -> ChatRequest {
        try OllamaRequestReader(parser: JSONParser()).read(Bytes(json).view, as: dialect)
    }

    private func asking(_ members: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"Hi"}],\#(members)}"#
    }

    private func value(_ json: String) -> NSObject? { FoundationJSON.value(Array(json.utf8)) }

    @Test func aConversationWithTools() throws {
        let object = try sent(
            try openAI(
                #"""
                {"model":"m","stream":true,"messages":[{"role":"developer","content":"D"},
                {"role":"user","content":[{"type":"text","text":"U"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}}]},
                {"role":"assistant","content":null,"tool_calls":[
                {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
                {"id":"c2__thought__AB","type":"function",
                "function":{"name":"g","arguments":""}}]},
                {"role":"tool","tool_call_id":"c1","content":"one"},
                {"role":"tool","tool_call_id":"c2__thought__AB","content":"two"}],
                "tools":[{"type":"function","function":{"name":"f","description":"d",
                "parameters":{"type":"object"}}},
                {"type":"function","function":{"name":"g"}}]}
                """#))
        #expect(
            object
                == value(
                    #"""
                    {"model":"llama3.2","stream":true,"messages":[
                    {"role":"system","content":"D"},
                    {"role":"user","content":"U","images":["AAEC"]},
                    {"role":"assistant","content":"","tool_calls":[
                    {"id":"c1","function":{"name":"f","arguments":{"a":1}}},
                    {"id":"c2","function":{"name":"g","arguments":{}}}]},
                    {"role":"tool","content":"one","tool_name":"f","tool_call_id":"c1"},
                    {"role":"tool","content":"two","tool_name":"g","tool_call_id":"c2"}],
                    "tools":[{"type":"function","function":{"name":"f","description":"d",
                    "parameters":{"type":"object"}}},{"type":"function","function":{"name":"g",
                    "parameters":{"type":"object","properties":{}}}}]}
                    """#))
    }

    @Test func optionsAndFormats() throws {
        let object = try sent(
            try openAI(
                asking(
                    #"""
                    "max_tokens":9,"temperature":0.5,"top_p":0.9,"top_k":4,"seed":7,"stop":"x",
                    "presence_penalty":0.1,"frequency_penalty":0.2,"logprobs":true,
                    "top_logprobs":2,"reasoning_effort":"none","response_format":
                    {"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}
                    """#)),
            drops: ["response_format.json_schema.name"],
            defaults: OllamaDefaults(keepAliveJSON: "\"5m\"", contextTokens: 8192))
        #expect(
            object
                == value(
                    #"""
                    {"model":"llama3.2","stream":false,
                    "messages":[{"role":"user","content":"Hi"}],
                    "format":{"type":"object"},"think":false,"logprobs":true,"top_logprobs":2,
                    "options":{"num_predict":9,"num_ctx":8192,"temperature":0.5,"top_p":0.9,
                    "top_k":4,"seed":7,"presence_penalty":0.1,"frequency_penalty":0.2,
                    "stop":["x"]},"keep_alive":"5m"}
                    """#))
    }

    @Test(arguments: [
        ("llama3.2", "low", "true"), ("gpt-oss:20b", "low", "\"low\""),
        ("gpt-oss:20b", "high", "\"high\""), ("qwen3", "high", "true"),
    ])
    func efforts(model: String, effort: String, said: String) throws {
        let object = try sent(
            try openAI(asking(#""reasoning_effort":"\#(effort)""#)), model: model)
        #expect(object.at("think") == value(said))
    }

    @Test(arguments: [
        (#""n":2"#, "n"), (#""logit_bias":{"5":1}"#, "logit_bias"),
        (
            #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#,
            "tool_choice"
        ),
        (#""verbosity":"low""#, "verbosity"), (#""guided_json":{}"#, "guided_json"),
    ])
    func whatCannotBeSaid(members: String, field: String) throws {
        #expect {
            _ = try sent(try openAI(asking(members)))
        } throws: { error in
            (error as? GatewayError)?.fields.map(\.field) == [field]
        }
        _ = try sent(try openAI(asking(members)), drops: [field], mayDrop: true)
    }

    @Test func aPictureByItsAddressIsRefused() {
        #expect {
            _ = try sent(
                try openAI(
                    #"""
                    {"model":"m","messages":[{"role":"user","content":[
                    {"type":"image_url","image_url":{"url":"https://x/y.png"}}]}]}
                    """#))
        } throws: { error in
            (error as? GatewayError)?.fields.first?.field == "messages[0].content[0]"
        }
    }

    /// What came in Ollama's words leaves in them, but for the model's name and a budget's bound.
    @Test(arguments: [
        (nil, #"{"mirostat":1,"num_predict":50}"#), (7, #"{"mirostat":1,"num_predict":7}"#),
    ])
    func theSameDialectPassesAsItIs(bound: Int?, options: String) throws {
        let members = #""x":1,"options":{"mirostat":1,"num_predict":50}"#
        let object = try sent(try ollama(asking(members)), bound: bound)
        #expect(
            object
                == value(
                    #"""
                    {"model":"llama3.2","messages":[{"role":"user","content":"Hi"}],"x":1,
                    "options":\#(options)}
                    """#))
    }

    @Test func aBoundWhereThereAreNoOptions() throws {
        let object = try sent(
            try ollama(#"{"model":"m","prompt":"p"}"#, as: .ollamaGenerate), bound: 7)
        #expect(
            object == value(#"{"model":"llama3.2","prompt":"p","options":{"num_predict":7}}"#))
    }

    @Test func embeddings() throws {
        let request = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(
            Bytes(#"{"model":"m","input":["a","b"],"dimensions":3,"user":"u"}"#).view)
        var output = ByteQueue()
        let dropped = try OllamaRequestWriter(model: "e").writeEmbeddings(
            request, with: JSONParser(), into: &output)
        #expect(dropped == ["user"])
        #expect(
            FoundationJSON.object(output.view.string)
                == value(#"{"model":"e","input":["a","b"],"dimensions":3}"#))
    }
}
