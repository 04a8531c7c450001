import Foundation

/// The members of JSON objects that stored models are made of, each as its JSON.
enum ModelMembers {
    /// An object of members whose values are JSON.
    static func object(_ members: [String: String]) -> String {
        let values = members.compactMapValues { json in
            try? JSONSerialization.jsonObject(
                with: Data(json.utf8), options: [.fragmentsAllowed])
        }
        return text(values) ?? "{}"
    }

    private static func text(_ value: Any) -> String? {
        let options: JSONSerialization.WritingOptions = [
            .fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes,
        ]
        return (try? JSONSerialization.data(withJSONObject: value, options: options)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    static func members(_ json: [UInt8]) -> [String: String]? {
        let value = try? JSONSerialization.jsonObject(with: Data(json))
        return (value as? [String: Any])?.compactMapValues(text)
    }
}
