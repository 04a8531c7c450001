public import GatewayCore
public import GatewayPrimitives

/// Reads the bodies of endpoints whose requests are passed on as they are: moderations and rerank.
public struct OpenAIRelayReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// The model of moderations that name none, as OpenAI has it.
    public static let moderationModel = "omni-moderation-latest"

    /// Reads a request for moderation. ``ByteQueue/slack`` bytes behind it must be readable.
    public func readModeration(_ body: ByteView) throws(GatewayError) -> RelayRequest {
        try read(
            body, .moderation, .openAIModerations, single: ["model", "input"],
            known: [.init("model", .nonEmptyString)]
        ) { root, fields, request in
            guard let input = root[member: "input"], !input.isNull else {
                return fields.violate("input", "is required")
            }
            guard input.kind == .string || input.kind == .array else {
                return fields.violate(
                    "input", "must be a string or an array, is \(input.kind.words)")
            }
            request.inputCount = max(1, input.count)
            if let text = input.string { request.textBytes = text.count }
            for element in input.elements {
                if let text = element.string ?? element[member: "text"]?.string {
                    request.textBytes += text.count
                } else if let url = element[member: "image_url"]?[member: "url"]?.string {
                    request.extent.media += 1
                    request.extent.mediaBytes += url.count
                } else {
                    fields.violate("input", "must hold strings, or parts of text and images")
                }
            }
        }
    }

    /// Reads a request to rank documents. ``ByteQueue/slack`` bytes behind it must be readable.
    public func readRerank(_ body: ByteView) throws(GatewayError) -> RelayRequest {
        try read(
            body, .rerank, .rerank, single: ["model", "query", "documents"],
            known: [
                .init("model", .nonEmptyString, isRequired: true),
                .init("query", .string, isRequired: true),
                .init("documents", .array, isRequired: true), .init("top_n", .integer),
                .init("max_tokens_per_doc", .integer), .init("return_documents", .bool),
            ]
        ) { root, fields, request in
            let query = root[member: "query"]?.string?.count ?? 0
            request.inputCount = max(1, root[member: "documents"]?.count ?? 1)
            if root[member: "documents"]?.count == 0 {
                fields.violate("documents", "must not be empty")
            }
            // A ranker reads the query with each document.
            request.textBytes = query * request.inputCount
            var json = ByteQueue()
            if let documents = root[member: "documents"] { json.append(json: documents) }
            request.textBytes += json.count
        }
    }

    private func read(
        _ body: ByteView, _ operation: RelayRequest.Operation, _ dialect: Dialect,
        single: [StaticString], known: [RequestFields.Field],
        _ details: (JSONValue, inout RequestFields, inout RelayRequest) -> Void
    ) throws(GatewayError) -> RelayRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(of: body, in: parser, single: single)
        var fields = RequestFields()
        fields.check(root, against: known)
        let routing = GatewayFields.read(root, among: members, &fields)
        var request = RelayRequest(
            operation: operation,
            model: root[member: "model"]?.string?.string ?? Self.moderationModel, textBytes: 0,
            raw: RawRequest(dialect: dialect, json: body.bytes, members: members))
        details(root, &fields, &request)
        let tags = fields.tags(of: root)
        try fields.finish()
        request.endUser = root[member: "user"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }
}
