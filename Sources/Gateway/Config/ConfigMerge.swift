/// Makes one tree of the files of a configuration.
enum ConfigMerge {
    /// Lists of the same key are joined in the order of the files; mappings are joined key by key.
    /// A single value that two files set is refused: which one holds would be anybody's guess.
    static func merge(_ roots: [ConfigNode], with reader: inout ConfigReader) -> ConfigNode {
        guard var result = roots.first else {
            let position = ConfigPosition(fileIndex: 0, file: "", line: 1, column: 1)
            return ConfigNode(content: .null, position: position, path: "")
        }
        for root in roots.dropFirst() { result = merge(result, root, with: &reader) }
        return result
    }

    private static func merge(
        _ first: ConfigNode, _ second: ConfigNode, with reader: inout ConfigReader
    ) -> ConfigNode {
        let content: ConfigNode.Content
        switch (first.content, second.content) {
        case (.null, _): return second
        case (_, .null): return first
        case (.sequence(let left), .sequence(let right)): content = .sequence(left + right)
        case (.mapping(var entries), .mapping(let added)):
            for entry in added {
                guard let place = entries.firstIndex(where: { $0.key == entry.key }) else {
                    entries.append(entry)
                    continue
                }
                let merged = merge(entries[place].value, entry.value, with: &reader)
                entries[place] = ConfigEntry(
                    key: entry.key, position: entries[place].position, value: merged)
            }
            content = .mapping(entries)
        default:
            reader.refuse(second, "also set at \(first.position.text); keep one of them")
            return first
        }
        return ConfigNode(content: content, position: first.position, path: first.path)
    }
}
