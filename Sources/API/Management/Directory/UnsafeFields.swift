import GatewayPrimitives
import JSON

/// What becomes of the fields of a body that its reader does not know.
///
/// A field that somebody sets because it is to guard something must not be dropped in silence: it
/// is refused by its name, unless it says nothing (null, false, zero, or empty) or is known to be
/// harmless.
enum UnsafeFields {
    /// They guard nothing, and what they do is not done here.
    private static let harmless: [StaticString] = [
        "send_invite_email", "default_estimated_output_tokens",
        "default_estimated_output_tokens_per_model", "organizations", "auto_create_key",
    ]

    /// Refuses every field that is neither known nor harmless.
    static func refuse(in body: BodyFields, but known: [[StaticString]]) {
        for (name, value) in body.value.members {
            if says(value), !isIn(known, name), !isIn([harmless], name) {
                body.violations.add(
                    body.prefix + name.string,
                    "is not offered here; what it is to do would not be done. Leave it out.")
            }
        }
    }

    private static func isIn(_ lists: [[StaticString]], _ name: ByteView) -> Bool {
        lists.contains { $0.contains { name.equals($0) } }
    }

    /// Whether a value says anything.
    private static func says(_ value: JSONValue) -> Bool {
        switch value.kind {
        case .null: false
        case .bool: value.bool ?? true
        case .string: !(value.string?.isEmpty ?? true)
        case .integer, .number: value.number != 0
        case .array, .object: value.count > 0
        }
    }
}
