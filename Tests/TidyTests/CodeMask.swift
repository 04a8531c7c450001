/// Blanks out comments and string literals of Swift and C, and keeps every line break, so that line
/// numbers stay true.
enum CodeMask {
    static func mask(_ text: String) -> String {
        var scanner = Scanner(input: Array(text.utf8))
        scanner.run()
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private struct Scanner {
        let input: [UInt8]
        var output: [UInt8] = []
        var index = 0

        init(input: [UInt8]) {
            self.input = input
            output.reserveCapacity(input.count)
        }

        mutating func run() {
            while index < input.count {
                if starts("//") {
                    blank(until: { $0.input[$0.index] == 0x0A })
                } else if starts("/*") {
                    blankBlockComment()
                } else if let hashes = literalHashes() {
                    blankLiteral(hashes: hashes)
                } else {
                    keep()
                }
            }
        }

        func starts(_ text: StaticString, at offset: Int = 0) -> Bool {
            let start = index + offset
            guard start + text.utf8CodeUnitCount <= input.count else { return false }
            for position in 0..<text.utf8CodeUnitCount
            where input[start + position] != text.utf8Start[position] {
                return false
            }
            return true
        }

        mutating func keep() {
            output.append(input[index])
            index += 1
        }

        mutating func blankOne() {
            output.append(input[index] == 0x0A ? 0x0A : 0x20)
            index += 1
        }

        mutating func blank(until stop: (Scanner) -> Bool) {
            while index < input.count, !stop(self) { blankOne() }
        }

        /// Comments nest in Swift.
        mutating func blankBlockComment() {
            var depth = 0
            repeat {
                if starts("/*") {
                    depth += 1
                    blankOne()
                } else if starts("*/") {
                    depth -= 1
                    blankOne()
                }
                if index < input.count { blankOne() }
            } while depth > 0 && index < input.count
        }

        /// How many `#` stand before a quotation mark here; `nil` where no literal begins.
        func literalHashes() -> Int? {
            var hashes = 0
            while index + hashes < input.count, input[index + hashes] == 0x23 { hashes += 1 }
            return starts("\"", at: hashes) ? hashes : nil
        }

        /// What is interpolated is blanked along, nested literals included.
        mutating func blankLiteral(hashes: Int) {
            for _ in 0..<hashes { blankOne() }
            let isMultiline = starts("\"\"\"")
            let quotes = isMultiline ? 3 : 1
            for _ in 0..<quotes { blankOne() }
            while index < input.count {
                if !isMultiline, input[index] == 0x0A { return }
                if closes(quotes: quotes, hashes: hashes) {
                    for _ in 0..<(quotes + hashes) { blankOne() }
                    return
                }
                if escapes(hashes: hashes) {
                    for _ in 0..<(hashes + 1) { blankOne() }
                    if index < input.count, input[index] == 0x28 {
                        blankInterpolation()
                    } else if index < input.count {
                        blankOne()
                    }
                } else {
                    blankOne()
                }
            }
        }

        func closes(quotes: Int, hashes: Int) -> Bool {
            guard index + quotes + hashes <= input.count else { return false }
            let end = index + quotes
            return input[index..<end].allSatisfy { $0 == 0x22 }
                && input[end..<(end + hashes)].allSatisfy { $0 == 0x23 }
        }

        func escapes(hashes: Int) -> Bool {
            guard input[index] == 0x5C, index + hashes < input.count else { return false }
            return input[(index + 1)..<(index + 1 + hashes)].allSatisfy { $0 == 0x23 }
        }

        mutating func blankInterpolation() {
            var depth = 0
            repeat {
                if let hashes = literalHashes() {
                    blankLiteral(hashes: hashes)
                    continue
                }
                if input[index] == 0x28 { depth += 1 }
                if input[index] == 0x29 { depth -= 1 }
                blankOne()
            } while depth > 0 && index < input.count
        }
    }
}
