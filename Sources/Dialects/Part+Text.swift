internal import GatewayCore
internal import GatewayPrimitives

extension Part {
    /// What it says, if that is text alone. A text with marks beside it, such as for a cache, loses
    /// them, which is told.
    func text(_ path: String, _ unsaid: inout Unsaid) -> String? {
        switch self {
        case .text(let text), .refusal(let text): return text
        case .other(let json):
            var bytes = ByteQueue()
            bytes.append(text: json)
            let parser = JSONParser()
            guard let part = try? parser.parse(bytes.view),
                part[member: "type"]?.string?.equals("text") == true,
                let text = part[member: "text"]?.string
            else { return nil }
            for (name, _) in part.members where !name.equals("type") && !name.equals("text") {
                unsaid.drop(field: "\(path).\(name.string)")
            }
            return text.string
        case .media, .toolCall, .toolResult, .reasoning: return nil
        }
    }
}

extension Reasoning {
    /// Whether an upstream's proof is with it, without which no upstream takes it back.
    var isProven: Bool { !signature.isEmpty || !redactedData.isEmpty }
}

extension Message.Role {
    /// Whether it is set apart from the conversation, where a dialect does that.
    var isSystem: Bool { self == .system || self == .developer }
}

extension ToolChoice {
    /// Whether the model may use a tool: a choice among some is said by leaving out the others.
    func allows(_ tool: Tool) -> Bool {
        guard case .allowed(_, let names) = self, case .function(let name, _, _, _) = tool else {
            return true
        }
        return names.contains(name)
    }
}
