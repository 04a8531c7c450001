public import GatewayPrimitives

/// Writes server-sent events in their upstream's own words.
public enum SSEWriter {
    /// Appends an event that has a name. Data that came in several lines leaves in several: a line
    /// feed would end the field.
    public static func write(name: ByteView, json: ByteView, into output: inout ByteQueue) {
        output.append("event: ")
        output.append(name)
        output.append("\n")
        OpenAIReplyWriter.writeEvent(json: json, into: &output)
    }
}
