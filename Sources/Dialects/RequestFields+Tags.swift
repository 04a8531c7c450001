internal import GatewayCore
internal import GatewayPrimitives

extension RequestFields {
    /// The labels of a request, where LiteLLM's clients put them: `metadata.tags`,
    /// `litellm_metadata.tags`, or `tags`, the first that is there.
    ///
    /// A label may have a budget, and choose deployments: none is dropped because it cannot be
    /// read.
    mutating func tags(of root: JSONValue) -> [String] {
        let places: [(name: String, value: JSONValue?)] = [
            ("metadata.tags", root[member: "metadata"]?[member: "tags"]),
            ("litellm_metadata.tags", root[member: "litellm_metadata"]?[member: "tags"]),
            ("tags", root[member: "tags"]),
        ]
        var tags: [String]?
        for (name, value) in places {
            guard let value, !value.isNull else { continue }
            let read = labels(value, name)
            if tags == nil { tags = read }
        }
        return tags ?? []
    }

    private mutating func labels(_ list: JSONValue, _ name: String) -> [String] {
        guard list.kind == .array else {
            violate(name, "must be an array of strings, is \(list.kind.words)")
            return []
        }
        var tags: [String] = []
        for (index, element) in list.elements.enumerated() {
            guard let tag = element.string?.string else {
                violate("\(name)[\(index)]", "must be a string, is \(element.kind.words)")
                continue
            }
            guard !tag.contains("\n") else {
                violate("\(name)[\(index)]", "must not have line breaks")
                continue
            }
            if !tag.isEmpty, !tags.contains(tag) { tags.append(tag) }
        }
        if tags.count > RequestRouting.tagsMax {
            violate(
                name, "must have at most \(RequestRouting.tagsMax) labels, has \(tags.count)")
        }
        return tags
    }
}
