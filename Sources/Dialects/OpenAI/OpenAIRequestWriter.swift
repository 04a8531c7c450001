public import GatewayCore
public import GatewayPrimitives

/// Writes requests in OpenAI's dialect.
public struct OpenAIRequestWriter {
    /// Appends the body of a chat completion request for an upstream.
    ///
    /// A request in the client's own words stays as it is but for the model's name and, in a
    /// stream, `stream_options.include_usage`, which the gateway needs. Returns the names of
    /// parameters that were dropped because the dialect cannot say them; throws if they may not be
    /// dropped.
    /// - Parameter outputTokensMax: the bound of the answer that takes the place of the request's
    ///   own, if it has one.
    public static func writeChat(
        _ request: ChatRequest, model upstreamModel: String, outputTokensMax: Int? = nil,
        into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        switch request.body {
        case .raw(let raw):
            splice(
                raw, model: upstreamModel, asksForUsage: request.isStream,
                outputTokensMax: outputTokensMax, into: &output)
            return []
        case .typed(let content):
            var request = request
            request.maxOutputTokens = outputTokensMax ?? request.maxOutputTokens
            return try OpenAIChatContentWriter(request: request, content: content)
                .write(model: upstreamModel, into: &output)
        }
    }

    /// Appends the body of an embeddings request for an upstream. Returns what was dropped.
    public static func writeEmbeddings(
        _ request: EmbeddingRequest, model upstreamModel: String, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        switch request.body {
        case .raw(let raw):
            splice(raw, model: upstreamModel, asksForUsage: false, into: &output)
        case .typed(let content):
            try write(content, model: upstreamModel, into: &output)
        }
        return []
    }

    /// The client's bytes with the model's name replaced and, if asked for, the usage added.
    private static func splice(
        _ raw: RawRequest, model: String, asksForUsage: Bool, outputTokensMax: Int? = nil,
        into output: inout ByteQueue
    ) {
        raw.json.withUnsafeBufferPointer { buffer in
            let json = ByteView(start: buffer.baseAddress, count: buffer.count)
            var copied = 0
            var hasOptions = false
            var hasBound = false
            for member in raw.members {
                switch member.name {
                case .model:
                    output.append(json[copied..<member.value.lowerBound])
                    output.append(jsonString: model)
                case .streamOptions:
                    hasOptions = true
                    guard asksForUsage else { continue }
                    output.append(json[copied..<member.value.lowerBound])
                    appendOptions(json[member.value], into: &output)
                case .ours:
                    copied = leaveOut(member.value, of: json, copied: copied, into: &output)
                    continue
                case .outputBound:
                    // Its own bound, which may be null, gives way to the gateway's.
                    guard let outputTokensMax else { continue }
                    output.append(json[copied..<member.value.lowerBound])
                    output.append(decimal: outputTokensMax)
                    hasBound = true
                }
                copied = member.value.upperBound
            }
            let addsOptions = asksForUsage && !hasOptions
            guard addsOptions || (outputTokensMax != nil && !hasBound) else {
                return output.append(json.dropping(first: copied))
            }
            // Behind the last member: the object has one at least, the model's name.
            var end = json.count
            while end > copied, json[end - 1] != UInt8(ascii: "}") { end -= 1 }
            output.append(json[copied..<end - 1])
            if addsOptions { output.append(#","stream_options":{"include_usage":true}"#) }
            if let outputTokensMax, !hasBound {
                // Servers that are older than the newer field know the older one only.
                output.append(",\"max_completion_tokens\":")
                output.append(decimal: outputTokensMax)
            }
            output.append("}")
        }
    }

    /// Leaves a member out, and the comma that goes with it: the one before it, or, where what is
    /// before it is gone or never was, the one behind it. Returns where to go on.
    private static func leaveOut(
        _ member: Range<Int>, of json: ByteView, copied: Int, into output: inout ByteQueue
    ) -> Int {
        func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
        var start = member.lowerBound
        while start > copied, isSpace(json[start - 1]) { start -= 1 }
        if start > copied, json[start - 1] == UInt8(ascii: ",") {
            output.append(json[copied..<start - 1])
            return member.upperBound
        }
        output.append(json[copied..<start])
        var end = member.upperBound
        while end < json.count, isSpace(json[end]) { end += 1 }
        return end < json.count && json[end] == UInt8(ascii: ",") ? end + 1 : member.upperBound
    }

    /// `stream_options` as the client wrote them, but with the usage.
    private static func appendOptions(_ options: ByteView, into output: inout ByteQueue) {
        output.append(#"{"include_usage":true"#)
        for member in RawMembers(options) where !member.isNamed("include_usage") {
            output.append(",\"")
            output.append(member.name)
            output.append("\":")
            output.append(member.value)
        }
        output.append("}")
    }

    private static func write(
        _ content: EmbeddingContent, model: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        output.append("{\"model\":")
        output.append(jsonString: model)
        output.append(",\"input\":[")
        for (index, input) in content.inputs.enumerated() {
            if index > 0 { output.append(",") }
            switch input {
            case .text(let text): output.append(jsonString: text)
            case .tokens(let tokens):
                output.append("[")
                for (place, token) in tokens.enumerated() {
                    if place > 0 { output.append(",") }
                    output.append(decimal: Int(token))
                }
                output.append("]")
            }
        }
        output.append("]")
        if content.dimensionCount > 0 {
            output.append(",\"dimensions\":")
            output.append(decimal: content.dimensionCount)
        }
        if !content.endUser.isEmpty {
            output.append(",\"user\":")
            output.append(jsonString: content.endUser)
        }
        try ClientJSON.append(
            membersOf: content.extraBodyJSON, field: "extra_body_json",
            refusing: ["model", "input"], into: &output)
        output.append("}")
    }
}
