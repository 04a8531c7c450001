public import GatewayCore
public import GatewayPrimitives

/// Reads the body of `POST /v1/chat/completions`.
///
/// It refuses what no upstream could take, with the field's name; fields it does not know are kept.
/// The request goes on in the client's own words.
public struct OpenAIChatRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    public func read(_ body: ByteView) throws(GatewayError) -> ChatRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: OpenAIChatFields.single)
        var fields = RequestFields()
        fields.check(root, against: OpenAIChatFields.all)
        var conversation = OpenAIConversation()
        conversation.check(root[member: "messages"], &fields)
        OpenAIChatFields.checkDetails(of: root, &fields)
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        let streamOptions = root[member: "stream_options"]
        var request = ChatRequest(
            model: root[member: "model"]?.string?.string ?? "",
            isStream: root[member: "stream"]?.bool ?? false,
            wantsUsage: streamOptions?[member: "include_usage"]?.bool ?? false,
            choiceCount: Int(root[member: "n"]?.integer ?? 1),
            maxOutputTokens: OpenAIChatFields.maxOutputTokens(of: root),
            textBytes: conversation.textBytes,
            body: .raw(
                RawRequest(
                    dialect: .openAIChat, json: body.bytes, members: members,
                    prompt: promptRange(of: body))))
        request.extent = conversation.extent
        for name: StaticString in ["tools", "functions", "response_format"] {
            guard let value = root[member: name] else { continue }
            var json = ByteQueue()
            json.append(json: value)
            request.extent.otherBytes += json.count
            // The form of an answer is no array.
            if value.kind == .array, value.count > 0 { request.extent.usesTools = true }
        }
        request.endUser = root[member: "user"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }

    /// Where the messages are in the body that was parsed last.
    private func promptRange(of body: ByteView) -> Range<Int>? {
        parser.topLevelMembers(of: body).first { body[$0.key].equals("\"messages\"") }?.value
    }
}
