import Testing

/// As ``CheckTests``, for the contract.
@Suite("A check of the contract finds what it is for, and nothing else")
struct ProtoCheckTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let body: String
        /// The lines found, the line of `syntax` being the first.
        var lines: [Int] = []

        var testDescription: String { name }
    }

    @Test(arguments: cases)
    func finds(_ example: Case) {
        let head = "syntax = \"proto3\";\npackage llmgateway.v1;\n"
        let file = ProtoFile(SourceFile(path: "proto/a.proto", text: head + example.body))
        let findings = ProtoChecks.check([file])
        #expect(findings.map(\.line) == example.lines, "\(findings)")
    }

    static let cases: [Case] = [
        Case(
            name: "a good enum", body: "enum A {\n  // None.\n  A_UNSPECIFIED = 0;\n  A_B = 1;\n}"),
        Case(name: "a zero that means something", body: "enum A {\n  A_B = 0;\n}", lines: [4]),
        Case(
            name: "a request's field without a word",
            body: "message ARequest {\n  // The name.\n  string name = 1;\n}", lines: [5]),
        Case(
            name: "a request's field",
            body: "message ARequest {\n  // Required. The name.\n  string name = 1;\n}"),
        Case(
            name: "a oneof of a request",
            body: "message ARequest {\n  // Required. What.\n  oneof what {\n    // A.\n"
                + "    string a = 1;\n  }\n  // Other.\n  int32 b = 2;\n}", lines: [10]),
        Case(name: "a field named base", body: "message A {\n  string base = 1;\n}", lines: [4]),
        Case(
            name: "a field that is a counter",
            body: "message A {\n  repeated string a = 1;\n  int32 n_a = 2;\n}", lines: [5]),
        Case(
            name: "a field that is a case",
            body: "message A {\n  oneof a {\n    int32 b = 1;\n  }\n  int32 a_case = 2;\n}",
            lines: [7]),
        Case(
            name: "a field that is a text's bytes",
            body: "message A {\n  string a = 1;\n  bytes a_bytes = 2;\n  bytes b_bytes = 3;\n}",
            lines: [5]),
        Case(
            name: "a field that is a list's length",
            body: "message A {\n  repeated int32 a = 1;\n  int32 a_count = 2;\n}", lines: [5]),
        Case(
            name: "a message within itself",
            body: "message A {\n  map<string, B> b = 1;\n}\nmessage B {\n  repeated A a = 1;\n}",
            lines: [3, 6]),
        Case(
            name: "a message used twice",
            body: "message A {\n  B b = 1;\n  B c = 2;\n}\nmessage B {\n  string a = 1;\n}"),
    ]

    @Test("A file of another package or syntax is found")
    func heads() {
        let file = SourceFile(path: "a.proto", text: "syntax = \"proto2\";\npackage other;\n")
        #expect(ProtoChecks.heads(ProtoFile(file)).count == 2)
    }

    @Test("A long field that goes on in the next line is read as one")
    func longField() {
        let text =
            "message A {\n  // Names.\n  repeated Some.Long.Name\n"
            + "      values = 1 [deprecated = true];\n}"
        let message = ProtoFile(SourceFile(path: "a.proto", text: text)).messages.first
        #expect(message?.fields.map(\.name) == ["values"])
        #expect(message?.fields.first?.isRepeated == true)
    }
}
