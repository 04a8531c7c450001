import Foundation

/// What the checks need to know of a .proto file, read line by line: the files are formatted, so a
/// field or a value stands on a line of its own (a long one may go on in the next).
struct ProtoFile {
    struct Field: Equatable {
        let name: String
        /// The type's name; of a map, its value's.
        let type: String
        let isRepeated: Bool
        let line: Int
        /// The words of the comment above.
        let comment: String
        /// The oneof that the field is a member of.
        let oneof: String?
    }

    struct Message: Equatable {
        let name: String
        let line: Int
        var fields: [Field] = []
        /// Names of oneofs, with the comment above each.
        var oneofs: [String: String] = [:]
    }

    struct Enumeration: Equatable {
        let name: String
        let line: Int
        /// Names by number, as written.
        var values: [(name: String, number: Int, line: Int)] = []

        static func == (left: Self, right: Self) -> Bool {
            left.name == right.name && left.values.map(\.name) == right.values.map(\.name)
        }
    }

    let path: String
    private(set) var package = ""
    private(set) var syntax = ""
    private(set) var messages: [Message] = []
    private(set) var enumerations: [Enumeration] = []

    init(_ file: SourceFile) {
        path = file.path
        var comment = ""
        var oneof: String?
        var statement = ""
        for (index, raw) in file.lines.enumerated() {
            let line = raw.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("//") {
                comment += " " + line.dropFirst(2).trimmingCharacters(in: .whitespaces)
                continue
            }
            if line.isEmpty {
                comment = ""
                continue
            }
            statement += statement.isEmpty ? line : " " + line
            guard line.hasSuffix("{") || line.hasSuffix("}") || line.hasSuffix(";") else {
                continue
            }
            take(statement, line: index + 1, comment: comment, oneof: &oneof)
            statement = ""
            comment = ""
        }
    }

    private mutating func take(
        _ statement: String, line: Int, comment: String, oneof: inout String?
    ) {
        let words = statement.split { " ;=<>,{}\"".contains($0) }.map(String.init)
        guard let first = words.first else {
            if statement == "}" { oneof = nil }
            return
        }
        switch first {
        case "syntax": syntax = words.last ?? ""
        case "package": package = words.last ?? ""
        case "message" where words.count > 1: messages.append(Message(name: words[1], line: line))
        case "enum" where words.count > 1:
            enumerations.append(Enumeration(name: words[1], line: line))
        case "oneof" where words.count > 1:
            oneof = words[1]
            messages[messages.count - 1].oneofs[words[1]] = comment
        case "service", "rpc", "option", "import", "reserved": return
        default: takeMember(words, line: line, comment: comment, oneof: oneof)
        }
    }

    private mutating func takeMember(
        _ words: [String], line: Int, comment: String, oneof: String?
    ) {
        if words.count == 2, let number = Int(words[1]), !enumerations.isEmpty {
            enumerations[enumerations.count - 1].values.append((words[0], number, line))
            return
        }
        var rest = words[...]
        let isRepeated = rest.first == "repeated" || rest.first == "map"
        if ["repeated", "optional", "required"].contains(rest.first) { rest = rest.dropFirst() }
        if rest.first == "map" { rest = rest.dropFirst(2) }
        guard rest.count >= 3, !messages.isEmpty else { return }
        let parts = Array(rest.prefix(3))
        guard Int(parts[2]) != nil else { return }
        messages[messages.count - 1].fields.append(
            Field(
                name: parts[1], type: parts[0], isRepeated: isRepeated, line: line,
                comment: comment.trimmingCharacters(in: .whitespaces), oneof: oneof))
    }
}
