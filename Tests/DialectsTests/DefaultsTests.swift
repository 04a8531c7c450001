import Foundation
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Dialects

/// A deployment's defaults stand in for what a request does not say, whether it is translated or
/// goes on as it came.
struct DefaultsTests {
    private static let all: RequestDefaults = {
        var sampling = SamplingParams()
        sampling.temperature = 0.5
        sampling.topP = 0.25
        sampling.topK = 4
        sampling.frequencyPenalty = 0.5
        sampling.presencePenalty = -0.5
        sampling.seed = 7
        sampling.stopSequences = ["a", "\"b"]
        return RequestDefaults(
            maxOutputTokens: 50, sampling: sampling, reasoningEffort: .low, endUser: "u\"s")
    }()

    private func filled(_ request: ChatRequest) throws -> ChatRequest {
        var request = request
        request.defaults = Self.all
        if request.maxOutputTokens == nil {
            request.maxOutputTokens = Self.all.maxOutputTokens
            request.isBoundByDefault = true
        }
        return request
    }

    private func openAI(_ members: String = "") throws -> ChatRequest {
        let json = #"{"model":"m","messages":[{"role":"user","content":"Hi"}]\#(members)}"#
        return try filled(try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view))
    }

    private func sent(
        _ drops: [String], _ write: (inout ByteQueue) throws -> [String]
    ) throws -> NSDictionary {
        var output = ByteQueue()
        #expect(try write(&output) == drops)
        return try #require(FoundationJSON.object(output.view.string), "\(output.view.string)")
    }

    private func value(_ json: String) -> NSObject? { FoundationJSON.value(Array(json.utf8)) }

    @Test func aChatThatGoesOnAsItCame() throws {
        let object = try sent([]) {
            try OpenAIRequestWriter.writeChat(try openAI(), model: "u", into: &$0)
        }
        #expect(
            object
                == value(
                    #"""
                    {"model":"u","messages":[{"role":"user","content":"Hi"}],
                    "max_completion_tokens":50,"temperature":0.5,"top_p":0.25,"top_k":4,
                    "frequency_penalty":0.5,"presence_penalty":-0.5,"seed":7,"stop":["a","\"b"],
                    "user":"u\"s","reasoning_effort":"low"}
                    """#))
    }

    /// What the client says is so, even null; and what a budget lowers is lowered.
    @Test func theClientsOwn() throws {
        let members = #","max_tokens":9,"t\u0065mperature":1.5,"top_p":null,"stop":"x","user":"me""#
        let object = try sent([]) {
            try OpenAIRequestWriter.writeChat(try openAI(members), model: "u", into: &$0)
        }
        #expect(object.at("max_tokens") == 9 as NSNumber)
        #expect(object.at("max_completion_tokens") == nil)
        #expect(object.at("temperature") == 1.5 as NSNumber)
        #expect(object.at("top_p") is NSNull)
        #expect(object.at("stop") == "x" as NSString && object.at("user") == "me" as NSString)
        #expect(object.at("seed") == 7 as NSNumber)
        let lowered = try sent([]) {
            try OpenAIRequestWriter.writeChat(
                try openAI(), model: "u", outputTokensMax: 5, into: &$0)
        }
        #expect(lowered.at("max_completion_tokens") == 5 as NSNumber)
    }

    /// An older bound that is null gives way to the deployment's.
    @Test func aBoundThatIsNull() throws {
        let object = try sent([]) {
            try OpenAIRequestWriter.writeChat(
                try openAI(#","max_tokens":null"#), model: "u", into: &$0)
        }
        #expect(object.at("max_tokens") == 50 as NSNumber)
    }

    @Test func aResponseThatGoesOnAsItCame() throws {
        let json = #"{"model":"m","input":"Hi","top_p":1}"#
        let request = try filled(
            try OpenAIResponsesRequestReader(parser: JSONParser()).read(Bytes(json).view))
        guard case .raw(let raw) = request.body else { return }
        let unsaid = ["top_k", "frequency_penalty", "presence_penalty", "seed", "stop"]
        let object = try sent(unsaid) {
            OpenAIRequestWriter.writePassed(
                raw, isStream: false, model: "u", of: request, into: &$0)
        }
        #expect(
            object
                == value(
                    #"""
                    {"model":"u","input":"Hi","top_p":1,"max_output_tokens":50,"temperature":0.5,
                    "user":"u\"s","reasoning":{"effort":"low"}}
                    """#))
    }

    private func anthropic(_ members: String = "") throws -> NSDictionary {
        let json =
            #"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]\#(members)}"#
        let request = try filled(
            try AnthropicRequestReader(parser: JSONParser()).read(Bytes(json).view))
        var unsaid = ["frequency_penalty", "presence_penalty", "seed", "reasoning_effort"]
        if members.contains("enabled") { unsaid += ["temperature", "top_p", "top_k"] }
        return try sent(unsaid) {
            try AnthropicRequestWriter(model: "u").write(request, with: JSONParser(), into: &$0)
        }
    }

    @Test func aMessageThatGoesOnAsItCame() throws {
        #expect(
            try anthropic()
                == value(
                    #"""
                    {"model":"u","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],
                    "temperature":0.5,"top_p":0.25,"top_k":4,"stop_sequences":["a","\"b"],
                    "metadata":{"user_id":"u\"s"}}
                    """#))
        let thinking = try anthropic(#","thinking":{"type":"enabled","budget_tokens":1024}"#)
        #expect(thinking.at("temperature") == nil && thinking.at("stop_sequences.0") != nil)
    }

    private func ollama(_ members: String = "") throws -> NSDictionary {
        let json = #"{"model":"m","messages":[{"role":"user","content":"Hi"}]\#(members)}"#
        let request = try filled(
            try OllamaRequestReader(parser: JSONParser()).read(Bytes(json).view, as: .ollamaChat))
        return try sent(["user"]) {
            try OllamaRequestWriter(model: "gpt-oss").write(
                request, with: JSONParser(), into: &$0)
        }
    }

    @Test func aChatOfOllamasThatGoesOnAsItCame() throws {
        let options =
            #""temperature":0.5,"top_k":4,"top_p":0.25,"frequency_penalty":0.5,"#
            + #""presence_penalty":-0.5,"seed":7,"stop":["a","\"b"]"#
        let object = try ollama()
        #expect(object.at("options") == value("{\"num_predict\":50,\(options)}"))
        #expect(object.at("think") == "low" as NSString)
        let own = try ollama(#","think":false,"options":{"num_predict":3,"seed":1,"num_ctx":8}"#)
        #expect(own.at("think") == false as NSNumber)
        #expect(own.at("options.num_predict") == 3 as NSNumber)
        #expect(own.at("options.seed") == 1 as NSNumber)
        #expect(own.at("options.num_ctx") == 8 as NSNumber)
        #expect(own.at("options.temperature") == 0.5 as NSNumber)
    }

    /// What a dialect cannot say of the defaults is no reason to refuse a request, but what the
    /// client asks for is.
    @Test func requestsThatAreTranslated() throws {
        let writer = AnthropicRequestWriter(model: "claude-3-5-haiku-latest")
        let unsaid = ["reasoning_effort", "seed", "frequency_penalty", "presence_penalty"]
        let object = try sent(unsaid) {
            try writer.write(try openAI(), with: JSONParser(), into: &$0)
        }
        #expect(object.at("max_tokens") == 50 as NSNumber)
        #expect(object.at("temperature") == 0.5 as NSNumber)
        #expect(object.at("stop_sequences") == ["a", "\"b"] as NSArray)
        #expect(object.at("metadata.user_id") == "u\"s" as NSString)
        let error = #expect(throws: GatewayError.self) {
            var output = ByteQueue()
            _ = try writer.write(
                try openAI(#","seed":1"#), with: JSONParser(), into: &output)
        }
        #expect(error?.fields.map(\.field) == ["seed"])
        let gemini = try sent(["user"]) {
            try GeminiRequestWriter(model: "gemini-2.5-flash").write(
                try openAI(#","temperature":1"#), with: JSONParser(), into: &$0)
        }
        #expect(gemini.at("generationConfig.maxOutputTokens") == 50 as NSNumber)
        #expect(gemini.at("generationConfig.temperature") == 1 as NSNumber)
        #expect(gemini.at("generationConfig.seed") == 7 as NSNumber)
    }
}
