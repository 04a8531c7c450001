import Yams

/// The reading of one YAML file into ``ConfigNode``s.
struct ConfigFile {
    /// As it was named, for messages.
    let name: String
    /// Its place in the order of reading.
    let index: Int
    let environment: ConfigEnvironment

    /// Why a file cannot be read.
    struct Unreadable: Error {
        let position: ConfigPosition?
        let message: String
    }

    /// Values nested deeper are refused.
    static let depthMax = 32
    /// Anchors can make a small file into a large tree; larger ones are refused.
    static let nodesMax = 100_000

    /// Parses a file's text.
    func parse(_ text: String) throws(Unreadable) -> ConfigNode {
        let root: Node?
        do {
            root = try compose(yaml: text)
        } catch {
            throw unreadable(error)
        }
        guard let root else {
            return ConfigNode(content: .mapping([]), position: position(nil), path: "")
        }
        var count = 0
        return try convert(root, path: "", depth: 0, count: &count)
    }

    private func convert(
        _ node: Node, path: String, depth: Int, count: inout Int
    ) throws(Unreadable) -> ConfigNode {
        let position = position(node.mark)
        count += 1
        guard depth <= Self.depthMax, count <= Self.nodesMax else {
            throw Unreadable(
                position: position,
                message: "nested deeper than \(Self.depthMax), or more than \(Self.nodesMax) values"
            )
        }
        let content: ConfigNode.Content
        switch node {
        case .scalar(let scalar): content = self.content(of: scalar)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for (index, item) in sequence.enumerated() {
                let path = "\(path)[\(index)]"
                items.append(try convert(item, path: path, depth: depth + 1, count: &count))
            }
            content = .sequence(items)
        case .mapping(let mapping):
            content = .mapping(try entries(of: mapping, path: path, depth: depth, count: &count))
        case .alias: throw Unreadable(position: position, message: "an alias without its anchor")
        }
        return ConfigNode(content: content, position: position, path: path)
    }

    private func content(of scalar: Node.Scalar) -> ConfigNode.Content {
        let isQuoted = scalar.style != .plain && scalar.style != .any
        if !isQuoted && ["", "~", "null", "Null", "NULL"].contains(scalar.string) { return .null }
        guard let name = ConfigEnvironment.variable(in: scalar.string) else {
            return .scalar(ConfigScalar(text: scalar.string, variable: nil, isQuoted: isQuoted))
        }
        return .scalar(
            ConfigScalar(text: environment[name], variable: name, isQuoted: isQuoted))
    }

    /// The entries of a mapping; those that `<<` merges in come last, and give way to its own.
    private func entries(
        of mapping: Node.Mapping, path: String, depth: Int, count: inout Int
    ) throws(Unreadable) -> [ConfigEntry] {
        var entries: [ConfigEntry] = []
        var merged: [ConfigEntry] = []
        for (key, value) in mapping {
            guard let name = key.scalar?.string else {
                throw Unreadable(position: position(key.mark), message: "a key must be a text")
            }
            if name == "<<" {
                let sources = value.sequence.map(Array.init) ?? [value]
                for source in sources {
                    let node = try convert(source, path: path, depth: depth + 1, count: &count)
                    guard let inner = node.entries else {
                        throw Unreadable(position: node.position, message: "<< takes mappings")
                    }
                    merged += inner
                }
                continue
            }
            let inner = path.isEmpty ? name : "\(path).\(name)"
            let node = try convert(value, path: inner, depth: depth + 1, count: &count)
            entries.append(ConfigEntry(key: name, position: position(key.mark), value: node))
        }
        for entry in merged where !entries.contains(where: { $0.key == entry.key }) {
            entries.append(entry)
        }
        return entries
    }

    private func position(_ mark: Mark?) -> ConfigPosition {
        ConfigPosition(
            fileIndex: index, file: name, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private func unreadable(_ error: any Error) -> Unreadable {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _),
            YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            Unreadable(position: position(mark), message: "not valid YAML: \(problem)")
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            Unreadable(
                position: position(context.mark),
                message:
                    "a key stands twice in one mapping: \(keys.sorted().joined(separator: ", "))")
        case YamlError.reader(let problem, _, _, _):
            Unreadable(position: nil, message: "not valid YAML: \(problem)")
        default: Unreadable(position: nil, message: "not valid YAML")
        }
    }
}
