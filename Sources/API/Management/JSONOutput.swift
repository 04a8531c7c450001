import GatewayCore
import GatewayPrimitives
import JSON

/// Writes JSON value by value, with the commas between them. For answers that are not worth a
/// template.
///
/// Money is written as the exact decimal of its billionths, moments as RFC 3339 writes them.
struct JSONOutput: ~Copyable {
    private(set) var bytes = ByteQueue()
    private var needsComma = false

    // MARK: - Values

    mutating func object(_ members: (inout JSONOutput) -> Void) {
        separate()
        bytes.append(byte: 0x7B)
        needsComma = false
        members(&self)
        bytes.append(byte: 0x7D)
        needsComma = true
    }

    mutating func array<Elements: Sequence>(
        _ elements: Elements, _ write: (inout JSONOutput, Elements.Element) -> Void
    ) {
        separate()
        bytes.append(byte: 0x5B)
        needsComma = false
        for element in elements { write(&self, element) }
        bytes.append(byte: 0x5D)
        needsComma = true
    }

    mutating func value(_ text: String?) {
        separate()
        if let text { bytes.append(jsonString: text) } else { bytes.append("null") }
        needsComma = true
    }

    mutating func value(_ number: Int?) {
        separate()
        if let number { bytes.append(decimal: number) } else { bytes.append("null") }
        needsComma = true
    }

    mutating func value(_ flag: Bool?) {
        separate()
        if let flag { bytes.append(json: flag) } else { bytes.append("null") }
        needsComma = true
    }

    mutating func value(_ money: Money?) {
        separate()
        if let money { bytes.append(text: money.dollars) } else { bytes.append("null") }
        needsComma = true
    }

    mutating func value(_ moment: WallTime?) { value(moment?.rfc3339) }

    /// A number that is no money.
    mutating func value(_ number: Double?) {
        separate()
        if let number { bytes.append(json: number) } else { bytes.append("null") }
        needsComma = true
    }

    /// A text that is JSON itself.
    mutating func value(json text: String) {
        separate()
        bytes.append(text: text)
        needsComma = true
    }

    // MARK: - Members

    /// The name of the value that is written next.
    mutating func name(_ name: String) {
        separate()
        bytes.append(jsonString: name)
        bytes.append(byte: 0x3A)
        needsComma = false
    }

    mutating func member(_ name: String, _ text: String?) {
        self.name(name)
        value(text)
    }

    mutating func member(_ name: String, _ number: Int?) {
        self.name(name)
        value(number)
    }

    mutating func member(_ name: String, _ flag: Bool?) {
        self.name(name)
        value(flag)
    }

    mutating func member(_ name: String, _ money: Money?) {
        self.name(name)
        value(money)
    }

    mutating func member(_ name: String, _ moment: WallTime?) {
        self.name(name)
        value(moment)
    }

    mutating func member(_ name: String, _ number: Double?) {
        self.name(name)
        value(number)
    }

    mutating func member(_ name: String, json text: String) {
        self.name(name)
        value(json: text)
    }

    mutating func member(_ name: String, object members: (inout JSONOutput) -> Void) {
        self.name(name)
        object(members)
    }

    mutating func member<Elements: Sequence>(
        _ name: String, array elements: Elements,
        _ write: (inout JSONOutput, Elements.Element) -> Void
    ) {
        self.name(name)
        array(elements, write)
    }

    mutating func member(_ name: String, strings: [String]) {
        member(name, array: strings) { $0.value($1) }
    }

    /// A member without a value.
    mutating func null(_ name: String) {
        self.name(name)
        value(json: "null")
    }

    private mutating func separate() {
        if needsComma { bytes.append(byte: 0x2C) }
    }
}
