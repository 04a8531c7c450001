/// A pointer to an object of a C library is private to the one type that owns it.
enum PointerCheck {
    /// protobuf-c's messages and descriptors are plain structures and constants, not objects.
    static let pattern =
        #"^\s*(?!.*\b(file)?private\b)([@\w()]+\s+)*(let|var)\s+\w+\s*:\s*"#
        + #"(OpaquePointer|Unsafe(Mutable)?Pointer<(nghttp2_|EVP_|SSL|gw_))"#

    static func check(_ file: SourceFile) -> [Finding] {
        guard file.isProduct else { return [] }
        let scopes = Scopes(code: file.code)
        return file.codeLines(matching: pattern)
            .filter { scopes.kinds[$0 - 1] == .type }
            .map {
                Finding(
                    path: file.path, line: $0,
                    message: "a C object's pointer is private; offer a function instead")
            }
    }
}
