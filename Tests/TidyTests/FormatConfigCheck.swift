import Foundation

/// The formatter's configuration names every rule that the formatter knows, so that a new version
/// of it changes nothing unasked.
enum FormatConfigCheck {
    /// Both are configurations as JSON: the repository's, and all that the formatter knows.
    static func check(_ file: SourceFile, against complete: String) throws -> [Finding] {
        let ours = try parse(file.text)
        let theirs = try parse(complete)
        let missingRules = theirs.rules.subtracting(ours.rules).sorted()
        let unknownRules = ours.rules.subtracting(theirs.rules).sorted()
        let missingSettings = theirs.settings.subtracting(ours.settings).sorted()
        return missingRules.map { finding(file, "rule \($0) is not set") }
            + unknownRules.map { finding(file, "rule \($0) does not exist") }
            + missingSettings.map { finding(file, "setting \($0) is not set") }
    }

    private static func finding(_ file: SourceFile, _ message: String) -> Finding {
        Finding(path: file.path, line: 0, message: message)
    }

    private static func parse(_ text: String) throws -> (rules: Set<String>, settings: Set<String>)
    {
        let object =
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        let rules = object["rules"] as? [String: Any] ?? [:]
        return (Set(rules.keys), Set(object.keys))
    }
}
