import GatewayPrimitives
import Transport

/// What a client's program calls itself, for the log: `user-agent`, or what browsers send in its
/// place where a page may not set that (gRPC-Web's and Connect's clients).
enum ClientProgram {
    /// Longer names are cut: the log says who calls, and keeps no texts of clients' choice.
    static let bytesMax = 128

    /// `nil` when the client does not say.
    static func read(_ exchange: ServerExchange) -> String? {
        let name =
            exchange.requestHeaders.value(of: "x-user-agent")
            ?? exchange.requestHeaders.value(of: "user-agent")
        guard let name, !name.isEmpty else { return nil }
        return name[0..<min(name.count, bytesMax)].string
    }
}
