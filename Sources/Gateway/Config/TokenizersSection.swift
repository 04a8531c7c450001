import GatewayCore
import GatewayPrimitives

/// A vocabulary, and the models whose tokens it counts.
struct ModelTokenizer: Sendable {
    /// Names of models, upstreams' or clients'; with a star at the end, beginnings of names.
    let models: [String]
    let tokenizer: Tokenizer

    func counts(upstreamModel: String, model: String) -> Bool {
        models.contains { name in
            guard name.hasSuffix("*") else { return name == upstreamModel || name == model }
            return upstreamModel.hasPrefix(name.dropLast()) || model.hasPrefix(name.dropLast())
        }
    }
}

/// The reading of `gateway_settings.tokenizers`: files of vocabularies in tiktoken's format.
enum TokenizersSection {
    private static let rules: [String: ConfigRule] = [
        "file": .honoured("a vocabulary in tiktoken's format"),
        "encoding": .honoured("how texts are cut up: cl100k_base or o200k_base"),
        "models": .honoured("the models whose tokens it counts; a star ends a name"),
    ]
    /// More vocabularies than this are a mistake: each has some megabytes.
    static let countMax = 16

    static func read(
        _ node: ConfigNode?, readFile: (String) throws(FileError) -> String,
        with reader: inout ConfigReader
    ) -> [ModelTokenizer] {
        let items = reader.list(node)
        guard items.count <= countMax else {
            if let node { reader.refuse(node, "more than \(countMax) vocabularies") }
            return []
        }
        return items.compactMap { item in
            let values = reader.section(item, rules: rules, unknown: .refused)
            let encoding = reader.value(
                values["encoding"],
                expected: TextPieces.Pattern.allCases.map(\.rawValue).joined(separator: " or "),
                TextPieces.Pattern.init(rawValue:))
            let models = reader.texts(values["models"])
            guard let encoding, !models.isEmpty, let file = values["file"],
                let path = reader.text(file)
            else {
                if values["encoding"] == nil || models.isEmpty || values["file"] == nil {
                    reader.refuse(item, "needs a file, an encoding and models")
                }
                return nil
            }
            do {
                let tokenizer = Tokenizer(
                    try vocabulary(path, readFile), pattern: encoding,
                    source: "\(path) \(encoding.rawValue)")
                return ModelTokenizer(models: models, tokenizer: tokenizer)
            } catch {
                reader.refuse(file, "\(error)")
                return nil
            }
        }
    }

    private static func vocabulary(
        _ path: String, _ readFile: (String) throws(FileError) -> String
    ) throws -> BytePairVocabulary {
        var bytes = ByteQueue()
        bytes.append(text: try readFile(path))
        do throws(BytePairVocabulary.Invalid) {
            return try BytePairVocabulary(tiktoken: bytes.view)
        } catch {
            throw FileError("\(path): \(error.description)")
        }
    }
}
