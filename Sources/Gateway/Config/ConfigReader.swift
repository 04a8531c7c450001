/// Reads sections of a configuration by their rules and gathers what there is to say about each
/// key.
///
/// Reading never stops at the first problem: a refused value leaves its default in place, so that
/// one run names everything that has to be changed.
struct ConfigReader {
    private(set) var findings: [ConfigFinding] = []

    /// Adds a finding. A later one about the same key replaces an earlier, unless that was worse.
    mutating func add(
        _ verdict: ConfigFinding.Verdict, _ path: String, at position: ConfigPosition?,
        _ meaning: String
    ) {
        let finding = ConfigFinding(
            position: position, path: path, verdict: verdict, meaning: meaning)
        guard let earlier = findings.firstIndex(where: { $0.isAboutTheKey(of: finding) }) else {
            findings.append(finding)
            return
        }
        if findings[earlier].verdict != .refused { findings[earlier] = finding }
    }

    /// The findings in the order of the files; those without a place come last.
    var sortedFindings: [ConfigFinding] {
        findings.enumerated().sorted { left, right in
            switch (left.element.position, right.element.position) {
            case (let first?, let second?) where first != second: first < second
            case (_?, nil): true
            case (nil, _?): false
            default: left.offset < right.offset
            }
        }.map(\.element)
    }

    /// Refuses a value, at its place.
    mutating func refuse(_ node: ConfigNode, _ why: String) {
        add(.refused, node.path, at: node.position, why)
    }

    /// Says of a value that it does nothing.
    mutating func ignore(_ node: ConfigNode, _ why: String) {
        add(.ignored, node.path, at: node.position, why)
    }

    /// Applies a section's rules and returns the values of the keys that it honours.
    mutating func section(
        _ node: ConfigNode?, rules: [String: ConfigRule], unknown: UnknownKeys
    ) -> [String: ConfigNode] {
        guard let node else { return [:] }
        if case .null = node.content { return [:] }
        guard let entries = node.entries else {
            refuse(node, "must be a mapping of keys to values, but is \(node.kind)")
            return [:]
        }
        var honoured: [String: ConfigNode] = [:]
        for entry in entries {
            if apply(rules[entry.key], to: entry, unknown: unknown, known: rules.keys.sorted()) {
                honoured[entry.key] = entry.value
            }
        }
        return honoured
    }

    /// Says what a key's rule says; true if the section's code is to read it.
    private mutating func apply(
        _ rule: ConfigRule?, to entry: ConfigEntry, unknown: UnknownKeys, known: [String]
    ) -> Bool {
        let path = entry.value.path
        switch rule {
        case .honoured(let meaning):
            add(.honoured, path, at: entry.position, meaning)
            return true
        case .section: return true
        case .ignored(let why): add(.ignored, path, at: entry.position, why)
        case .refused(let why): add(.refused, path, at: entry.position, why)
        case .refusedUnlessOff(let why):
            if entry.value.isOff {
                add(.honoured, path, at: entry.position, "off, as everything it asks for")
            } else {
                add(.refused, path, at: entry.position, why)
            }
        case nil:
            switch unknown {
            case .ignored: add(.ignored, path, at: entry.position, "not known here")
            case .refused:
                let keys = known.joined(separator: ", ")
                add(.refused, path, at: entry.position, "no such key; the keys here are: \(keys)")
            }
        }
        return false
    }
}

// MARK: - Values

extension ConfigReader {
    /// The text of a single value; refuses anything else, and a variable that is not set.
    mutating func text(_ node: ConfigNode?) -> String? {
        guard let node else { return nil }
        guard case .scalar(let scalar) = node.content else {
            refuse(node, "must be a single value, but is \(node.kind)")
            return nil
        }
        guard let text = scalar.text else {
            let name = scalar.variable ?? ""
            refuse(node, "the environment variable \(name) is not set; set it or write the value")
            return nil
        }
        return text
    }

    /// Reads a value by a function that returns `nil` for what it does not accept.
    /// - Parameter expected: what is accepted, in words.
    mutating func value<Value>(
        _ node: ConfigNode?, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node, let text = text(node) else { return nil }
        if let value = parse(text) { return value }
        guard case .scalar(let scalar) = node.content else { return nil }
        refuse(node, "`\(scalar.shown)` is not valid; it must be \(expected)")
        return nil
    }

    /// A whole number in a range.
    mutating func integer(_ node: ConfigNode?, in range: ClosedRange<Int>) -> Int? {
        value(
            node, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)"
        ) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A number in a range.
    mutating func number(_ node: ConfigNode?, in range: ClosedRange<Double>) -> Double? {
        value(node, expected: "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Double(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Yes or no, in YAML's words.
    mutating func flag(_ node: ConfigNode?) -> Bool? {
        value(node, expected: "true or false") { text in
            switch text.lowercased() {
            case "true", "yes", "on": true
            case "false", "no", "off": false
            default: nil
            }
        }
    }

    /// A duration greater than zero.
    mutating func duration(_ node: ConfigNode?) -> Duration? {
        value(node, expected: "a duration such as 500ms, 30s, 5m or 1h", ConfigQuantity.duration)
    }

    /// A duration, or 0 for none.
    mutating func durationOrZero(_ node: ConfigNode?) -> Duration? {
        value(node, expected: "a duration such as 500ms, 30s or 5m, or 0") { text in
            Double(text) == 0 ? .zero : ConfigQuantity.duration(text)
        }
    }

    /// A size in bytes.
    mutating func size(_ node: ConfigNode?, in range: ClosedRange<Int>) -> Int? {
        let expected =
            "a size such as 64KiB or 32MiB, from \(range.lowerBound) to "
            + "\(range.upperBound) bytes"
        return value(node, expected: expected) { text in
            ConfigQuantity.size(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// The items of a list.
    mutating func list(_ node: ConfigNode?) -> [ConfigNode] {
        guard let node else { return [] }
        switch node.content {
        case .null: return []
        case .sequence(let items): return items
        case .scalar, .mapping:
            refuse(node, "must be a list, but is \(node.kind)")
            return []
        }
    }

    /// A list of texts.
    mutating func texts(_ node: ConfigNode?) -> [String] {
        list(node).compactMap { text($0) }
    }
}
