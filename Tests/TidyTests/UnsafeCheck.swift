import Foundation

/// What the compiler cannot check is explained by a sentence next to it.
enum UnsafeCheck {
    /// How far above a line its explanation may stand.
    static let linesAbove = 15

    static func check(_ file: SourceFile) -> [Finding] {
        claims(file) + unmanaged(file)
    }

    /// `@unchecked Sendable` and `nonisolated(unsafe)`: each with its own explanation.
    private static func claims(_ file: SourceFile) -> [Finding] {
        file.codeLines(matching: #"@unchecked\s+Sendable|nonisolated\(unsafe\)"#)
            .compactMap { line in
                let first = max(0, line - 1 - linesAbove)
                guard !file.lines[first..<line].contains(where: explains) else { return nil }
                return Finding(
                    path: file.path, line: line,
                    message:
                        "say in a comment above why this is safe (who may touch it, from where)")
            }
    }

    /// `Unmanaged`: one explanation in a file, since its uses go together.
    private static func unmanaged(_ file: SourceFile) -> [Finding] {
        guard file.isProduct, let first = file.codeLines(matching: #"\bUnmanaged\b"#).first,
            !file.lines.contains(where: explains)
        else { return [] }
        return [
            Finding(
                path: file.path, line: first,
                message: "say in a comment why the unmanaged reference is safe (who keeps it alive)"
            )
        ]
    }

    private static func explains(_ line: String) -> Bool {
        guard let comment = line.range(of: "//") else { return false }
        let words = line[comment.upperBound...].lowercased()
        return words.contains("safe") || words.contains("sendable")
    }
}
