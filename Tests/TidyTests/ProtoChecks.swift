/// Rules of the contract that buf does not know.
enum ProtoChecks {
    static func check(_ files: [ProtoFile]) -> [Finding] {
        files.flatMap { heads($0) + zeroValues($0) + forbiddenNames($0) + fieldComments($0) }
            + cycles(files)
    }

    static func heads(_ file: ProtoFile) -> [Finding] {
        var findings: [Finding] = []
        if file.syntax != "proto3" {
            findings.append(Finding(path: file.path, line: 0, message: "is not proto3"))
        }
        if file.package != "llmgateway.v1" {
            findings.append(
                Finding(path: file.path, line: 0, message: "the package is not llmgateway.v1"))
        }
        return findings
    }

    /// The value zero means that nothing was said.
    static func zeroValues(_ file: ProtoFile) -> [Finding] {
        file.enumerations.compactMap { enumeration in
            let zero = enumeration.values.first { $0.number == 0 }
            guard zero?.name.hasSuffix("_UNSPECIFIED") != true else { return nil }
            return Finding(
                path: file.path, line: zero?.line ?? enumeration.line,
                message: "the zero value of \(enumeration.name) is not ..._UNSPECIFIED")
        }
    }

    /// protobuf-c and Java generate members of these names themselves.
    static func forbiddenNames(_ file: ProtoFile) -> [Finding] {
        file.messages.flatMap { message in
            let counters = message.fields.filter(\.isRepeated).map { "n_" + $0.name }
            let cases = message.oneofs.keys.map { $0 + "_case" }
            let texts = message.fields.filter { $0.type == "string" }.map { $0.name + "_bytes" }
            let lists = message.fields.filter(\.isRepeated).flatMap {
                [$0.name + "_count", $0.name + "_list"]
            }
            let forbidden = Set(counters + cases + texts + lists + ["base"])
            return message.fields.filter { forbidden.contains($0.name) }.map {
                Finding(
                    path: file.path, line: $0.line,
                    message: "generated code owns the name \($0.name) in \(message.name)")
            }
        }
    }

    /// Whoever fills in a request reads first whether a field must be set. A member of a oneof is
    /// covered by the oneof's own comment.
    static func fieldComments(_ file: ProtoFile) -> [Finding] {
        file.messages.filter { $0.name.hasSuffix("Request") }.flatMap { message in
            message.fields.filter { field in
                let comment = field.oneof.flatMap { message.oneofs[$0] } ?? field.comment
                let words = comment.drop { $0 == " " }
                return !["Required", "Optional", "Output only"].contains { words.hasPrefix($0) }
            }.map {
                Finding(
                    path: file.path, line: $0.line,
                    message: "the comment of \(message.name).\($0.name) does not begin with"
                        + " Required, Optional or Output only")
            }
        }
    }

    /// protobuf-c unpacks recursively and without a bound: a message that contains itself lets a
    /// peer choose how deep the stack goes.
    static func cycles(_ files: [ProtoFile]) -> [Finding] {
        var members: [String: [String]] = [:]
        for message in files.flatMap(\.messages) {
            members[message.name] = message.fields.map(\.type)
        }
        return files.flatMap { file in
            file.messages.filter { reaches($0.name, from: $0.name, members) }.map {
                Finding(path: file.path, line: $0.line, message: "\($0.name) contains itself")
            }
        }
    }

    private static func reaches(
        _ target: String, from start: String, _ members: [String: [String]]
    ) -> Bool {
        var seen: Set<String> = []
        var waiting = members[start] ?? []
        while let next = waiting.popLast() {
            if next == target { return true }
            if seen.insert(next).inserted { waiting += members[next] ?? [] }
        }
        return false
    }
}
