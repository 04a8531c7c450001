import Foundation
import TestSupport
import Transport

@testable import API

/// One door: what its clients send, and how they read what comes back. The columns of a row are the
/// cases.
enum MatrixDoor: String, CaseIterable {
    case chat = "openai.chat"
    case completions = "openai.completions"
    case responses = "openai.responses"
    case messages = "anthropic.messages"
    case ollamaChat = "ollama.chat"
    case ollamaGenerate = "ollama.generate"
    /// The contract's service, in its JSON.
    case contract = "llmgateway.v1"

    /// The request of a case; `nil` where the door's dialect has no words for it.
    func request(_ asked: MatrixCase) -> InProcessRequest? {
        guard let body = body(asked) else { return nil }
        guard self == .contract else {
            return APIHarness.request("POST", path, body)
        }
        guard asked.isStream else {
            return APIHarness.request("POST", path + "GenerateChatCompletion", body)
        }
        var request = APIHarness.request(
            "POST", path + "StreamChatCompletion", "", type: "application/connect+json")
        request.body = APIHarness.framed(Array(body.utf8))
        return request
    }

    private var path: String {
        switch self {
        case .chat: "/v1/chat/completions"
        case .completions: "/v1/completions"
        case .responses: "/v1/responses"
        case .messages: "/v1/messages"
        case .ollamaChat: "/api/chat"
        case .ollamaGenerate: "/api/generate"
        case .contract: APIHarness.chatService
        }
    }

    private func body(_ asked: MatrixCase) -> String? {
        switch self {
        case .chat: Self.chatBody(asked)
        case .completions: Self.completionBody(asked)
        case .responses: Self.responsesBody(asked)
        case .messages: Self.messagesBody(asked)
        case .ollamaChat, .ollamaGenerate: ollamaBody(asked)
        case .contract: Self.contractBody(asked)
        }
    }

    private static func quoted(_ text: String) -> String {
        let data = try? JSONEncoder().encode(text)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static let words = MatrixCase.words
    private static let function =
        #"{"name":"get_weather","description":"Of a city","parameters":\#(MatrixCase.parameters)}"#
    private static let openAITools = #","tools":[{"type":"function","function":\#(function)}]"#
    private static let arguments = #"{\"city\":\"Oslo\"}"#

    private static func chatBody(_ asked: MatrixCase) -> String? {
        var messages = #"{"role":"user","content":"\#(words)"}"#
        var more = asked.isStream ? #","stream":true"# : ""
        switch asked {
        case .tools, .parallelTools: more += openAITools
        case .toolResults:
            more += openAITools
            messages +=
                #",{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"#
                + #""function","function":{"name":"get_weather","arguments":"\#(arguments)"}}]},"#
                + #"{"role":"tool","tool_call_id":"call_1","content":"\#(MatrixCase.result)"}"#
        case .images:
            messages =
                #"{"role":"user","content":[{"type":"text","text":"\#(words)"},{"type":"#
                + #""image_url","image_url":{"url":"data:image/png;base64,"#
                + MatrixCase.picture + #""}}]}"#
        case .jsonSchema:
            more +=
                #","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":"#
                + MatrixCase.schema + "}}"
        case .stop: more += #","stop":["END"]"#
        case .n: more += #","n":2"#
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        return #"{"model":"m","max_tokens":99,"messages":[\#(messages)]\#(more)}"#
    }

    private static func completionBody(_ asked: MatrixCase) -> String? {
        var more = asked.isStream ? #","stream":true"# : ""
        switch asked {
        case .tools, .parallelTools, .toolResults, .images, .jsonSchema: return nil
        case .stop: more += #","stop":["END"]"#
        case .n: more += #","n":2"#
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        return #"{"model":"m","max_tokens":99,"prompt":"\#(words)"\#(more)}"#
    }

    private static func responsesBody(_ asked: MatrixCase) -> String? {
        var input = #"{"role":"user","content":"\#(words)"}"#
        var more = asked.isStream ? #","stream":true"# : ""
        let tools =
            #","tools":[{"type":"function","name":"get_weather","strict":false,"parameters":"#
            + MatrixCase.parameters + "}]"
        switch asked {
        case .stop, .n: return nil
        case .tools, .parallelTools: more += tools
        case .toolResults:
            more += tools
            input +=
                #",{"type":"function_call","call_id":"call_1","name":"get_weather","arguments":""#
                + arguments + #""},{"type":"function_call_output","call_id":"call_1","output":""#
                + MatrixCase.result + #""}"#
        case .images:
            input =
                #"{"role":"user","content":[{"type":"input_text","text":"\#(words)"},{"type":"#
                + #""input_image","image_url":"data:image/png;base64,\#(MatrixCase.picture)"}]}"#
        case .jsonSchema:
            more +=
                #","text":{"format":{"type":"json_schema","name":"a","schema":"#
                + MatrixCase.schema + "}}"
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        return #"{"model":"m","max_output_tokens":99,"input":[\#(input)]\#(more)}"#
    }

    private static func messagesBody(_ asked: MatrixCase) -> String? {
        var messages = #"{"role":"user","content":"\#(words)"}"#
        var more = asked.isStream ? #","stream":true"# : ""
        let tools =
            #","tools":[{"name":"get_weather","input_schema":\#(MatrixCase.parameters)}]"#
        switch asked {
        case .n: return nil
        case .tools, .parallelTools: more += tools
        case .toolResults:
            more += tools
            messages +=
                #",{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"#
                + #""get_weather","input":{"city":"Oslo"}}]},{"role":"user","content":[{"type":"#
                + #""tool_result","tool_use_id":"toolu_1","content":"\#(MatrixCase.result)"}]}"#
        case .images:
            messages =
                #"{"role":"user","content":[{"type":"text","text":"\#(words)"},{"type":"image","#
                + #""source":{"type":"base64","media_type":"image/png","data":"#
                + "\"\(MatrixCase.picture)\"}}]}"
        case .jsonSchema:
            more +=
                #","output_config":{"format":{"type":"json_schema","schema":"#
                + MatrixCase.schema + "}}"
        case .stop: more += #","stop_sequences":["END"]"#
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        return #"{"model":"m","max_tokens":99,"messages":[\#(messages)]\#(more)}"#
    }

    private func ollamaBody(_ asked: MatrixCase) -> String? {
        let isChat = self == .ollamaChat
        var message = #""role":"user","content":"\#(Self.words)""#
        var others = ""
        var options = #""num_predict":99"#
        var more = asked.isStream ? "" : #","stream":false"#
        switch asked {
        case .n: return nil
        case .tools, .parallelTools:
            guard isChat else { return nil }
            more += Self.openAITools
        case .toolResults:
            guard isChat else { return nil }
            more += Self.openAITools
            others =
                #",{"role":"assistant","content":"","tool_calls":[{"function":{"name":"#
                + #""get_weather","arguments":{"city":"Oslo"}}}]},{"role":"tool","tool_name":"#
                + #""get_weather","content":"\#(MatrixCase.result)"}"#
        case .images:
            let images = #","images":["\#(MatrixCase.picture)"]"#
            if isChat { message += images } else { more += images }
        case .jsonSchema: more += #","format":\#(MatrixCase.schema)"#
        case .stop: options += #","stop":["END"]"#
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        let said =
            isChat ? #""messages":[{\#(message)}\#(others)]"# : #""prompt":"\#(Self.words)""#
        return #"{"model":"m",\#(said),"options":{\#(options)}\#(more)}"#
    }

    private static func contractBody(_ asked: MatrixCase) -> String? {
        var messages = #"{"role":"ROLE_USER","parts":[{"text":"\#(words)"}]}"#
        var more = ""
        let tools =
            #","tools":[{"name":"get_weather","parametersJson":\#(quoted(MatrixCase.parameters))}]"#
        switch asked {
        case .tools, .parallelTools: more = tools
        case .toolResults:
            more = tools
            messages +=
                #",{"role":"ROLE_ASSISTANT","parts":[{"toolCall":{"id":"call_1","name":"#
                + #""get_weather","argumentsJson":"\#(arguments)"}}]},{"role":"ROLE_TOOL","#
                + #""parts":[{"toolResult":{"toolCallId":"call_1","parts":[{"text":"#
                + "\"\(MatrixCase.result)\"}]}}]}"
        case .images:
            messages =
                #"{"role":"ROLE_USER","parts":[{"text":"\#(words)"},{"media":{"inlineData":"#
                + #""\#(MatrixCase.picture)","mimeType":"image/png"}}]}"#
        case .jsonSchema:
            more =
                #","responseFormat":{"type":"RESPONSE_FORMAT_TYPE_JSON_SCHEMA","jsonSchema":{"#
                + #""name":"a","schemaJson":\#(quoted(MatrixCase.schema))}}"#
        case .stop: more = #","sampling":{"stopSequences":["END"]}"#
        case .n: more = #","choiceCount":2"#
        case .plain, .stream, .errors, .usage, .cut, .gone: break
        }
        return #"{"chat":{"model":"m","maxOutputTokens":99,"messages":[\#(messages)]\#(more)}}"#
    }
}
