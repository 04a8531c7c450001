import GatewayPrimitives

/// Writes families of samples, one a line.
struct MetricWriter: ~Copyable {
    private(set) var bytes = ByteQueue()
    private var name = ""

    /// Begins a family; what follows are its samples.
    mutating func family(_ name: String, _ type: String, _ help: String) {
        self.name = name
        bytes.append(text: "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
    }

    mutating func sample(_ labels: [(String, String)], _ value: Double) {
        line(name, labels, value)
    }

    mutating func histogram(_ labels: [(String, String)], _ histogram: Histogram) {
        var sum = 0
        for (index, count) in histogram.counts.enumerated() {
            sum += count
            let bound = index < Histogram.bounds.count ? "\(Histogram.bounds[index])" : "+Inf"
            line(name + "_bucket", labels + [("le", bound)], Double(sum))
        }
        line(name + "_sum", labels, histogram.sum)
        line(name + "_count", labels, Double(histogram.total))
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        bytes.append(text: name)
        if !labels.isEmpty {
            bytes.append("{")
            for (index, label) in labels.enumerated() {
                if index > 0 { bytes.append(",") }
                bytes.append(text: label.0)
                bytes.append("=\"")
                append(escaped: label.1)
                bytes.append("\"")
            }
            bytes.append("}")
        }
        bytes.append(" ")
        if value == value.rounded(), abs(value) < 1e15 {
            bytes.append(decimal: Int(value))
        } else {
            bytes.append(text: "\(value)")
        }
        bytes.append("\n")
    }

    /// Backslashes, quotation marks and line ends are written with a backslash.
    private mutating func append(escaped text: String) {
        for byte in text.utf8.prefix(Limits.valueBytes) {
            switch byte {
            case 0x5C: bytes.append("\\\\")
            case 0x22: bytes.append("\\\"")
            case 0x0A: bytes.append("\\n")
            default: bytes.append(byte: byte)
            }
        }
    }
}
