/// Bounds of lines, functions and files.
enum SizeChecks {
    static let columnsMax = 100
    static let functionLinesMax = 70
    static let fileLinesMax = 600

    /// A line longer than the bound, unless a web address makes it so.
    static func longLines(_ file: SourceFile) -> [Finding] {
        file.lines.indices.compactMap { index in
            let line = file.lines[index]
            guard line.count > columnsMax, !line.contains("https://"), !line.contains("http://")
            else { return nil }
            return Finding(
                path: file.path, line: index + 1,
                message: "\(line.count) columns; at most \(columnsMax)")
        }
    }

    static func longFile(_ file: SourceFile) -> [Finding] {
        let count = file.lines.last == "" ? file.lines.count - 1 : file.lines.count
        guard count > fileLinesMax else { return [] }
        return [
            Finding(
                path: file.path, line: 0,
                message: "\(count) lines; at most \(fileLinesMax): split it by mechanism")
        ]
    }

    /// A function longer than the bound, from its first line to its closing brace.
    static func longFunctions(_ file: SourceFile) -> [Finding] {
        file.codeLines(matching: #"^\s*([@\w()]+\s+)*(func\s|init[?(<]|deinit\b|subscript[(<])"#)
            .compactMap { first in
                guard let last = lastLine(ofFunctionAt: first - 1, in: file.code) else {
                    return nil
                }
                let count = last - (first - 1) + 1
                guard count > functionLinesMax else { return nil }
                return Finding(
                    path: file.path, line: first,
                    message: "a function of \(count) lines; at most \(functionLinesMax)")
            }
    }

    /// The index of the line of a function's closing brace; `nil` for one without a body, as in a
    /// protocol.
    private static func lastLine(ofFunctionAt first: Int, in code: [String]) -> Int? {
        var parentheses = 0
        var braces = 0
        for index in first..<code.count {
            for character in code[index] {
                switch character {
                case "(", "[": parentheses += 1
                case ")", "]": parentheses -= 1
                case "{" where parentheses == 0 || braces > 0: braces += 1
                case "}" where braces > 0:
                    braces -= 1
                    if braces == 0 { return index }
                default: break
                }
            }
            if braces == 0, parentheses == 0, !continues(code, after: index) { return nil }
        }
        return nil
    }

    private static func continues(_ code: [String], after index: Int) -> Bool {
        guard index + 1 < code.count else { return false }
        let next = code[index + 1].drop { $0 == " " }
        return ["{", "->", "where ", "async", "throws"].contains { next.hasPrefix($0) }
    }
}
