import Foundation
import GatewayCore
import TestSupport

/// One kind of upstream: what it answers, in the form that its vendor documents, and where in its
/// requests things stand. The rows of the matrix, with the doors.
enum MatrixVendor: String, CaseIterable {
    case openai
    /// One that is passed requests for responses as they are.
    case passed = "openai-responses"
    case azure
    case anthropic
    case gemini
    case ollama

    var kind: ProviderKind {
        switch self {
        case .openai, .passed: .openAI
        case .azure: .azure
        case .anthropic: .anthropic
        case .gemini: .gemini
        case .ollama: .ollama
        }
    }

    // MARK: - Answers

    /// What one connection does in a case.
    /// - Parameter door: the one that is asked: a prompt of Ollama's clients is one to Ollama too.
    func script(_ asked: MatrixCase, for door: MatrixDoor) -> [ScriptedUpstream.Step] {
        if self == .passed { return passedScript(asked) }
        let form = self == .ollama && door == .ollamaGenerate ? Self.asPrompts : { $0 }
        switch asked {
        case .stream: return [.request, .send(stream(["Hel", "lo"], isWhole: true, form))]
        case .cut:
            return [.request, .send(stream(["Hel"], isWhole: false, form) + "0\r\n\r\n")]
        case .gone: return [.request, .send(stream(["Hel"], isWhole: false, form)), .hang]
        case .parallelTools:
            return [.request, .send(Self.head(streamType) + chunks(callEvents))]
        case .tools: return [.request, .send(Self.json(callReply))]
        case .n: return [.request, .send(Self.json(reply(["Hello", "Hola"])))]
        case .errors:
            return [.request, .send(Self.json(errorReply, status: "400 Bad Request"))]
        case .plain, .toolResults, .images, .jsonSchema, .stop, .usage:
            return [.request, .send(Self.json(form(reply(["Hello"]))))]
        }
    }

    /// A chat's answer of Ollama's as the answer to a prompt.
    private static func asPrompts(_ line: String) -> String {
        line.replacingOccurrences(
            of: #""message":{"role":"assistant","content":"#, with: #""response":"#
        )
        .replacingOccurrences(of: #"},"done""#, with: #","done""#)
    }

    static func json(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\ncontent-type: application/json\r\n"
            + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func head(_ type: String) -> String {
        "HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ntransfer-encoding: chunked\r\n\r\n"
    }

    private var streamType: String {
        self == .ollama ? "application/x-ndjson" : "text/event-stream"
    }

    /// Each event as a chunk of the transfer coding, and the end of it.
    func chunks(_ events: [String], isWhole: Bool = true) -> String {
        events.map { String($0.utf8.count, radix: 16) + "\r\n" + $0 + "\r\n" }.joined()
            + (isWhole ? "0\r\n\r\n" : "")
    }

    private func stream(
        _ pieces: [String], isWhole: Bool, _ form: (String) -> String
    ) -> String {
        let events = (opening + pieces.map(piece) + (isWhole ? ending : [])).map(form)
        return Self.head(streamType) + chunks(events, isWhole: isWhole)
    }
}

extension MatrixVendor {
    private func event(_ json: String) -> String {
        switch self {
        case .ollama: return json + "\n"
        case .gemini: return "data: \(json)\r\n\r\n"
        case .openai, .passed, .azure: return "data: \(json)\n\n"
        case .anthropic:
            let type = FoundationJSON.object(json)?.at("type") as? String ?? ""
            return "event: \(type)\ndata: \(json)\n\n"
        }
    }

    private func openAIChunk(_ delta: String, finish: String = "null") -> String {
        event(
            #"{"id":"u1","object":"chat.completion.chunk","created":1,"model":"um","choices":[{"#
                + #""index":0,"delta":{\#(delta)},"logprobs":null,"finish_reason":\#(finish)}]}"#)
    }

    private func geminiPiece(_ part: String, _ more: String = "") -> String {
        event(
            #"{"candidates":[{"content":{"parts":[\#(part)],"role":"model"},"index":0\#(more)}],"#
                + #""modelVersion":"um","responseId":"r1"}"#)
    }

    private func ollamaLine(_ message: String, _ more: String = #""done":false"#) -> String {
        event(
            #"{"model":"um","created_at":"2025-05-30T19:22:45Z","message":{"role":"assistant","#
                + "\(message)},\(more)}")
    }

    private static let ollamaEnd =
        #""done":true,"done_reason":"stop","total_duration":9,"prompt_eval_count":11,"#
        + #""eval_count":7"#
    private static let openAIUsage =
        #""usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}"#
    private static let geminiUsage =
        #""usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":7,"totalTokenCount":18}"#

    private var opening: [String] {
        switch self {
        case .openai, .passed: [openAIChunk(#""role":"assistant","content":"""#)]
        case .azure:
            [
                event(
                    #"{"choices":[],"created":0,"id":"","model":"","object":"","#
                        + #""prompt_filter_results":[{"prompt_index":0}]}"#),
                openAIChunk(#""role":"assistant","content":"""#),
            ]
        case .anthropic:
            [
                event(
                    #"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"#
                        + #""assistant","content":[],"model":"um","stop_reason":null,"#
                        + #""stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}}"#),
                event(
                    #"{"type":"content_block_start","index":0,"content_block":{"type":"text","#
                        + #""text":""}}"#),
            ]
        case .gemini, .ollama: []
        }
    }

    private func piece(_ text: String) -> String {
        switch self {
        case .openai, .passed, .azure: openAIChunk(#""content":"\#(text)""#)
        case .anthropic:
            event(
                #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"#
                    + "\"\(text)\"}}")
        case .gemini: geminiPiece(#"{"text":"\#(text)"}"#)
        case .ollama: ollamaLine(#""content":"\#(text)""#)
        }
    }

    private var ending: [String] {
        switch self {
        case .openai, .passed, .azure:
            [
                openAIChunk("", finish: "\"stop\""),
                event(#"{"id":"u1","model":"um","choices":[],\#(Self.openAIUsage)}"#),
                "data: [DONE]\n\n",
            ]
        case .anthropic: [event(#"{"type":"content_block_stop","index":0}"#)] + end("end_turn")
        case .gemini:
            [
                event(
                    #"{"candidates":[{"finishReason":"STOP","index":0}],\#(Self.geminiUsage)}"#)
            ]
        case .ollama: [ollamaLine(#""content":"""#, Self.ollamaEnd)]
        }
    }

    private func end(_ reason: String) -> [String] {
        [
            event(
                #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)","#
                    + #""stop_sequence":null},"usage":{"output_tokens":7}}"#),
            event(#"{"type":"message_stop"}"#),
        ]
    }

    /// A whole answer, or as many as there are texts.
    private func reply(_ texts: [String]) -> String {
        switch self {
        case .openai, .passed, .azure:
            let choices = texts.enumerated().map { index, text in
                #"{"index":\#(index),"message":{"role":"assistant","content":"\#(text)","#
                    + #""refusal":null},"logprobs":null,"finish_reason":"stop"}"#
            }
            return #"{"id":"u1","object":"chat.completion","created":1,"model":"um","choices":["#
                + choices.joined(separator: ",") + "],\(Self.openAIUsage)}"
        case .anthropic:
            return #"{"id":"msg_1","type":"message","role":"assistant","model":"um","content":["#
                + #"{"type":"text","text":"\#(texts[0])"}],"stop_reason":"end_turn","#
                + #""stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":7}}"#
        case .gemini:
            let candidates = texts.enumerated().map { index, text in
                #"{"content":{"parts":[{"text":"\#(text)"}],"role":"model"},"#
                    + #""finishReason":"STOP","index":\#(index)}"#
            }
            return #"{"candidates":[\#(candidates.joined(separator: ","))],\#(Self.geminiUsage),"#
                + #""modelVersion":"um","responseId":"r1"}"#
        case .ollama: return ollamaLine(#""content":"\#(texts[0])""#, Self.ollamaEnd)
        }
    }

    /// One call, whole.
    private var callReply: String {
        let arguments = #"{"city":"Oslo"}"#
        switch self {
        case .openai, .passed, .azure:
            return
                #"{"id":"u1","object":"chat.completion","created":1,"model":"um","choices":[{"#
                + #""index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"#
                + #""call_1","type":"function","function":{"name":"get_weather","arguments":"#
                + #""{\"city\":\"Oslo\"}"}}]},"finish_reason":"tool_calls"}],"#
                + Self.openAIUsage + "}"
        case .anthropic:
            return #"{"id":"msg_1","type":"message","role":"assistant","model":"um","content":["#
                + #"{"type":"tool_use","id":"toolu_1","name":"get_weather","input":\#(arguments)}"#
                + #"],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":11,"#
                + #""output_tokens":7}}"#
        case .gemini:
            return #"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather","#
                + #""args":\#(arguments)},"thoughtSignature":"AB+/"}],"role":"model"},"#
                + #""finishReason":"STOP","index":0}],\#(Self.geminiUsage)}"#
        case .ollama:
            return ollamaLine(
                #""content":"","tool_calls":[{"function":{"name":"get_weather","arguments":"#
                    + "\(arguments)}}]", Self.ollamaEnd)
        }
    }

    /// Two calls, streamed.
    private var callEvents: [String] {
        var events: [String] = []
        switch self {
        case .openai, .passed, .azure: events = opening
        case .anthropic: events = [opening[0]]
        case .gemini, .ollama: break
        }
        for (index, city) in ["Oslo", "Rome"].enumerated() {
            events += callEvents(index, city)
        }
        switch self {
        case .openai, .passed, .azure:
            events += [openAIChunk("", finish: "\"tool_calls\""), "data: [DONE]\n\n"]
        case .anthropic: events += end("tool_use")
        case .gemini:
            events.append(event(#"{"candidates":[{"finishReason":"STOP","index":0}]}"#))
        case .ollama: events.append(ollamaLine(#""content":"""#, Self.ollamaEnd))
        }
        return events
    }

    private func callEvents(_ index: Int, _ city: String) -> [String] {
        let escaped = #"{\"city\":\"\#(city)\"}"#
        let object = #"{"city":"\#(city)"}"#
        switch self {
        case .openai, .passed, .azure:
            let head =
                #"{"index":\#(index),"id":"call_\#(index)","type":"function","function":{"#
                + #""name":"get_weather","arguments":""}}"#
            let piece = #"{"index":\#(index),"function":{"arguments":"\#(escaped)"}}"#
            return [head, piece].map { openAIChunk("\"tool_calls\":[\($0)]") }
        case .anthropic:
            let block =
                #"{"type":"tool_use","id":"toolu_\#(index)","name":"get_weather","input":{}}"#
            let delta = #"{"type":"input_json_delta","partial_json":"\#(escaped)"}"#
            let place = #""index":\#(index)"#
            return [
                event(#"{"type":"content_block_start",\#(place),"content_block":\#(block)}"#),
                event(#"{"type":"content_block_delta",\#(place),"delta":\#(delta)}"#),
                event(#"{"type":"content_block_stop",\#(place)}"#),
            ]
        case .gemini:
            return [
                geminiPiece(#"{"functionCall":{"name":"get_weather","args":\#(object)}}"#)
            ]
        case .ollama:
            let function = #"{"name":"get_weather","arguments":\#(object)}"#
            return [ollamaLine(#""content":"","tool_calls":[{"function":\#(function)}]"#)]
        }
    }

    var errorReply: String {
        let words = MatrixCase.fault
        return switch self {
        case .openai, .passed, .azure:
            #"{"error":{"message":"\#(words)","type":"invalid_request_error","param":null,"#
                + #""code":null}}"#
        case .anthropic:
            #"{"type":"error","error":{"type":"invalid_request_error","message":"\#(words)"}}"#
        case .gemini:
            #"{"error":{"code":400,"message":"\#(words)","status":"INVALID_ARGUMENT"}}"#
        case .ollama: #"{"error":"\#(words)"}"#
        }
    }
}

extension MatrixVendor {
    /// What must stand in the request of a case, and where.
    /// - Parameter door: as for ``script(_:for:)``.
    func wanted(
        _ asked: MatrixCase, from door: MatrixDoor
    ) -> [(path: String, value: NSObject)] {
        if self == .passed { return passedWanted(asked) }
        let isPrompt = door == .ollamaGenerate
        return switch (asked, self) {
        case (.tools, .openai), (.tools, .azure), (.tools, .ollama):
            [("tools.0.function.name", "get_weather" as NSString)]
        case (.tools, .anthropic): [("tools.0.name", "get_weather" as NSString)]
        case (.tools, .gemini):
            [("tools.0.functionDeclarations.0.name", "get_weather" as NSString)]
        case (.images, .ollama):
            [
                (
                    (isPrompt ? "" : "messages.0.") + "images.0",
                    MatrixCase.picture as NSString
                )
            ]
        case (.images, .openai), (.images, .azure):
            [
                (
                    "messages.0.content.1.image_url.url",
                    "data:image/png;base64,\(MatrixCase.picture)" as NSString
                )
            ]
        case (.images, .anthropic):
            [("messages.0.content.1.source.data", MatrixCase.picture as NSString)]
        case (.images, .gemini):
            [("contents.0.parts.1.inlineData.data", MatrixCase.picture as NSString)]
        case (.jsonSchema, _): [(schemaPath + ".properties.answer.type", "string" as NSString)]
        case (.stop, .openai), (.stop, .azure): [("stop", ["END"] as NSArray)]
        case (.stop, .anthropic): [("stop_sequences", ["END"] as NSArray)]
        case (.stop, .gemini): [("generationConfig.stopSequences", ["END"] as NSArray)]
        case (.stop, .ollama): [("options.stop", ["END"] as NSArray)]
        case (.n, .openai), (.n, .azure): [("n", 2 as NSNumber)]
        case (.n, .gemini): [("generationConfig.candidateCount", 2 as NSNumber)]
        default: []
        }
    }

    private var schemaPath: String {
        switch self {
        case .openai, .passed, .azure: "response_format.json_schema.schema"
        case .anthropic: "output_config.format.schema"
        case .gemini: "generationConfig.responseJsonSchema"
        case .ollama: "format"
        }
    }

    /// The result of a tool among the messages of a request, and the function that was called.
    func result(in body: NSDictionary) -> (result: String?, function: String?) {
        let text = { (path: String) in body.at(path) as? String }
        switch self {
        case .passed: return (text("input.2.output"), text("input.1.name"))
        case .openai, .azure, .ollama:
            return (text("messages.2.content"), text("messages.1.tool_calls.0.function.name"))
        case .anthropic:
            let content = body.at("messages.2.content.0.content")
            return (
                content as? String ?? text("messages.2.content.0.content.0.text"),
                text("messages.1.content.0.name")
            )
        case .gemini:
            return (
                text("contents.2.parts.0.functionResponse.response.result"),
                text("contents.1.parts.0.functionCall.name")
            )
        }
    }
}
