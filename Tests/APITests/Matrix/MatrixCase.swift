/// What is asked of every door in front of every provider: the columns of the matrix.
enum MatrixCase: String, CaseIterable {
    case plain
    case stream
    case tools
    /// Two calls, streamed.
    case parallelTools = "parallel-tools"
    case toolResults = "tool-results"
    case images
    case jsonSchema = "json-schema"
    case stop
    /// Two answers.
    case n
    case errors
    case usage
    /// The upstream breaks off in the middle of a stream.
    case cut
    /// The client leaves in the middle of a stream.
    case gone

    /// Whether the answer is asked for piece by piece.
    var isStream: Bool {
        switch self {
        case .stream, .parallelTools, .cut, .gone: true
        default: false
        }
    }

    // What is said in all of them.

    static let words = "Hi"
    static let picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"
    static let schema =
        #"{"type":"object","properties":{"answer":{"type":"string"}},"required":["answer"],"#
        + #""additionalProperties":false}"#
    static let parameters =
        #"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#
    static let result = "11 degrees"
    static let fault = "This cannot be done."
}

/// What a cell of the matrix says.
enum MatrixCell: Equatable {
    case ok
    /// The provider's dialect has no words for it: it is refused by this field.
    case refused(field: String)
    /// The door's dialect has no words to ask for it.
    case unasked

    init?(_ text: String) {
        switch text {
        case "ok": self = .ok
        case "-": self = .unasked
        default:
            guard text.hasPrefix("refused:") else { return nil }
            self = .refused(field: String(text.dropFirst("refused:".count)))
        }
    }
}

/// What a door's client was told, in whatever form.
struct MatrixAnswer {
    /// The text of each answer, by its number.
    var texts: [Int: String] = [:]
    var calls: [Call] = []
    /// `stop` or `tool_calls`; the door's own word for anything else.
    var finish = ""
    var inputTokens: Int?
    var outputTokens: Int?
    /// The words of an error.
    var error: String?

    struct Call {
        var name = ""
        var arguments = ""
    }

    var text: String { texts[0] ?? "" }

    mutating func add(_ text: String?, to choice: Int = 0) {
        if let text { texts[choice, default: ""] += text }
    }
}
