import Dialects
import GatewayCore
import GatewayPrimitives
import JSON

/// Requests in Anthropic's and Ollama's words, for responses and for older completions: what is
/// accepted is, for upstreams of any dialect, JSON for the model that the gateway chose, or refused
/// by name.
enum RequestFuzzing {
    /// The first byte chooses the endpoint.
    static func request(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        var body = ByteQueue()
        body.append(array: Array(input[1...]))
        let parser = JSONParser()
        let request: ChatRequest
        do throws(GatewayError) {
            switch first % 5 {
            case 0: request = try AnthropicRequestReader(parser: parser).read(body.view)
            case 1: request = try OpenAIResponsesRequestReader(parser: parser).read(body.view)
            case 2: request = try OpenAICompletionRequestReader(parser: parser).read(body.view)
            default:
                request = try OllamaRequestReader(parser: parser).read(
                    body.view, as: first % 5 == 3 ? .ollamaChat : .ollamaGenerate)
            }
        } catch {
            return error.fields.isEmpty ? "a refusal names no field: \(error.message)" : nil
        }
        if request.textBytes < 0 || request.choiceCount < 1 { return "the counts make no sense" }
        return writing(request) { (output: inout ByteQueue) throws(GatewayError) in
            _ = try OpenAIRequestWriter.writeChat(
                request, model: "up\"stream", dropsUnsupported: first & 64 == 0, into: &output)
        }
            ?? writing(request) { (output: inout ByteQueue) throws(GatewayError) in
                _ = try AnthropicRequestWriter(
                    model: "up\"stream", dropsUnsupported: first & 64 == 0
                ).write(request, with: parser, into: &output)
            }
            ?? writing(request) { (output: inout ByteQueue) throws(GatewayError) in
                _ = try OllamaRequestWriter(
                    model: "up\"stream", dropsUnsupported: first & 64 == 0
                ).write(request, with: parser, into: &output)
            }
            ?? writing(request, namesModel: false) {
                (output: inout ByteQueue) throws(GatewayError) in
                _ = try GeminiRequestWriter(
                    model: "up\"stream", dropsUnsupported: first & 64 == 0
                ).write(request, with: parser, into: &output)
            }
    }

    /// - Parameter namesModel: whether the model stands in the body, and not in the path.
    private static func writing(
        _ request: ChatRequest, namesModel: Bool = true,
        _ write: (inout ByteQueue) throws(GatewayError) -> Void
    ) -> String? {
        var output = ByteQueue()
        do throws(GatewayError) {
            try write(&output)
        } catch {
            return error.origin == .client ? nil : "a client's request is another's fault"
        }
        // The value is of the parser's memory.
        let parser = JSONParser()
        guard let root = try? parser.parse(output.view) else {
            return "what goes upstream is no JSON"
        }
        guard !namesModel || root[member: "model"]?.string?.equals("up\"stream") == true else {
            return "another model goes upstream"
        }
        return nil
    }
}
