import GatewayCore
import GatewayPrimitives
import Transport

extension ServerExchange {
    /// Reads the whole of a body that is JSON by its content type; valid until the exchange ends.
    /// Without a content type it is taken for JSON.
    func readJSONBody(bytesMax: Int) async throws(GatewayError) -> ByteView {
        if let type = requestHeaders.value(of: "content-type"), !type.namesJSON {
            throw GatewayError(
                .unsupportedMediaType, origin: .client,
                message: "The content type is `\(type[0..<min(type.count, 80)].string)`; "
                    + "this endpoint takes application/json.")
        }
        if let encoding = requestHeaders.value(of: "content-encoding"),
            !encoding.isEmpty, !encoding.equalsIgnoringCase("identity")
        {
            throw GatewayError(
                .unsupportedMediaType, origin: .client,
                message: "The content encoding is "
                    + "`\(encoding[0..<min(encoding.count, 80)].string)`; this endpoint takes "
                    + "bodies that are not compressed.")
        }
        do throws(TransportError) {
            return try await readBody(bytesMax: bytesMax)
        } catch {
            switch error {
            case .tooLarge(_, let limit):
                throw GatewayError(
                    .bodyTooLarge, origin: .client,
                    message: "The request's body is larger than \(limit) bytes.")
            case .timedOut:
                throw GatewayError(
                    .timedOut, origin: .client,
                    message: "The request's body did not arrive in time.", timeout: .call)
            case .malformed(let why):
                throw GatewayError(.invalidRequest, origin: .client, message: why)
            case .closed, .cancelled, .connectFailed, .exhausted: throw .clientGone
            }
        }
    }
}

extension ByteView {
    /// Whether a content type is JSON, whatever its parameters. Clients that send
    /// curl's default form type with a JSON body are common enough to be let through.
    fileprivate var namesJSON: Bool {
        let end = firstIndex(of: 0x3B) ?? count
        var essence = self[0..<end]
        while essence.count > 0, essence[essence.count - 1] == 0x20 {
            essence = essence[0..<essence.count - 1]
        }
        return essence.equalsIgnoringCase("application/json")
            || essence.equalsIgnoringCase("application/x-www-form-urlencoded")
    }
}
