internal import GatewayPrimitives

/// The fields of a chat completion request that are known, and what they must be.
enum OpenAIChatFields {
    static let all: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true),
        .init("messages", .any, isRequired: true),
        .init("stream", .bool),
        .init("stream_options", .object),
        .init("n", .integer),
        .init("max_tokens", .integer),
        .init("max_completion_tokens", .integer),
        .init("temperature", .number),
        .init("top_p", .number),
        .init("frequency_penalty", .number),
        .init("presence_penalty", .number),
        .init("seed", .integer),
        .init("stop", .any),
        .init("logit_bias", .object),
        .init("logprobs", .bool),
        .init("top_logprobs", .integer),
        .init("tools", .array),
        .init("tool_choice", .any),
        .init("parallel_tool_calls", .bool),
        .init("response_format", .object),
        .init("reasoning_effort", .string),
        .init("verbosity", .string),
        .init("prediction", .object),
        .init("modalities", .array),
        .init("audio", .object),
        .init("metadata", .object),
        .init("store", .bool),
        .init("service_tier", .string),
        .init("user", .string),
        .init("safety_identifier", .string),
        .init("prompt_cache_key", .string),
        .init("functions", .array),
        .init("function_call", .any),
        .init("web_search_options", .object),
    ]

    /// What the gateway decides by: whose model it is, how the answer comes, what it may cost.
    static let single: [StaticString] = [
        "model", "messages", "stream", "stream_options", "n", "max_tokens", "max_completion_tokens",
    ]

    /// The bound on output tokens: where both fields are set, the larger, since upstreams differ
    /// in which they take.
    static func maxOutputTokens(of root: JSONValue) -> Int? {
        let newer = root[member: "max_completion_tokens"]?.integer
        let older = root[member: "max_tokens"]?.integer
        guard newer != nil || older != nil else { return nil }
        return Int(clamping: max(newer ?? 0, older ?? 0))
    }

    /// Checks what the table of types cannot say.
    static func checkDetails(of root: JSONValue, _ fields: inout RequestFields) {
        checkRange(root[member: "n"], "n", 1...Int64(DialectLimits.choicesMax), &fields)
        checkRange(root[member: "max_tokens"], "max_tokens", 1...Int64.max, &fields)
        checkRange(
            root[member: "max_completion_tokens"], "max_completion_tokens", 1...Int64.max, &fields)
        checkStop(root[member: "stop"], &fields)
        if let options = root[member: "stream_options"], options.kind == .object {
            fields.check(
                options, against: [.init("include_usage", .bool)], prefix: "stream_options.")
        }
        checkTools(root[member: "tools"], &fields)
        if let choice = root[member: "tool_choice"], choice.kind != .string,
            choice.kind != .object, !choice.isNull
        {
            fields.violate(
                "tool_choice", "must be a string or an object, is \(choice.kind.words)")
        }
        if let format = root[member: "response_format"], format.kind == .object {
            fields.check(
                format, against: [.init("type", .nonEmptyString, isRequired: true)],
                prefix: "response_format.")
        }
    }

    /// Checks a number that is of the right type.
    static func checkRange(
        _ value: JSONValue?, _ name: String, _ range: ClosedRange<Int64>,
        _ fields: inout RequestFields
    ) {
        guard let value, value.kind == .integer || value.kind == .number else { return }
        guard let number = value.integer else {
            if value.kind == .integer { fields.violate(name, "is too large") }
            return
        }
        if number < range.lowerBound {
            fields.violate(name, "must be at least \(range.lowerBound), is \(number)")
        } else if number > range.upperBound {
            fields.violate(name, "must be at most \(range.upperBound), is \(number)")
        }
    }

    private static func checkStop(_ stop: JSONValue?, _ fields: inout RequestFields) {
        guard let stop, !stop.isNull, stop.kind != .string else { return }
        guard stop.kind == .array else {
            return fields.violate(
                "stop", "must be a string or an array of strings, is \(stop.kind.words)")
        }
        var index = 0
        for element in stop.elements {
            if element.kind != .string {
                fields.violate("stop[\(index)]", "must be a string, is \(element.kind.words)")
            }
            index += 1
        }
    }

    private static func checkTools(_ tools: JSONValue?, _ fields: inout RequestFields) {
        guard let tools, tools.kind == .array else { return }
        var index = 0
        for tool in tools.elements {
            let name = "tools[\(index)]"
            index += 1
            guard tool.kind == .object else {
                fields.violate(name, "must be an object, is \(tool.kind.words)")
                continue
            }
            fields.check(
                tool, against: [.init("type", .nonEmptyString, isRequired: true)],
                prefix: "\(name).")
            guard tool[member: "type"]?.string?.equals("function") == true else { continue }
            guard let function = tool[member: "function"], function.kind == .object else {
                fields.violate("\(name).function", "must be an object with the function's name")
                continue
            }
            fields.check(
                function,
                against: [
                    .init("name", .nonEmptyString, isRequired: true),
                    .init("description", .string), .init("parameters", .object),
                    .init("strict", .bool),
                ], prefix: "\(name).function.")
        }
    }
}
