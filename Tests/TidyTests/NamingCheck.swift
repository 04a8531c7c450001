import Foundation

/// A file is named after the type or the mechanism in it: `Type.swift`, or `Type+Topic.swift` for
/// extensions.
enum NamingCheck {
    /// Files that hold a list of related small types under a common name, and why.
    static let lists: [String: String] = [
        "Sources/GatewayCore/Ports.swift": "the protocols that other rooms fill, in one place",
        "Sources/GatewayCore/Model/ChatContent.swift": "the small parts of a conversation",
        "Sources/GatewayCore/Model/EmbeddingContent.swift": "the small parts of an embedding",
        "Sources/GatewayPrimitives/Time.swift": "moments of the two clocks",
    ]

    static func check(_ file: SourceFile) -> [Finding] {
        guard lists[file.path] == nil, file.stem.lowercased() != "main" else { return [] }
        let names = declaredNames(file)
        guard !names.isEmpty else { return [] }
        let base = file.stem.split(separator: "+").first.map(String.init) ?? file.stem
        // `extension Outer.Inner` may live in `Inner+Topic.swift` and in `Outer+Topic.swift`.
        let matches = names.contains { name in
            name == base || name.split(separator: ".").contains { $0 == base }
        }
        guard !matches else { return [] }
        return [
            Finding(
                path: file.path, line: 0,
                message: "declares \(names.joined(separator: ", ")), but nothing named \(base):"
                    + " name the file after its main type, or split it")
        ]
    }

    /// Top-level types and what is extended, in order; private ones are left out.
    static func declaredNames(_ file: SourceFile) -> [String] {
        let scopes = Scopes(code: file.code)
        let pattern =
            #"^\s*((?:[@\w()]+\s+)*)"#
            + #"(?:class|struct|enum|actor|protocol|extension|typealias)\s+([\w.]+)"#
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return [] }
        return file.code.indices.compactMap { index in
            let line = file.code[index]
            guard scopes.kinds[index] == .file,
                let match = expression.firstMatch(
                    in: line, range: NSRange(line.startIndex..., in: line)),
                let modifiers = Range(match.range(at: 1), in: line),
                let name = Range(match.range(at: 2), in: line),
                !line[modifiers].contains("private")
            else { return nil }
            return String(line[name])
        }
    }
}
