public import GatewayCore
public import GatewayPrimitives

/// Reads the bodies of Ollama's `POST /api/chat` and `POST /api/generate` (docs.ollama.com/api).
///
/// It refuses what no upstream could take, with the field's name; fields it does not know are kept.
/// The request goes on in the client's own words. An answer is a stream unless the client says
/// otherwise.
public struct OllamaRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    /// - Parameter dialect: `ollamaChat`, or `ollamaGenerate`.
    public func read(_ body: ByteView, as dialect: Dialect) throws(GatewayError) -> ChatRequest {
        let isChat = dialect == .ollamaChat
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: Self.single)
        var fields = RequestFields()
        fields.check(root, against: Self.known)
        fields.check(root, against: isChat ? Self.knownOfChat : Self.knownOfPrompt)
        let options = root[member: "options"]
        Self.checkOptions(options, &fields)
        var said = OllamaExtent()
        if isChat { said.checkChat(root, &fields) } else { said.checkPrompt(root, &fields) }
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        let bound = options?[member: "num_predict"]?.integer ?? 0
        var request = ChatRequest(
            model: root[member: "model"]?.string?.string ?? "",
            isStream: root[member: "stream"]?.bool ?? true, wantsUsage: true,
            // Below one there is none.
            maxOutputTokens: bound > 0 ? Int(clamping: bound) : nil, textBytes: said.textBytes,
            body: .raw(
                RawRequest(
                    dialect: dialect, json: body.bytes, members: members,
                    prompt: promptRange(of: body, isChat))))
        request.extent = said.extent
        request.tags = tags
        request.routing = routing
        return request
    }

    /// Where the messages or the prompt are in the body that was parsed last.
    private func promptRange(of body: ByteView, _ isChat: Bool) -> Range<Int>? {
        parser.topLevelMembers(of: body).first {
            body[$0.key].equals(isChat ? "\"messages\"" : "\"prompt\"")
        }?.value
    }

    /// What the gateway decides by: whose model it is, how the answer comes, what it may cost.
    private static let single: [StaticString] = [
        "model", "messages", "prompt", "system", "stream", "options", "tools", "images",
    ]
    private static let known: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true), .init("stream", .bool),
        .init("options", .object), .init("logprobs", .bool), .init("top_logprobs", .integer),
    ]
    private static let knownOfChat: [RequestFields.Field] = [
        .init("messages", .array, isRequired: true), .init("tools", .array),
    ]
    private static let knownOfPrompt: [RequestFields.Field] = [
        .init("prompt", .string, isRequired: true), .init("system", .string),
        .init("suffix", .string), .init("template", .string), .init("raw", .bool),
        .init("context", .array), .init("images", .array),
    ]
    private static let knownOptions: [RequestFields.Field] = [
        .init("temperature", .number), .init("top_p", .number), .init("top_k", .integer),
        .init("num_predict", .integer), .init("seed", .integer),
        .init("presence_penalty", .number), .init("frequency_penalty", .number),
    ]

    private static func checkOptions(_ options: JSONValue?, _ fields: inout RequestFields) {
        guard let options, options.kind == .object else { return }
        fields.check(options, against: knownOptions, prefix: "options.")
        // Readers of JSON differ in which of two they take.
        if options.members.lazy.filter({ $0.name.equals("num_predict") }).prefix(2).count > 1 {
            fields.violate("options.num_predict", "stands more than once in the options")
        }
    }
}

/// Checks what a request of Ollama's clients says, and counts it.
struct OllamaExtent {
    /// The UTF-8 bytes of all texts.
    private(set) var textBytes = 0
    /// What else there is.
    private(set) var extent = ChatRequest.Extent()

    mutating func checkChat(_ root: JSONValue, _ fields: inout RequestFields) {
        if let messages = root[member: "messages"], messages.kind == .array {
            for message in messages.elements {
                check(message, "messages[\(extent.messages)]", &fields)
                extent.messages += 1
            }
            if extent.messages == 0 {
                fields.violate("messages", "must have at least one message, is empty")
            }
        }
        extent.countDefinitions(of: root, named: ["tools", "format"])
    }

    mutating func checkPrompt(_ root: JSONValue, _ fields: inout RequestFields) {
        extent.messages = 1
        for name: StaticString in ["prompt", "system", "suffix", "template"] {
            textBytes += root[member: name]?.string?.count ?? 0
        }
        checkImages(root[member: "images"], "images", &fields)
        // What the model is reminded of, a token each.
        textBytes += (root[member: "context"]?.count ?? 0) * 4
        extent.countDefinitions(of: root, named: ["tools", "format"])
    }

    private mutating func check(
        _ message: JSONValue, _ path: String, _ fields: inout RequestFields
    ) {
        guard message.kind == .object else {
            return fields.violate(path, "must be an object, is \(message.kind.words)")
        }
        fields.check(
            message,
            against: [
                .init("role", .nonEmptyString, isRequired: true), .init("content", .string),
                .init("thinking", .string), .init("tool_calls", .array),
            ], prefix: "\(path).")
        // What is counted must be what the upstream reads.
        if message.members.lazy.filter({ $0.name.equals("content") }).prefix(2).count > 1 {
            fields.violate("\(path).content", "stands more than once in the message")
        }
        textBytes += message[member: "content"]?.string?.count ?? 0
        textBytes += message[member: "thinking"]?.string?.count ?? 0
        if let calls = message[member: "tool_calls"], calls.count > 0 {
            extent.usesTools = true
            textBytes += calls.writtenBytes
        }
        checkImages(message[member: "images"], "\(path).images", &fields)
    }

    private mutating func checkImages(
        _ images: JSONValue?, _ path: String, _ fields: inout RequestFields
    ) {
        guard let images, !images.isNull else { return }
        guard images.kind == .array, images.elements.allSatisfy({ $0.kind == .string }) else {
            return fields.violate(path, "must be an array of strings of Base64")
        }
        for image in images.elements {
            extent.media += 1
            extent.mediaBytes += image.string?.count ?? 0
        }
    }
}
