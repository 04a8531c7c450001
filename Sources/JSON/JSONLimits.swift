/// Every bound of this room.
public enum JSONLimits {
    /// The longest JSON text that is read.
    public static let textBytesMax = 64 * 1024 * 1024
    /// How deep arrays and objects may be nested.
    public static let depthMax = 64
    /// A parser that has read more gives its memory back at the next ``JSONParser/shrink()``.
    static let parserBytesKept = 1024 * 1024
}
