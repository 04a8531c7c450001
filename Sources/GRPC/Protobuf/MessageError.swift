/// Why received bytes are not the message they should be.
public struct MessageError: Error, Sendable, Equatable {
    /// The field at fault, such as `chat.messages[1].parts[0]`. Empty for the message itself.
    public internal(set) var path: String
    /// What is wrong with it, for the client: `is not valid UTF-8`.
    public let problem: String

    init(_ problem: String) {
        path = ""
        self.problem = problem
    }

    /// The same, seen from the message that holds the field.
    func inside(_ field: String) -> MessageError {
        var error = self
        error.path = path.isEmpty || path.hasPrefix("[") ? field + path : "\(field).\(path)"
        return error
    }

    /// The same, seen from the list that holds the value.
    func inside(element index: Int) -> MessageError {
        var error = self
        error.path = path.isEmpty ? "[\(index)]" : "[\(index)].\(path)"
        return error
    }
}
