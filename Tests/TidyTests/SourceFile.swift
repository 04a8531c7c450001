import Foundation

/// A file of the repository as the checks see it: its place, its text, its lines.
struct SourceFile {
    /// From the top of the repository, such as `Sources/Transport/Limits.swift`.
    let path: String
    let text: String
    let lines: [String]
    /// For Swift and C: the text with comments and the insides of string literals blanked out, so
    /// that a check of code is not fooled by prose. Line for line the same.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        self.lines = text.components(separatedBy: "\n")
        self.code = CodeMask.mask(text).components(separatedBy: "\n")
    }

    /// The file's name without its last extension.
    var stem: String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    /// The room or test target that the file belongs to: its second folder.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// Whether the file is of the product rather than of its tests.
    var isProduct: Bool { path.hasPrefix("Sources/") }

    /// The lines of code that a pattern matches, from one.
    func codeLines(matching pattern: String) -> [Int] {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        return code.indices.filter { index in
            let line = code[index]
            let whole = NSRange(line.startIndex..., in: line)
            return expression.firstMatch(in: line, range: whole) != nil
        }.map { $0 + 1 }
    }
}
