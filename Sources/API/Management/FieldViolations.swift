import GatewayCore
import GatewayPrimitives

/// Collects what is wrong with the fields of a management request, so that its client is told all
/// of it at once.
final class FieldViolations {
    private(set) var list: [FieldViolation] = []

    /// Forgets what was wrong, for the next of several.
    func clear() { list.removeAll() }

    func add(_ field: String, _ message: String) {
        guard list.count < ManagementLimits.violationsMax else { return }
        list.append(FieldViolation(field: field, message: message))
    }

    /// Throws if anything was wrong.
    func finish() throws(GatewayError) {
        guard !list.isEmpty else { return }
        throw GatewayError(
            .invalidRequest, origin: .client,
            message: list.map { "\($0.field): \($0.message)" }.joined(separator: " "),
            fields: list)
    }

    /// A client's value in a message, cut if it is long.
    static func shown(_ text: String) -> String { "`\(cut(text))`" }

    /// A client's text, cut if it is long.
    static func cut(_ text: String) -> String {
        let bytes = text.utf8.prefix(ManagementLimits.shownBytesMax)
        guard bytes.count < text.utf8.count else { return text }
        return "\(String(decoding: bytes, as: UTF8.self))…"
    }
}
