internal import GatewayPrimitives

// Members of objects that are written one behind another, each with a comma before it.
extension ByteQueue {
    /// Appends `,"name":` and a text, if there is one.
    mutating func appendMember(_ name: StaticString, _ value: String) {
        if value.isEmpty { return }
        appendMemberName(name)
        append(jsonString: value)
    }

    mutating func appendMember(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        appendMemberName(name)
        append(json: value)
    }

    mutating func appendMember(_ name: StaticString, _ value: Double?) {
        guard let value else { return }
        appendMemberName(name)
        append(json: value)
    }

    mutating func appendMember(_ name: StaticString, _ value: Int?) {
        guard let value else { return }
        appendMemberName(name)
        append(decimal: value)
    }

    private mutating func appendMemberName(_ name: StaticString) {
        append(",\"")
        append(name)
        append("\":")
    }

    /// Appends `,"name":` and a list of texts, if there are any.
    mutating func appendMember(_ name: StaticString, _ texts: [String]) {
        if texts.isEmpty { return }
        appendMemberName(name)
        append("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { append(",") }
            append(jsonString: text)
        }
        append("]")
    }
}
