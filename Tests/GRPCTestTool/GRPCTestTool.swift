import GRPC
import Glibc
import Transport

/// What tests by clients made elsewhere need of this project's rooms, and the product must not
/// have.
@main
enum GRPCTestTool {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        switch arguments.first {
        case "serve": try serve(Array(arguments.dropFirst()))
        case "proto-json": ProtoJSONFilter.run()
        default:
            write(
                """
                grpc-test-tool serve [CERTIFICATE KEY]
                    serves grpc.testing.TestService on a port of 127.0.0.1, which it writes to its
                    output, until it is ended; with the two files by TLS
                grpc-test-tool proto-json
                    turns messages on its input, one a line, into JSON or back:
                    `to-json TYPE BASE64` or `to-wire TYPE JSON`

                """, to: STDERR_FILENO)
            exit(2)
        }
    }

    private static func serve(_ files: [String]) throws {
        let tls =
            files.count == 2
            ? try TLSServer(TLSServerSettings(certificateFile: files[0], keyFile: files[1])) : nil
        let loop = EventLoop(index: 0)
        let handler = GRPCServer(services: [TestService.service, TestService.unimplemented])
        // The loop does not run yet: what is done here is done on its behalf.
        let server = HTTPServer(loop: loop, limits: Limits(), handler: handler, tls: tls)
        let port = try server.listen(host: "127.0.0.1", port: 0)
        loop.start()
        write("\(port)\n", to: STDOUT_FILENO)
        while true { pause() }
    }

    /// Writes a text whole.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
