/// What encloses each line of a Swift file, told from its braces.
struct Scopes {
    enum Kind: Equatable {
        case file
        /// A type, an extension or a protocol.
        case type
        /// A function, a closure, a loop: anything else.
        case body
    }

    /// The innermost scope at the beginning of each line.
    let kinds: [Kind]

    /// `code` is masked (``SourceFile/code``).
    init(code: [String]) {
        var stack: [Kind] = []
        var pending = ""
        var kinds: [Kind] = []
        for line in code {
            kinds.append(stack.last ?? .file)
            for character in line {
                switch character {
                case "{":
                    stack.append(Self.opensType(pending) ? .type : .body)
                    pending = ""
                case "}":
                    _ = stack.popLast()
                    pending = ""
                case ";":
                    pending = ""
                default:
                    pending.append(character)
                }
            }
            // A declaration may go on in the next line, up to its brace; a statement that needs no
            // brace ends where the next declaration begins, which is close enough.
            pending = Self.isDeclarationBegun(pending) ? pending + " " : ""
        }
        self.kinds = kinds
    }

    private static let keywords: Set<String> = [
        "class", "struct", "enum", "actor", "protocol", "extension",
    ]

    private static func words(_ text: String) -> [Substring] {
        text.split { !$0.isLetter && $0 != "_" && !$0.isNumber }
    }

    private static func opensType(_ text: String) -> Bool {
        let words = words(text)
        guard let keyword = words.firstIndex(where: { keywords.contains(String($0)) }) else {
            return false
        }
        // `class func` and a generic parameter are no types.
        let isFunction = words.contains { ["func", "init", "subscript", "var"].contains($0) }
        return !isFunction && keyword + 1 < words.count
    }

    private static func isDeclarationBegun(_ text: String) -> Bool {
        words(text).contains {
            keywords.contains(String($0)) || ["func", "init", "subscript"].contains($0)
        }
    }
}
