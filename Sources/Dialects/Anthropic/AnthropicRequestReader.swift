public import GatewayCore
public import GatewayPrimitives

/// Reads the body of `POST /v1/messages` (docs.claude.com/en/api/messages).
///
/// It refuses what no upstream could take, with the field's name; fields it does not know are kept.
/// The request goes on in the client's own words.
public struct AnthropicRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    /// - Parameters:
    ///   - headers: what goes with it to an upstream of the dialect.
    ///   - isCount: whether its tokens are to be counted only: then it needs no `max_tokens`.
    public func read(
        _ body: ByteView, headers: [RawRequest.Header] = [], isCount: Bool = false
    ) throws(GatewayError) -> ChatRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: Self.single)
        var fields = RequestFields()
        fields.check(root, against: Self.known)
        if !isCount && root[member: "max_tokens"] == nil {
            fields.violate("max_tokens", "is required")
        }
        OpenAIChatFields.checkRange(
            root[member: "max_tokens"], "max_tokens", 0...Int64.max, &fields)
        var conversation = AnthropicExtent()
        conversation.check(root, &fields)
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        var request = ChatRequest(
            model: root[member: "model"]?.string?.string ?? "",
            isStream: root[member: "stream"]?.bool ?? false, wantsUsage: true,
            maxOutputTokens: root[member: "max_tokens"]?.integer.map { Int(clamping: $0) },
            textBytes: conversation.textBytes,
            body: .raw(
                RawRequest(
                    dialect: .anthropicMessages, json: body.bytes, members: members,
                    prompt: promptRange(of: body), headers: headers)))
        request.extent = conversation.extent
        request.endUser = root[member: "metadata"]?[member: "user_id"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }

    /// Where the messages are in the body that was parsed last.
    private func promptRange(of body: ByteView) -> Range<Int>? {
        parser.topLevelMembers(of: body).first { body[$0.key].equals("\"messages\"") }?.value
    }

    /// What the gateway decides by: whose model it is, how the answer comes, what it may cost.
    private static let single: [StaticString] = [
        "model", "messages", "system", "stream", "max_tokens", "tools",
    ]
    private static let known: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true),
        .init("messages", .array, isRequired: true),
        .init("max_tokens", .integer),
        .init("metadata", .object),
        .init("output_config", .object),
        .init("service_tier", .string),
        .init("stop_sequences", .array),
        .init("stream", .bool),
        .init("temperature", .number),
        .init("thinking", .object),
        .init("tool_choice", .object),
        .init("tools", .array),
        .init("top_k", .integer),
        .init("top_p", .number),
    ]
}

/// Checks what a request says, and counts it.
struct AnthropicExtent {
    /// The UTF-8 bytes of all texts.
    private(set) var textBytes = 0
    /// What else there is.
    private(set) var extent = ChatRequest.Extent()

    mutating func check(_ root: JSONValue, _ fields: inout RequestFields) {
        if let system = root[member: "system"], !system.isNull {
            extent.messages += 1
            checkContent(system, "system", &fields)
        }
        var index = 0
        if let messages = root[member: "messages"], messages.kind == .array {
            for message in messages.elements {
                check(message, "messages[\(index)]", &fields)
                index += 1
            }
            if index == 0 {
                fields.violate("messages", "must have at least one message, is empty")
            }
        }
        extent.messages += index
        extent.countDefinitions(of: root, named: ["tools", "output_config"])
    }

    private mutating func check(
        _ message: JSONValue, _ path: String, _ fields: inout RequestFields
    ) {
        guard message.kind == .object else {
            return fields.violate(path, "must be an object, is \(message.kind.words)")
        }
        fields.check(
            message, against: [.init("role", .nonEmptyString, isRequired: true)],
            prefix: "\(path).")
        // What is counted must be what the upstream reads.
        if message.members.lazy.filter({ $0.name.equals("content") }).prefix(2).count > 1 {
            fields.violate("\(path).content", "stands more than once in the message")
        }
        guard let content = message[member: "content"] else {
            return fields.violate("\(path).content", "is required")
        }
        checkContent(content, "\(path).content", &fields)
    }

    private mutating func checkContent(
        _ content: JSONValue, _ path: String, _ fields: inout RequestFields
    ) {
        if let text = content.string {
            textBytes += text.count
            return
        }
        guard content.kind == .array else {
            return fields.violate(
                path, "must be a string or an array of blocks, is \(content.kind.words)")
        }
        var index = 0
        for block in content.elements {
            let place = "\(path)[\(index)]"
            index += 1
            guard block.kind == .object else {
                fields.violate(place, "must be an object, is \(block.kind.words)")
                continue
            }
            fields.check(
                block, against: [.init("type", .nonEmptyString, isRequired: true)],
                prefix: "\(place).")
            count(block, place, &fields)
        }
    }

    private mutating func count(
        _ block: JSONValue, _ path: String, _ fields: inout RequestFields
    ) {
        guard let type = block[member: "type"]?.string else { return }
        if type.equals("text") {
            guard let text = block[member: "text"]?.string else {
                return fields.violate("\(path).text", "is required, and must be a string")
            }
            textBytes += text.count
        } else if type.equals("image") || type.equals("document") {
            extent.media += 1
            let source = block[member: "source"]
            if source?[member: "type"]?.string?.equals("base64") == true {
                extent.mediaBytes += source?[member: "data"]?.string?.count ?? 0
            } else {
                textBytes += source?.writtenBytes ?? 0
            }
        } else if type.equals("tool_result") {
            extent.usesTools = true
            extent.otherBytes += block[member: "tool_use_id"]?.string?.count ?? 0
            if let content = block[member: "content"], !content.isNull {
                checkContent(content, "\(path).content", &fields)
            }
        } else {
            // Calls, thinking, and kinds yet to come.
            if type.equals("tool_use") { extent.usesTools = true }
            textBytes += block.writtenBytes
        }
    }
}
