import CGatewayProto
import GRPC

/// Maps from text to text.
enum TextMap {
    /// The last value of each key.
    static func read<Entry: TextEntry>(
        _ count: Int, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?
    ) -> [String: String] {
        var pairs: [String: String] = [:]
        for index in 0..<count {
            guard let entry = entries?[index]?.pointee else { continue }
            pairs[entry.pair.key.text] = entry.pair.value.text
        }
        return pairs
    }

    /// The entries of a map, by their keys.
    static func entries<Entry: TextEntry>(
        _ pairs: [String: String], _ type: MessageType<Entry>, in arena: MessageArena
    ) -> [UnsafeMutablePointer<Entry>?] {
        pairs.sorted { $0.key < $1.key }.map { pair in
            let entry = arena.make(type)
            entry.pointee.pair = (arena.text(pair.key), arena.text(pair.value))
            return entry
        }
    }
}

/// An entry of a map from text to text, whichever message it belongs to.
protocol TextEntry {
    typealias Pair = (key: UnsafeMutablePointer<CChar>?, value: UnsafeMutablePointer<CChar>?)
    var pair: Pair { get set }
}

extension Llmgateway__V1__Team__MetadataEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__User__MetadataEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__ApiKey__MetadataEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__ApiKey__ModelAliasesEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__ChatRequest__LabelsEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__GenerateEmbeddingsRequest__LabelsEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__ChatRequest__MetadataEntry: TextEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}
