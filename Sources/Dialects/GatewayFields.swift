internal import GatewayCore
internal import GatewayPrimitives

/// What LiteLLM's clients say to the gateway in the body of a request, next to the fields of its
/// dialect. It is not sent upstream.
enum GatewayFields {
    private static let names: [StaticString] = [
        "fallbacks", "context_window_fallbacks", "content_policy_fallbacks", "disable_fallbacks",
        "num_retries", "timeout", "litellm_session_id", "litellm_trace_id", "litellm_metadata",
        "drop_params", "tags",
    ]

    /// Those whose type alone is checked.
    private static let typed: [RequestFields.Field] = [
        .init("disable_fallbacks", .bool), .init("num_retries", .integer),
        .init("litellm_session_id", .string), .init("litellm_trace_id", .string),
    ]

    /// Whether a member of the body is the gateway's.
    static func isOurs(_ name: ByteView) -> Bool { names.contains { name.equals($0) } }

    /// The longest wait that can be asked for, in seconds.
    private static let secondsMax = 86_400.0

    /// What a body says to the gateway; `nil` for nothing.
    /// - Parameter members: the members of the body that the gateway may replace.
    static func read(
        _ root: JSONValue, among members: [RawRequest.Member], _ fields: inout RequestFields
    ) -> RequestRouting? {
        guard
            members.contains(where: { $0.name == .ours })
                || root[member: "metadata"]?[member: "session_id"] != nil
        else { return nil }
        var wishes = RoutingWishes()
        wishes.fallbacks = models(of: root, "fallbacks", &fields)
        wishes.contextWindowFallbacks = models(of: root, "context_window_fallbacks", &fields)
        wishes.contentPolicyFallbacks = models(of: root, "content_policy_fallbacks", &fields)
        fields.check(root, against: typed)
        wishes.disablesFallbacks = root[member: "disable_fallbacks"]?.bool ?? false
        if let retries = root[member: "num_retries"], !retries.isNull {
            OpenAIChatFields.checkRange(
                retries, "num_retries", 0...Int64(RequestRouting.retriesMax), &fields)
            wishes.retryCount = retries.integer.map { Int(clamping: $0) }
        }
        if let timeout = root[member: "timeout"], !timeout.isNull {
            if let seconds = timeout.number, seconds > 0, seconds <= secondsMax {
                wishes.attemptTimeout = .milliseconds(Int64((seconds * 1_000).rounded(.up)))
            } else {
                fields.violate("timeout", "must be a number of seconds up to 86400")
            }
        }
        let session =
            root[member: "litellm_session_id"]
            ?? root[member: "metadata"]?[
                member: "session_id"]
        wishes.session = session?.string?.string
        return RequestRouting(wishes)
    }

    /// A list of names, or of objects with a `model`, or, as in the configuration, of objects that
    /// map a model to others.
    private static func models(
        of root: JSONValue, _ name: StaticString, _ fields: inout RequestFields
    ) -> [String]? {
        guard let list = root[member: name], !list.isNull else { return nil }
        guard list.kind == .array, list.count <= RequestRouting.modelsMax else {
            fields.violate(
                "\(name)", "must be an array of at most \(RequestRouting.modelsMax) model names")
            return nil
        }
        let asked = root[member: "model"]?.string?.string ?? ""
        var models: [String] = []
        for (index, element) in list.elements.enumerated() {
            let field = "\(name)[\(index)]"
            if let model = (element.string ?? element[member: "model"]?.string)?.string {
                models.append(model)
            } else if element.kind == .object, element.count > 0 {
                models += mapped(element, from: asked, field, &fields)
            } else {
                fields.violate(
                    field, "must be a model's name, is \(element.kind.words)")
            }
        }
        return models
    }
    /// `{model: [others]}`: the others of the model that is asked for.
    private static func mapped(
        _ map: JSONValue, from asked: String, _ field: String, _ fields: inout RequestFields
    ) -> [String] {
        var models: [String] = []
        for (key, others) in map.members {
            guard others.kind == .array else {
                fields.violate(field, "must map models to arrays of models' names")
                continue
            }
            for other in others.elements {
                guard let model = other.string?.string else {
                    fields.violate(field, "must map models to arrays of models' names")
                    continue
                }
                if key.string == asked { models.append(model) }
            }
        }
        return models
    }
}
