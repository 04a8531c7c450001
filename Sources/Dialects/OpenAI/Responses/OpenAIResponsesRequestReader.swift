public import GatewayCore
public import GatewayPrimitives

/// Reads the body of `POST /v1/responses` (platform.openai.com/docs/api-reference/responses).
///
/// Responses are served without a memory: what asks for one is refused by name.
public struct OpenAIResponsesRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    public func read(_ body: ByteView) throws(GatewayError) -> ChatRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: Self.single, bounds: ["max_output_tokens"])
        var fields = RequestFields()
        fields.check(root, against: Self.known)
        OpenAIChatFields.checkRange(
            root[member: "max_output_tokens"], "max_output_tokens", 1...Int64.max, &fields)
        Self.checkMemory(root, &fields)
        var extent = Extent()
        extent.count(root, &fields)
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        var request = ChatRequest(
            model: root[member: "model"]?.string?.string ?? "",
            isStream: root[member: "stream"]?.bool ?? false, wantsUsage: true,
            maxOutputTokens: root[member: "max_output_tokens"]?.integer.map { Int(clamping: $0) },
            textBytes: extent.textBytes,
            body: .raw(
                RawRequest(dialect: .openAIResponses, json: body.bytes, members: members)))
        request.extent = extent.extent
        request.endUser = root[member: "user"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }

    /// What a response repeats of the request that was read last, and the parser with it.
    public var echo: OpenAIResponsesEcho { OpenAIResponsesEcho(parser.root) }

    private static let single: [StaticString] = [
        "model", "input", "instructions", "stream", "max_output_tokens", "tools",
    ]
    private static let known: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true),
        .init("input", .any, isRequired: true),
        .init("instructions", .string), .init("stream", .bool), .init("tools", .array),
        .init("tool_choice", .any), .init("parallel_tool_calls", .bool),
        .init("max_output_tokens", .integer), .init("temperature", .number),
        .init("top_p", .number), .init("top_logprobs", .integer), .init("text", .object),
        .init("reasoning", .object), .init("metadata", .object), .init("store", .bool),
        .init("include", .array), .init("truncation", .string), .init("background", .bool),
        .init("user", .string), .init("safety_identifier", .string),
        .init("prompt_cache_key", .string), .init("service_tier", .string),
        .init("stream_options", .object),
    ]

    /// Nothing is kept between requests.
    private static func checkMemory(_ root: JSONValue, _ fields: inout RequestFields) {
        for name: StaticString in ["previous_response_id", "conversation", "prompt"] {
            guard let value = root[member: name], !value.isNull else { continue }
            fields.violate("\(name)", "refers to what is not kept here; send the whole input")
        }
        if root[member: "background"]?.bool == true {
            fields.violate("background", "is not served; ask in the foreground")
        }
    }

    /// How much a request says.
    private struct Extent {
        var textBytes = 0
        var extent = ChatRequest.Extent()

        mutating func count(_ root: JSONValue, _ fields: inout RequestFields) {
            if let text = root[member: "instructions"]?.string {
                textBytes += text.count
                extent.messages += 1
            }
            extent.countDefinitions(of: root, named: ["tools", "text"])
            guard let input = root[member: "input"] else { return }
            if let text = input.string {
                textBytes += text.count
                extent.messages += 1
                return
            }
            guard input.kind == .array else {
                return fields.violate(
                    "input", "must be a string or an array of items, is \(input.kind.words)")
            }
            var index = 0
            for item in input.elements {
                if item.kind == .object {
                    count(item: item)
                } else {
                    fields.violate("input[\(index)]", "must be an object, is \(item.kind.words)")
                }
                index += 1
            }
            extent.messages += index
            if index == 0 { fields.violate("input", "must not be empty") }
        }

        private mutating func count(item: JSONValue) {
            if let type = item[member: "type"]?.string,
                type.equals("function_call") || type.equals("function_call_output")
            {
                extent.usesTools = true
            }
            guard let content = item[member: "content"], content.kind == .array else {
                textBytes += item.writtenBytes
                return
            }
            for part in content.elements {
                let data =
                    part[member: "image_url"]?.string ?? part[member: "file_data"]?.string
                    ?? part[member: "input_audio"]?[member: "data"]?.string
                if let text = part[member: "text"]?.string {
                    textBytes += text.count
                } else if let data {
                    extent.media += 1
                    extent.mediaBytes += data.count
                } else {
                    textBytes += part.writtenBytes
                }
            }
        }
    }
}
