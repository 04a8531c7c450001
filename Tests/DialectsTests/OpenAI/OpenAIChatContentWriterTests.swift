import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in core types, as they come in over gRPC, written for an upstream of OpenAI's dialect.
struct OpenAIChatContentWriterTests {
    private static let user = Message(role: .user, parts: [.text("Hi")])

    private func request(
        _ content: ChatContent, isStream: Bool = false, choices: Int = 1, maxTokens: Int? = nil
    ) -> ChatRequest {
        ChatRequest(
            model: "m", isStream: isStream, wantsUsage: true, choiceCount: choices,
            maxOutputTokens: maxTokens, body: .typed(content))
    }

    private func sent(_ content: ChatContent, drops: [String] = []) throws -> NSDictionary {
        try sent(request(content), drops: drops)
    }

    /// What another reader reads of it; the project's own reader must take it too.
    private func sent(_ request: ChatRequest, drops: [String] = []) throws -> NSDictionary {
        let json = try written {
            let dropped = try OpenAIRequestWriter.writeChat(request, model: "u", into: &$0)
            #expect(dropped == drops)
        }
        let again = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        #expect(again.model == "u")
        #expect(again.isStream == request.isStream)
        #expect(again.choiceCount == request.choiceCount)
        #expect(again.maxOutputTokens == request.maxOutputTokens)
        return try #require(FoundationJSON.object(json))
    }

    private func refusal(of content: ChatContent) throws -> GatewayError {
        do throws(GatewayError) {
            var queue = ByteQueue()
            _ = try OpenAIRequestWriter.writeChat(request(content), model: "u", into: &queue)
        } catch {
            return error
        }
        throw Taken()
    }

    private struct Taken: Error {}

    @Test func theLeastRequest() throws {
        let json = try written {
            _ = try OpenAIRequestWriter.writeChat(
                request(ChatContent(messages: [Self.user])), model: "u", into: &$0)
        }
        #expect(json == #"{"model":"u","messages":[{"role":"user","content":"Hi"}]}"#)
    }

    @Test func howMuchAndHowItIsDelivered() throws {
        let content = ChatContent(messages: [Self.user])
        let object = try sent(request(content, isStream: true, choices: 2, maxTokens: 9))
        #expect(object.at("stream") == true as NSNumber)
        #expect(object.at("stream_options.include_usage") == true as NSNumber)
        #expect(object.at("max_completion_tokens") == 9 as NSNumber)
        #expect(object.at("n") == 2 as NSNumber)
    }

    @Test func everyOptionHasItsMember() throws {
        var content = ChatContent(messages: [Self.user])
        content.sampling.temperature = 0.5
        content.sampling.topP = 0.25
        content.sampling.topK = 4
        content.sampling.frequencyPenalty = -1
        content.sampling.presencePenalty = 1.5
        content.sampling.seed = -9
        content.sampling.stopSequences = ["a", "\"b"]
        content.sampling.logitBias = [(token: 5, bias: -100), (token: 6, bias: 0.5)]
        content.reasoningEffort = .low
        content.verbosity = .high
        content.topLogprobs = 3
        content.predictedOutput = "p"
        content.promptCacheKey = "k"
        content.serviceTier = "flex"
        content.store = false
        content.endUser = "me"
        content.metadata = [(key: "a", value: "b\"")]
        content.extraBodyJSON = #"{"chat_template_kwargs":{"enable_thinking":false},"min_p":0.1}"#
        let object = try sent(content)
        let expected = FoundationJSON.object(
            """
            {"model":"u","messages":[{"role":"user","content":"Hi"}],"temperature":0.5,
            "top_p":0.25,"top_k":4,"frequency_penalty":-1,"presence_penalty":1.5,"seed":-9,
            "stop":["a","\\"b"],"logit_bias":{"5":-100,"6":0.5},"reasoning_effort":"low",
            "verbosity":"high","logprobs":true,"top_logprobs":3,
            "prediction":{"type":"content","content":"p"},"prompt_cache_key":"k",
            "service_tier":"flex","store":false,"user":"me","metadata":{"a":"b\\""},
            "chat_template_kwargs":{"enable_thinking":false},"min_p":0.1}
            """)
        #expect(object == expected)
    }

    @Test func toolsAndTheirChoice() throws {
        var content = ChatContent(messages: [Self.user])
        content.tools = [
            .function(
                name: "f", description: "d", parametersJSON: #"{"type":"object"}"#, strict: true),
            .function(name: "g", description: "", parametersJSON: "", strict: nil),
            .provider(json: #"{"type":"web_search"}"#),
        ]
        content.parallelToolCalls = false
        content.toolChoice = .tool(name: "f")
        var object = try sent(content)
        #expect(
            object.at("tools")
                == FoundationJSON.value(
                    Array(
                        """
                        [{"type":"function","function":{"name":"f","description":"d",
                        "parameters":{"type":"object"},"strict":true}},
                        {"type":"function","function":{"name":"g"}},{"type":"web_search"}]
                        """.utf8)))
        #expect(object.at("parallel_tool_calls") == false as NSNumber)
        #expect(object.at("tool_choice.function.name") == "f" as NSString)
        content.toolChoice = .mode(.required)
        object = try sent(content)
        #expect(object.at("tool_choice") == "required" as NSString)
        content.toolChoice = .allowed(mode: .auto, names: ["f", "g"])
        object = try sent(content)
        #expect(object.at("tool_choice.allowed_tools.mode") == "auto" as NSString)
        #expect(object.at("tool_choice.allowed_tools.tools.1.function.name") == "g" as NSString)
    }

    @Test func formatsOfTheAnswer() throws {
        var content = ChatContent(messages: [Self.user])
        content.responseFormat = .jsonObject
        #expect(try sent(content).at("response_format.type") == "json_object" as NSString)
        content.responseFormat = .jsonSchema(
            name: "n", description: "d", schemaJSON: #"{"type":"object"}"#, strict: true)
        let object = try sent(content)
        #expect(object.at("response_format.json_schema.schema.type") == "object" as NSString)
        #expect(object.at("response_format.json_schema.strict") == true as NSNumber)
    }

    @Test func conversationsKeepTheirTurns() throws {
        let content = ChatContent(messages: [
            Message(role: .system, parts: [.text("s")]),
            Message(role: .developer, parts: [.text("d")]),
            Message(role: .user, parts: [.text("a"), .text("b")], name: "bob"),
            Message(
                role: .assistant,
                parts: [
                    .reasoning(Reasoning("thought")),
                    .toolCall(ToolCall(id: "1", name: "f", argumentsJSON: "{}")),
                    .toolCall(ToolCall(id: "2", name: "g", argumentsJSON: #"{"a":"b"}"#)),
                ]),
            Message(
                role: .tool,
                parts: [
                    .toolResult(ToolResult(toolCallID: "1", parts: [.text("x"), .text("y")])),
                    .toolResult(ToolResult(toolCallID: "2", parts: [])),
                ]),
            Message(role: .assistant, parts: [.refusal("no")]),
            Message(
                role: .user, parts: [.other(json: #"{"type":"new","x":1}"#)],
                providerFieldsJSON: #"{"cache_control":{"type":"ephemeral"}}"#),
        ])
        // What a model thought is not said again, which is told.
        let messages = try #require(
            try sent(content, drops: ["chat.messages[3].parts[0]"]).at("messages"))
        let expected = FoundationJSON.value(
            Array(
                """
                [{"role":"system","content":"s"},{"role":"developer","content":"d"},
                {"role":"user","name":"bob",
                "content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
                {"role":"assistant","content":null,"tool_calls":[
                {"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},
                {"id":"2","type":"function","function":{"name":"g",
                "arguments":"{\\"a\\":\\"b\\"}"}}]},
                {"role":"tool","tool_call_id":"1","content":"xy"},
                {"role":"tool","tool_call_id":"2","content":""},
                {"role":"assistant","content":null,"refusal":"no"},
                {"role":"user","content":[{"type":"new","x":1}],
                "cache_control":{"type":"ephemeral"}}]
                """.utf8))
        #expect(messages == expected)
    }

    @Test func mediaArePartsOfTheirKind() throws {
        let parts: [(Media, String)] = [
            (
                Media(source: .inline([1, 2, 3]), mimeType: "image/png", detail: .low),
                """
                {"type":"image_url",
                "image_url":{"url":"data:image/png;base64,AQID","detail":"low"}}
                """
            ),
            (
                Media(source: .uri("https://x/y?a=\"b"), mimeType: ""),
                #"{"type":"image_url","image_url":{"url":"https://x/y?a=\"b"}}"#
            ),
            (
                Media(source: .inline([1, 2, 3]), mimeType: "audio/wav"),
                #"{"type":"input_audio","input_audio":{"data":"AQID","format":"wav"}}"#
            ),
            (
                Media(source: .inline([1, 2, 3]), mimeType: "audio/mpeg"),
                #"{"type":"input_audio","input_audio":{"data":"AQID","format":"mp3"}}"#
            ),
            (
                Media(source: .inline([1]), mimeType: "application/pdf", fileName: "a.pdf"),
                """
                {"type":"file",
                "file":{"file_data":"data:application/pdf;base64,AQ==","filename":"a.pdf"}}
                """
            ),
            (
                Media(source: .fileID("file-1"), mimeType: "application/pdf"),
                #"{"type":"file","file":{"file_id":"file-1"}}"#
            ),
        ]
        for (media, json) in parts {
            let content = ChatContent(messages: [Message(role: .user, parts: [.media(media)])])
            #expect(
                try sent(content).at("messages.0.content.0")
                    == FoundationJSON.value(Array(json.utf8)), "\(json)")
        }
    }

    /// What cannot be said is refused with the place in the client's request.
    @Test func whatCannotBeSaidIsRefusedByItsPath() throws {
        let tables: [([Message], String)] = [
            ([Message(role: .tool, parts: [.text("x")])], "chat.messages[0]"),
            ([Self.user, Message(role: .tool, parts: [])], "chat.messages[1]"),
            (
                [
                    Message(
                        role: .user, parts: [.toolResult(ToolResult(toolCallID: "1", parts: []))])
                ],
                "chat.messages[0]"
            ),
        ]
        for (messages, field) in tables {
            let error = try refusal(of: ChatContent(messages: messages))
            #expect(error.reason == .invalidRequest)
            #expect(error.retry == .never)
            #expect(error.fields.first?.field == field)
        }
    }

    /// What this dialect has no form for, another deployment may take.
    @Test func mediaThatCannotBeSaidAreRefusedHereAlone() throws {
        let far = { (type: String) in Part.media(Media(source: .uri("http://x"), mimeType: type)) }
        let result = ToolResult(toolCallID: "1", parts: [far("image/png")])
        let messages = [
            Message(role: .user, parts: [far("audio/wav")]),
            Message(role: .user, parts: [far("text/plain")]),
            Message(role: .tool, parts: [.toolResult(result)]),
        ]
        for message in messages {
            let error = try refusal(of: ChatContent(messages: [message]))
            #expect(error.reason == .unsupportedParameter)
            #expect(error.retry == .otherDeployment)
            #expect(error.fields.first?.field == "chat.messages[0]")
        }
    }

    @Test func unsupportedParametersAreRefusedOrDropped() throws {
        var content = ChatContent(messages: [Self.user])
        content.maxReasoningTokens = 5
        let error = try refusal(of: content)
        #expect(error.reason == .unsupportedParameter)
        #expect(error.retry == .otherDeployment)
        #expect(error.fields.first?.field == "chat.reasoning.max_reasoning_tokens")
        content.dropsUnsupportedParams = true
        let request = request(content)
        let json = try written {
            let dropped = try OpenAIRequestWriter.writeChat(request, model: "u", into: &$0)
            #expect(dropped == ["reasoning.max_reasoning_tokens"])
        }
        #expect(!json.contains("reasoning"))
    }

    /// JSON that a client hands in as a text must not end the member it stands in: else it would
    /// choose the model, and what the call may cost.
    @Test(arguments: [
        "", "{", "1", "[]", "{}}", #"{}}}],"model":"expensive","x":[{"a":{"b":{}"#, "{} {}",
        "{\"a\":\u{1}}", #"{"a":"\ud800"}"#, "null", "\"x\"",
    ])
    func jsonOfTheClientStaysInItsPlace(fragment: String) throws {
        var content = ChatContent(messages: [Self.user])
        content.tools = [
            .function(name: "f", description: "", parametersJSON: fragment, strict: nil)
        ]
        if !fragment.isEmpty {
            #expect(try refusal(of: content).fields.first?.field == "chat.tools[0].parameters_json")
            content.extraBodyJSON = fragment
            content.tools = []
            #expect(try refusal(of: content).fields.first?.field == "chat.extra_body_json")
            content.extraBodyJSON = ""
            content.messages[0].providerFieldsJSON = fragment
            #expect(
                try refusal(of: content).fields.first?.field
                    == "chat.messages[0].provider_fields_json")
        }
        content = ChatContent(messages: [Self.user])
        content.tools = [.provider(json: fragment)]
        #expect(try refusal(of: content).fields.first?.field == "chat.tools[0].provider_tool_json")
        content.tools = []
        content.responseFormat = .jsonSchema(
            name: "n", description: "", schemaJSON: fragment, strict: nil)
        let schema = "chat.response_format.json_schema.schema_json"
        #expect(try refusal(of: content).fields.first?.field == schema)
        content.responseFormat = .text
        content.messages = [Message(role: .user, parts: [.text("a"), .other(json: fragment)])]
        let part = "chat.messages[0].parts[1].provider_fields_json"
        #expect(try refusal(of: content).fields.first?.field == part)
    }

    /// What the gateway itself sets cannot be set by the side door.
    @Test(arguments: [
        "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n",
        "mod\\u0065l",
    ])
    func extraFieldsCannotTakeOver(name: String) throws {
        var content = ChatContent(messages: [Self.user])
        content.extraBodyJSON = "{\"a\":1,\"\(name)\":1}"
        let error = try refusal(of: content)
        #expect(error.reason == .invalidRequest)
        #expect(error.message.contains("must not set"))
    }

    @Test(arguments: ["role", "content", "tool_calls", "tool_call_id"])
    func fieldsOfAMessageCannotTakeOver(name: String) throws {
        var content = ChatContent(messages: [Self.user])
        content.messages[0].providerFieldsJSON = "{\"\(name)\":\"x\"}"
        let error = try refusal(of: content)
        #expect(error.fields.first?.field == "chat.messages[0].provider_fields_json")
    }
}
