import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in the words of clients, written for an upstream of Gemini's dialect.
struct GeminiRequestWriterTests {
    private func sent(
        _ request: ChatRequest, model: String = "gemini-2.5-flash", drops: [String] = [],
        mayDrop: Bool = false
    ) throws -> NSDictionary {
        var output = ByteQueue()
        let dropped = try GeminiRequestWriter(model: model, dropsUnsupported: mayDrop)
            .write(request, with: JSONParser(), into: &output)
        #expect(dropped == drops)
        return try #require(FoundationJSON.object(output.view.string))
    }

    private func openAI(_ json: String) throws -> ChatRequest {
        try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func anthropic(_ json: String) throws -> ChatRequest {
        try AnthropicRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func refusal(_ json: String, model: String = "gemini-2.5-flash") -> GatewayError? {
        do { _ = try sent(try openAI(json), model: model) } catch { return error as? GatewayError }
        return nil
    }

    /// A request of one message with more members.
    private func asking(_ members: String) -> String {
        #"{"model":"m","messages":[{"role":"user","content":"Hi"}],\#(members)}"#
    }

    private func config(
        _ members: String, model: String = "gemini-2.5-flash", drops: [String] = []
    ) throws -> NSObject? {
        try sent(try openAI(asking(members)), model: model, drops: drops).at("generationConfig")
    }

    private func value(_ json: String) -> NSObject? { FoundationJSON.value(Array(json.utf8)) }

    @Test func theLeastRequest() throws {
        let object = try sent(
            try openAI(#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#))
        #expect(object == value(#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"#))
    }

    @Test func aConversationWithTools() throws {
        let object = try sent(
            try openAI(
                #"""
                {"model":"m","stream":true,"messages":[{"role":"system","content":"S"},
                {"role":"developer","content":[{"type":"text","text":"D"}]},
                {"role":"user","content":"U"},{"role":"user","content":"V"},
                {"role":"assistant","content":"","annotations":[],"tool_calls":[
                {"id":"call_1_0__thought__AB-_","type":"function",
                "function":{"name":"f","arguments":"{\"a\":1}"}},
                {"id":"g7","type":"function","function":{"name":"g","arguments":""}}]},
                {"role":"tool","tool_call_id":"call_1_0__thought__AB-_","content":"{\"b\":2}"},
                {"role":"tool","tool_call_id":"g7","content":"two"},
                {"role":"user","content":"W"}],
                "tools":[{"type":"function","function":{"name":"f","description":"d",
                "strict":true,"parameters":{"type":"object"}}},
                {"type":"function","function":{"name":"g"}}],"tool_choice":"required"}
                """#),
            drops: ["messages[4].annotations", "tools[0].function.strict"])
        #expect(
            object
                == value(
                    #"""
                    {"contents":[{"role":"user","parts":[{"text":"U"},{"text":"V"}]},
                    {"role":"model","parts":[
                    {"functionCall":{"name":"f","args":{"a":1}},"thoughtSignature":"AB-_"},
                    {"functionCall":{"name":"g","id":"g7","args":{}}}]},
                    {"role":"user","parts":[
                    {"functionResponse":{"name":"f","response":{"b":2}}},
                    {"functionResponse":{"name":"g","id":"g7","response":{"result":"two"}}},
                    {"text":"W"}]}],
                    "systemInstruction":{"parts":[{"text":"S"},{"text":"D"}]},
                    "tools":[{"functionDeclarations":[{"name":"f","description":"d",
                    "parametersJsonSchema":{"type":"object"}},{"name":"g"}]}],
                    "toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}
                    """#))
    }

    @Test(arguments: [
        (#""auto""#, #"{"mode":"AUTO"}"#), (#""none""#, #"{"mode":"NONE"}"#),
        (
            #"{"type":"function","function":{"name":"f"}}"#,
            #"{"mode":"ANY","allowedFunctionNames":["f"]}"#
        ),
    ])
    func theChoiceOfATool(asked: String, said: String) throws {
        let tools = #""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"#
        let object = try sent(try openAI(asking(tools + asked)))
        #expect(object.at("toolConfig.functionCallingConfig") == value(said))
    }

    @Test func aResultWithoutItsCallIsRefused() {
        let error = refusal(
            #"{"model":"m","messages":[{"role":"tool","tool_call_id":"x","content":"r"}]}"#)
        #expect(error?.reason == .unsupportedParameter)
        #expect(error?.fields.first?.field == "messages[0].content[0]")
    }

    @Test func picturesSoundsAndDocuments() throws {
        let object = try sent(
            try openAI(
                #"""
                {"model":"m","messages":[{"role":"user","content":[
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAEC"}},
                {"type":"image_url","image_url":{"url":"https://x/y.png"}},
                {"type":"input_audio","input_audio":{"data":"AAEC","format":"wav"}},
                {"type":"file","file":{"file_data":"data:application/pdf;base64,AAEC"}}]}]}
                """#))
        #expect(
            object.at("contents.0.parts")
                == value(
                    #"""
                    [{"inlineData":{"mimeType":"image/png","data":"AAEC"}},
                    {"fileData":{"fileUri":"https://x/y.png"}},
                    {"inlineData":{"mimeType":"audio/wav","data":"AAEC"}},
                    {"inlineData":{"mimeType":"application/pdf","data":"AAEC"}}]
                    """#))
    }

    @Test func whatIsDrawnAndHow() throws {
        #expect(
            try config(
                #"""
                "max_tokens":9,"n":2,"temperature":0.5,"top_p":0.9,"top_k":4,"seed":7,
                "presence_penalty":0.1,"frequency_penalty":0.2,"stop":["a","b"],
                "logprobs":true,"top_logprobs":3
                """#)
                == value(
                    #"""
                    {"maxOutputTokens":9,"candidateCount":2,"temperature":0.5,"topP":0.9,"topK":4,
                    "seed":7,"presencePenalty":0.1,"frequencyPenalty":0.2,
                    "stopSequences":["a","b"],"responseLogprobs":true,"logprobs":3}
                    """#))
    }

    @Test func formats() throws {
        #expect(
            try config(#""response_format":{"type":"json_object"}"#)
                == value(#"{"responseMimeType":"application/json"}"#))
        let schema = #"{"name":"n","strict":true,"schema":{"type":"object"}}"#
        #expect(
            try config(
                #""response_format":{"type":"json_schema","json_schema":\#(schema)}"#,
                drops: [
                    "response_format.json_schema.name", "response_format.json_schema.strict",
                ])
                == value(
                    #"""
                    {"responseMimeType":"application/json","responseJsonSchema":{"type":"object"}}
                    """#))
    }

    @Test(arguments: [
        ("gemini-2.5-flash", "none", #"{"includeThoughts":false,"thinkingBudget":0}"#),
        ("gemini-2.5-pro", "none", #"{"includeThoughts":false,"thinkingBudget":128}"#),
        ("gemini-2.5-flash", "low", #"{"includeThoughts":true,"thinkingBudget":1024}"#),
        ("gemini-2.5-flash", "medium", #"{"includeThoughts":true,"thinkingBudget":8192}"#),
        (
            "gemini-3-flash-preview", "minimal",
            #"{"includeThoughts":true,"thinkingLevel":"MINIMAL"}"#
        ),
        ("gemini-3-pro-preview", "medium", #"{"includeThoughts":true,"thinkingLevel":"HIGH"}"#),
        ("gemini-3.1-pro", "medium", #"{"includeThoughts":true,"thinkingLevel":"MEDIUM"}"#),
        ("gemini-flash-latest", "high", #"{"includeThoughts":true,"thinkingLevel":"HIGH"}"#),
    ])
    func efforts(model: String, effort: String, said: String) throws {
        let object = try sent(
            try openAI(asking(#""reasoning_effort":"\#(effort)""#)), model: model)
        #expect(object.at("generationConfig.thinkingConfig") == value(said))
    }

    @Test func aModelThatDoesNotThink() throws {
        let error = refusal(asking(#""reasoning_effort":"low""#), model: "gemini-2.0-flash")
        #expect(error?.fields.first?.field == "reasoning_effort")
        _ = try sent(
            try openAI(asking(#""reasoning_effort":"none""#)), model: "gemini-2.0-flash")
    }

    @Test func anthropicsClients() throws {
        let object = try sent(
            try anthropic(
                #"""
                {"model":"m","max_tokens":2000,"system":"S","metadata":{"user_id":"u"},
                "thinking":{"type":"enabled","budget_tokens":1024},"messages":[
                {"role":"user","content":"U"},
                {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
                {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}]},
                {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1",
                "is_error":true,"content":[{"type":"text","text":"bad"}]}]}]}
                """#),
            drops: ["messages[1].content[0]", "metadata.user_id"])
        #expect(
            object
                == value(
                    #"""
                    {"contents":[{"role":"user","parts":[{"text":"U"}]},{"role":"model","parts":[
                    {"functionCall":{"name":"f","args":{"a":1}}}]},{"role":"user","parts":[
                    {"functionResponse":{"name":"f","response":{"error":"bad"}}}]}],
                    "systemInstruction":{"parts":[{"text":"S"}]},
                    "generationConfig":{"maxOutputTokens":2000,
                    "thinkingConfig":{"includeThoughts":true,"thinkingBudget":1024}}}
                    """#))
    }

    @Test(arguments: [
        (#""logit_bias":{"5":1}"#, "logit_bias"),
        (#""parallel_tool_calls":false"#, "parallel_tool_calls"),
        (#""modalities":["text","audio"]"#, "modalities"),
        (#""verbosity":"low""#, "verbosity"), (#""seed":99999999999"#, "seed"),
        (#""service_tier":"flex""#, "service_tier"), (#""guided_json":{}"#, "guided_json"),
    ])
    func whatCannotBeSaid(member: String, field: String) throws {
        let error = refusal(asking(member))
        #expect(error?.reason == .unsupportedParameter)
        #expect(error?.fields.map(\.field) == [field])
        _ = try sent(try openAI(asking(member)), drops: [field], mayDrop: true)
    }

    @Test func hintsAreDroppedAndTold() throws {
        _ = try config(
            #""store":true,"metadata":{"a":"b"},"prompt_cache_key":"k","user":"u""#,
            drops: ["prompt_cache_key", "store", "metadata", "user"])
    }

    @Test func embeddings() throws {
        let request = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(
            Bytes(#"{"model":"m","input":["a","b"],"dimensions":3}"#).view)
        var output = ByteQueue()
        let dropped = try GeminiEmbeddingsWriter(model: "gemini-embedding-001")
            .write(request, with: JSONParser(), into: &output)
        #expect(dropped.isEmpty)
        #expect(
            FoundationJSON.object(output.view.string)
                == value(
                    #"""
                    {"requests":[{"model":"models/gemini-embedding-001",
                    "content":{"parts":[{"text":"a"}]},"outputDimensionality":3},
                    {"model":"models/gemini-embedding-001",
                    "content":{"parts":[{"text":"b"}]},"outputDimensionality":3}]}
                    """#))
        let tokens = try OpenAIEmbeddingRequestReader(parser: JSONParser()).read(
            Bytes(#"{"model":"m","input":[1,2]}"#).view)
        #expect(throws: GatewayError.self) {
            _ = try GeminiEmbeddingsWriter(model: "m").write(
                tokens, with: JSONParser(), into: &output)
        }
    }
}
