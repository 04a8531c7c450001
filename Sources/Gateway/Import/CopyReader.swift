/// Reads the tables of a database that pg_dump wrote as SQL (PostgreSQL's "COPY", text format): a
/// line that names a table and its columns, then a row a line, then `\.`.
struct CopyReader {
    /// A row by its columns; `nil` for NULL.
    typealias Row = [String: String?]

    private(set) var tables: [String: [Row]] = [:]
    /// Tables that are written as INSERT statements, which are not read.
    private(set) var inserted: Set<String> = []

    /// Why a dump cannot be read.
    struct Fault: Error, Equatable {
        let message: String
    }

    /// - Parameter wanted: the tables that are read; the rest is passed over.
    init(_ text: String, tables wanted: Set<String>) throws(Fault) {
        var rest = text.utf8[...]
        var number = 0
        while let line = Self.nextLine(&rest) {
            number += 1
            if let name = Self.insertedTable(line), wanted.contains(name) { inserted.insert(name) }
            guard let head = Self.copyHead(line) else { continue }
            var rows: [Row] = []
            var isEnded = false
            while let row = Self.nextLine(&rest) {
                number += 1
                if row.elementsEqual("\\.".utf8) {
                    isEnded = true
                    break
                }
                guard wanted.contains(head.table) else { continue }
                let cells = row.split(separator: 0x09, omittingEmptySubsequences: false)
                guard cells.count == head.columns.count else {
                    throw Fault(
                        message: "line \(number): \(head.table) has \(head.columns.count) columns, "
                            + "this row \(cells.count)")
                }
                var values: Row = [:]
                for (column, cell) in zip(head.columns, cells) {
                    values[column] = .some(try Self.value(cell, line: number))
                }
                rows.append(values)
            }
            guard isEnded else {
                throw Fault(message: "the rows of \(head.table) do not end: the file is cut short")
            }
            if wanted.contains(head.table) { tables[head.table, default: []] += rows }
        }
    }

    private static func nextLine(_ rest: inout Substring.UTF8View) -> Substring.UTF8View? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: 0x0A) ?? rest.endIndex
        var line = rest[..<end]
        rest = end == rest.endIndex ? rest[end...] : rest[rest.index(after: end)...]
        if line.last == 0x0D { line = line.dropLast() }
        return line
    }

    /// `COPY public."Table" (a, "b") FROM stdin;`
    private static func copyHead(
        _ line: Substring.UTF8View
    ) -> (table: String, columns: [String])? {
        guard line.starts(with: "COPY ".utf8), line.reversed().starts(with: ";nidts MORF ".utf8),
            let open = line.firstIndex(of: 0x28), let close = line.lastIndex(of: 0x29)
        else { return nil }
        let names = line[line.index(after: open)..<close].split(separator: 0x2C)
        return (tableName(line[..<open].dropFirst(5)), names.map(unquoted))
    }

    private static func insertedTable(_ line: Substring.UTF8View) -> String? {
        guard line.starts(with: "INSERT INTO ".utf8) else { return nil }
        let name = line.dropFirst(12).prefix { $0 != 0x20 && $0 != 0x28 }
        return tableName(name)
    }

    /// The name behind its schema's.
    private static func tableName(_ name: Substring.UTF8View) -> String {
        let last = name.split(separator: 0x2E).last ?? name
        return unquoted(last)
    }

    private static func unquoted(_ name: Substring.UTF8View) -> String {
        String(Substring(name)).filter { $0 != "\"" && $0 != " " }
    }

    /// A value without its escapes; `nil` for `\N`.
    private static func value(
        _ cell: Substring.UTF8View, line: Int
    ) throws(Fault) -> String? {
        if cell.elementsEqual("\\N".utf8) { return nil }
        if !cell.contains(0x5C) { return String(Substring(cell)) }
        var bytes: [UInt8] = []
        var rest = cell
        while let byte = rest.popFirst() {
            guard byte == 0x5C else {
                bytes.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else {
                throw Fault(message: "line \(line): a value ends in the middle of an escape")
            }
            switch escaped {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "v"): bytes.append(0x0B)
            default: bytes.append(escaped)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The elements of an array of texts as PostgreSQL writes it: `{a,"b, c",NULL}`; `nil` for
    /// what is none.
    static func elements(of array: String) -> [String]? {
        var rest = Array(array.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "{"), rest.popLast() == UInt8(ascii: "}") else {
            return nil
        }
        var elements: [String] = []
        var element: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        func end() {
            let text = String(decoding: element, as: UTF8.self)
            if wasQuoted || text != "NULL" { elements.append(text) }
            element = []
            wasQuoted = false
        }
        if rest.isEmpty { return [] }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): if let next = rest.popFirst() { element.append(next) }
            case UInt8(ascii: "\""):
                isQuoted.toggle()
                wasQuoted = true
            case UInt8(ascii: ",") where !isQuoted: end()
            default: element.append(byte)
            }
        }
        end()
        return isQuoted ? nil : elements
    }
}
