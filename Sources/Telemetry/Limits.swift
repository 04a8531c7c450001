/// Every bound of this room.
enum Limits {
    /// Lines that wait for the writer, in bytes; what does not fit is dropped and counted.
    static let bufferBytes = 4 * 1024 * 1024
    /// One value of a line; longer ones are cut. Clients choose model names.
    static let valueBytes = 256
    /// The writer waits this long for more lines before it writes, so that it wakes a hundred times
    /// a second under load and not once a call.
    static let gatherMilliseconds: Int32 = 10
    /// Series of one kind that a loop counts; what comes after goes into one for all others.
    static let metricSeriesMax = 2_000
    /// One write to the descriptor.
    static let writeBytes = 64 * 1024
    /// How long ``Log/close()`` waits for a reader of the log that has stalled.
    static let closeMilliseconds: Int32 = 2_000
}
