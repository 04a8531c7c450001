internal import GatewayCore
internal import GatewayPrimitives

extension ChatRequest.Extent {
    /// Counts what a request defines beside its text: its tools, and the form of its answer.
    mutating func countDefinitions(of root: JSONValue, named names: [StaticString]) {
        for name in names {
            guard let value = root[member: name], !value.isNull else { continue }
            otherBytes += value.writtenBytes
            // The form of an answer is no array.
            if value.kind == .array, value.count > 0 { usesTools = true }
        }
    }
}

extension JSONValue {
    /// How many bytes it takes as JSON: an upper bound of its texts.
    var writtenBytes: Int {
        var json = ByteQueue()
        json.append(json: self)
        return json.count
    }
}
