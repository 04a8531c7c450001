import GRPC
import GatewayPrimitives
import Glibc
import JSON

/// Turns messages into JSON and back, line by line: the other side of a comparison.
enum ProtoJSONFilter {
    static func run() {
        let parser = JSONParser()
        let writer = ProtoJSONWriter()
        while let line = readLine() {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            GRPCTestTool.write(answer(words, parser, writer) + "\n", to: STDOUT_FILENO)
        }
    }

    private static func answer(
        _ words: [String], _ parser: JSONParser, _ writer: ProtoJSONWriter
    ) -> String {
        guard words.count >= 2, let message = ProtoSchema.contract.message(named: words[1]) else {
            return "error: no such message"
        }
        var input = ByteQueue()
        input.append(text: words.count > 2 ? words[2] : "")
        var output = ByteQueue()
        do {
            if words[0] == "to-json" {
                guard let bytes = Base64.decode(input.view) else { return "error: not Base64" }
                input.clear()
                input.append(array: bytes)
                try writer.write(input.view, as: message, into: &output)
                return output.view.string
            }
            try ProtoJSONReader().read(try parser.parse(input.view), as: message, into: &output)
            var text = ByteQueue()
            Base64.append(UnsafeRawBufferPointer(output.view.buffer), into: &text)
            return text.view.string
        } catch {
            return "error: \(error)"
        }
    }
}
