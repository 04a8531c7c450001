/// Hand-written functions of C headers are `static inline` or declared, and prefixed `gw_`.
enum ShimCheck {
    static func check(_ file: SourceFile) -> [Finding] {
        file.codeLines(
            matching: #"^(static\s+inline\s+)?[A-Za-z_][\w\s*]*?[\s*](?!gw_)\w+\s*\([^)]*"#
        )
        .filter { line in
            let code = file.code[line - 1]
            let isStatement = ["#", "typedef", "return", "}", "extern \"C\""].contains {
                code.hasPrefix($0)
            }
            return !isStatement
        }
        .map {
            Finding(path: file.path, line: $0, message: "a shim's name begins with gw_")
        }
    }
}
