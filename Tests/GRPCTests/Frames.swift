/// A message in its envelope, made by other means than the room's own.
func frame(_ message: [UInt8]) -> [UInt8] {
    let count = UInt32(message.count)
    return [0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + message
}

/// The same for a text.
func frame(_ text: String) -> [UInt8] { frame(Array(text.utf8)) }

/// The messages of a body; `nil` if it does not end with one.
func messages(in body: [UInt8]) -> [[UInt8]]? {
    var found: [[UInt8]] = []
    var rest = body[...]
    while !rest.isEmpty {
        guard rest.count >= 5, rest.removeFirst() == 0 else { return nil }
        let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(4)
        guard rest.count >= count else { return nil }
        found.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
    }
    return found
}
