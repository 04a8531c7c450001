/// What the process's exit status means, for those who start it from scripts.
enum ExitStatus {
    /// Served and drained, or did what it was asked.
    static let success: Int32 = 0
    /// The configuration is refused.
    static let refused: Int32 = 1
    /// The address cannot be listened on, or a file cannot be read or written.
    static let unavailable: Int32 = 2

    /// The gateway that a command asked said no.
    static let declined: Int32 = 3

    /// The options cannot be used: `EX_USAGE` (sysexits.h), which ArgumentParser ends with too.
    static let usage: Int32 = 64

    /// A second signal cut the drain short; as shells have it.
    static func ended(by signal: Int32) -> Int32 { 128 + signal }

    /// For `--help`.
    static let explanation = """
        Exit status: 0 after a drain, 1 when the configuration is refused, 2 when the address or a \
        file cannot be used, 64 when the options cannot be, 128 and the signal's number when a \
        second signal ends a drain.
        """
}
