/// One value of a configuration file, with the place it stands at.
struct ConfigNode: Sendable {
    let content: Content
    let position: ConfigPosition
    /// The keys that lead to it, such as `model_list[0].litellm_params.model`; empty for a whole
    /// file.
    let path: String

    /// What kind of value it is.
    enum Content: Sendable {
        case null
        case scalar(ConfigScalar)
        case sequence([ConfigNode])
        case mapping([ConfigEntry])
    }

    /// The word for its kind, for messages.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// The entries of a mapping; `nil` for anything else.
    var entries: [ConfigEntry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The value of a mapping's key.
    subscript(key: String) -> ConfigNode? { entries?.first { $0.key == key }?.value }
}

/// One key of a mapping and its value.
struct ConfigEntry: Sendable {
    let key: String
    /// Where the key stands.
    let position: ConfigPosition
    let value: ConfigNode
}

/// A single value, after `os.environ/NAME` was looked up.
struct ConfigScalar: Sendable {
    /// The text; `nil` when it names a variable of the environment that is not set.
    let text: String?
    /// The variable it names, if it does.
    let variable: String?
    /// Whether it was written between quotation marks or as a block, and so is text whatever it
    /// says.
    let isQuoted: Bool

    /// How messages show it: as it stands in the file, never what the environment put there.
    var shown: String { variable.map { "os.environ/\($0)" } ?? text ?? "" }
}

/// A place in a configuration file. Lines and columns count from 1.
struct ConfigPosition: Comparable, Hashable, Sendable {
    /// The file's place in the order in which files were read.
    let fileIndex: Int
    /// As it was named.
    let file: String
    let line: Int
    let column: Int

    static func < (left: ConfigPosition, right: ConfigPosition) -> Bool {
        (left.fileIndex, left.line, left.column) < (right.fileIndex, right.line, right.column)
    }

    /// As compilers write it, so that editors find it.
    var text: String { "\(file):\(line):\(column)" }
}
