/// The bound on what is handwritten around a client's generated code.
///
/// What counts is lines of code: not blank lines, comments, imports, nor the lines that only close
/// brackets, so that a language is not told to say less about itself.
enum WrapperCheck {
    static let codeLinesMax = 300

    /// The handwritten sources of each client, as folders or files below clients/.
    static let wrappers: [(language: String, paths: [String], extensions: Set<String>)] = [
        ("cpp", ["cpp/src", "cpp/include"], ["cpp", "h"]),
        ("go", ["go"], ["go"]),
        ("java", ["java/src/main"], ["java"]),
        ("python", ["python/llmgateway"], ["py"]),
        ("ruby", ["ruby/lib"], ["rb"]),
        ("swift", ["swift/Sources"], ["swift"]),
        ("typescript", ["typescript/src"], ["ts"]),
    ]

    /// Whether a file is handwritten and not a test.
    static func isWrapper(_ path: String) -> Bool {
        let generated = ["/v1/", "/V1/", "/llmgatewayv1/", "/v1.ts", "_pb.rb", "_test.go"]
        return !generated.contains { path.contains($0) }
    }

    /// A wrapper of more lines of code than the bound.
    static func check(_ language: String, _ files: [SourceFile]) -> [Finding] {
        let count = files.reduce(0) { $0 + codeLines($1.lines) }
        guard count > codeLinesMax else { return [] }
        return [
            Finding(
                path: "clients/\(language)", line: 0,
                message: "a wrapper of \(count) lines of code; at most \(codeLinesMax)")
        ]
    }

    /// How many lines are code.
    static func codeLines(_ lines: [String]) -> Int {
        var isDocumentation = false
        var importDepth = 0
        return lines.count { line in
            let text = line.trimming(while: { $0 == " " || $0 == "\t" })
            // Python's documentation is a text literal of three quotes.
            let wasDocumentation = isDocumentation
            if wasDocumentation || text.hasPrefix("\"\"\"") {
                let quotes = text.ranges(of: "\"\"\"").count
                isDocumentation = wasDocumentation != !quotes.isMultiple(of: 2)
                return false
            }
            if importDepth > 0 || imports.contains(where: { text.hasPrefix($0) }) {
                importDepth += text.count { "({".contains($0) } - text.count { ")}".contains($0) }
                return false
            }
            return !text.isEmpty && !comments.contains { text.hasPrefix($0) }
                && !text.allSatisfy { "()[]{},;".contains($0) }
        }
    }

    private static let imports = ["import ", "from ", "package ", "using ", "require"]
    private static let comments = ["//", "#", "*", "/*"]
}

extension String {
    /// Without the characters at both ends that fulfil a condition.
    fileprivate func trimming(while condition: (Character) -> Bool) -> Substring {
        var rest = self[...]
        while let last = rest.last, condition(last) { rest.removeLast() }
        return rest.drop(while: condition)
    }
}
