/// The names of parameters that were not sent upstream, as the value of a header field.
enum DroppedParams {
    /// Names beyond this are told by an ellipsis.
    static let bytesMax = 1024

    /// The names with commas between them. They may be a client's own, of any characters: what a
    /// field cannot hold, and what would look like a border, is told by a question mark.
    static func text(_ names: [String]) -> String {
        var text = ""
        for name in names {
            let safe = name.unicodeScalars.map { scalar in
                (0x21...0x7E).contains(scalar.value) && scalar != "," ? Character(scalar) : "?"
            }
            guard text.utf8.count + safe.count < bytesMax else { return text + ",..." }
            text += (text.isEmpty ? "" : ",") + String(safe)
        }
        return text
    }
}
