import Foundation
import TestSupport
import Transport

/// Reads what a door's client was told, as such a client does.
struct MatrixReader {
    let door: MatrixDoor
    private var answer = MatrixAnswer()

    init(_ door: MatrixDoor) { self.door = door }

    static func read(_ response: InProcessResponse, from door: MatrixDoor) -> MatrixAnswer {
        var reader = MatrixReader(door)
        for object in objects(of: response) { reader.take(object) }
        if reader.answer.finish == "stop", !reader.answer.calls.isEmpty {
            // Some dialects have no word of their own for it.
            reader.answer.finish = "tool_calls"
        }
        return reader.answer
    }

    /// The objects of a body: one, or the events, lines or messages of a stream.
    private static func objects(of response: InProcessResponse) -> [NSDictionary] {
        let type = response.header("content-type") ?? ""
        if type.hasPrefix("text/event-stream") {
            return response.text.components(separatedBy: "\n").compactMap { line in
                line.hasPrefix("data: ") ? FoundationJSON.object(String(line.dropFirst(6))) : nil
            }
        }
        if type == "application/x-ndjson" {
            return response.text.components(separatedBy: "\n").compactMap(FoundationJSON.object)
        }
        guard type == "application/connect+json" else {
            return [FoundationJSON.object(response.text)].compactMap { $0 }
        }
        var found: [NSDictionary] = []
        var rest = response.body[...]
        while rest.count >= 5 {
            let count = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let json = String(decoding: rest.dropFirst(5).prefix(count), as: UTF8.self)
            if let object = FoundationJSON.object(json) { found.append(object) }
            rest = rest.dropFirst(5 + count)
        }
        return found
    }

    private mutating func take(_ object: NSDictionary) {
        if let error = object.at("error"), !(error is NSNull) {
            answer.error = error as? String ?? object.at("error.message") as? String
            return
        }
        switch door {
        case .chat, .completions: takeOpenAI(object)
        case .responses: takeResponse(object)
        case .messages: takeAnthropic(object)
        case .ollamaChat, .ollamaGenerate: takeOllama(object)
        case .contract: takeContract(object)
        }
    }

    private mutating func count(_ object: NSDictionary, _ input: String, _ output: String) {
        func number(_ path: String) -> Int? {
            let value = object.at(path)
            return value as? Int ?? (value as? String).flatMap { Int($0) }
        }
        answer.inputTokens = number(input) ?? answer.inputTokens
        answer.outputTokens = number(output) ?? answer.outputTokens
    }

    private mutating func add(
        call index: Int, _ name: String?, _ arguments: String?
    ) {
        while answer.calls.count <= index { answer.calls.append(MatrixAnswer.Call()) }
        answer.calls[index].name += name ?? ""
        answer.calls[index].arguments += arguments ?? ""
    }

    private static func json(_ value: NSObject?) -> String {
        guard let value, let data = try? JSONSerialization.data(withJSONObject: value) else {
            return ""
        }
        return String(decoding: data, as: UTF8.self)
    }

    private mutating func takeOpenAI(_ object: NSDictionary) {
        count(object, "usage.prompt_tokens", "usage.completion_tokens")
        for choice in object.at("choices") as? [NSDictionary] ?? [] {
            let index = choice.at("index") as? Int ?? 0
            let message =
                choice.at("message") as? NSDictionary ?? choice.at("delta") as? NSDictionary
            answer.add(message?.at("content") as? String ?? choice.at("text") as? String, to: index)
            let calls = message?.at("tool_calls") as? [NSDictionary] ?? []
            for (place, call) in calls.enumerated() {
                add(
                    call: call.at("index") as? Int ?? place, call.at("function.name") as? String,
                    call.at("function.arguments") as? String)
            }
            if let finish = choice.at("finish_reason") as? String { answer.finish = finish }
        }
    }

    private mutating func takeResponse(_ object: NSDictionary) {
        let type = object.at("type") as? String
        if type == "response.output_text.delta" {
            answer.add(object.at("delta") as? String)
        } else if type == "error" {
            answer.error = object.at("message") as? String
        } else if type == nil || type == "response.completed" {
            let response = type == nil ? object : object.at("response") as? NSDictionary ?? object
            count(response, "usage.input_tokens", "usage.output_tokens")
            for item in response.at("output") as? [NSDictionary] ?? [] {
                if item.at("type") as? String == "function_call" {
                    add(
                        call: answer.calls.count, item.at("name") as? String,
                        item.at("arguments") as? String)
                } else if type == nil {
                    answer.add(item.at("content.0.text") as? String)
                }
            }
            answer.finish = response.at("status") as? String == "completed" ? "stop" : "incomplete"
        }
    }

    private mutating func takeAnthropic(_ object: NSDictionary) {
        count(object, "usage.input_tokens", "usage.output_tokens")
        for block in object.at("content") as? [NSDictionary] ?? [] {
            answer.add(block.at("text") as? String)
            if block.at("type") as? String == "tool_use" {
                add(
                    call: answer.calls.count, block.at("name") as? String,
                    Self.json(block.at("input")))
            }
        }
        if object.at("content_block.type") as? String == "tool_use" {
            add(call: answer.calls.count, object.at("content_block.name") as? String, nil)
        }
        answer.add(object.at("delta.text") as? String)
        if let piece = object.at("delta.partial_json") as? String {
            add(call: max(0, answer.calls.count - 1), nil, piece)
        }
        let reason =
            object.at("delta.stop_reason") as? String ?? object.at("stop_reason") as? String
        if let reason { answer.finish = reason == "end_turn" ? "stop" : reason }
        if answer.finish == "tool_use" { answer.finish = "tool_calls" }
    }

    private mutating func takeOllama(_ object: NSDictionary) {
        count(object, "prompt_eval_count", "eval_count")
        answer.add(object.at("message.content") as? String ?? object.at("response") as? String)
        for call in object.at("message.tool_calls") as? [NSDictionary] ?? [] {
            add(
                call: answer.calls.count, call.at("function.name") as? String,
                Self.json(call.at("function.arguments")))
        }
        if let reason = object.at("done_reason") as? String { answer.finish = reason }
    }

    private mutating func takeContract(_ object: NSDictionary) {
        if object.at("code") != nil { answer.error = object.at("message") as? String }
        count(object, "completion.usage.inputTokens", "completion.usage.outputTokens")
        for choice in object.at("completion.choices") as? [NSDictionary] ?? [] {
            let index = choice.at("index") as? Int ?? 0
            for part in choice.at("message.parts") as? [NSDictionary] ?? [] {
                answer.add(part.at("text") as? String, to: index)
                guard part.at("toolCall") != nil else { continue }
                add(
                    call: answer.calls.count, part.at("toolCall.name") as? String,
                    part.at("toolCall.argumentsJson") as? String)
            }
            finish(choice.at("finishReason"))
        }
        answer.add(object.at("delta.text") as? String)
        if object.at("delta.toolCall") != nil {
            let name = object.at("delta.toolCall.name") as? String
            let isNew = name?.isEmpty == false
            add(
                call: isNew ? answer.calls.count : max(0, answer.calls.count - 1), name,
                object.at("delta.toolCall.argumentsJson") as? String)
        }
        finish(object.at("finished.outcomes.0.finishReason"))
    }

    private mutating func finish(_ reason: NSObject?) {
        guard let reason = reason as? String else { return }
        answer.finish = reason.replacingOccurrences(of: "FINISH_REASON_", with: "").lowercased()
    }
}
