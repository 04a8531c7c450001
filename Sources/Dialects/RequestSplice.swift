internal import GatewayCore
internal import GatewayPrimitives

/// Writes a request as its client wrote it, but for what the gateway must change.
struct RequestSplice {
    /// The upstream's own name for the model.
    let model: String
    /// Whether the upstream is to be asked for the usage of a stream, in OpenAI's way.
    var asksForUsage = false
    /// The bound of the answer that takes the place of the request's own, if it has one.
    var outputTokensMax: Int?
    /// What the dialect calls that bound, where the request has none.
    let boundName: StaticString
    /// Whether that stands among the members of `options`, as Ollama has it.
    var boundIsOption = false
    /// What the deployment's configuration says where the request does not.
    var defaults = SplicedDefaults()

    func write(_ raw: RawRequest, into output: inout ByteQueue) {
        raw.json.withUnsafeBufferPointer { buffer in
            let json = ByteView(start: buffer.baseAddress, count: buffer.count)
            var copied = 0
            var hasOptions = false
            var hasBound = false
            var hasMembersOfOptions = false
            for member in raw.members {
                switch member.name {
                case .model:
                    output.append(json[copied..<member.value.lowerBound])
                    output.append(jsonString: model)
                case .streamOptions:
                    hasOptions = true
                    guard asksForUsage else { continue }
                    output.append(json[copied..<member.value.lowerBound])
                    appendOptions(json[member.value], into: &output)
                case .ours:
                    copied = leaveOut(member.value, of: json, copied: copied, into: &output)
                    continue
                case .outputBound:
                    // Its own bound, which may be null, gives way to the gateway's.
                    guard let outputTokensMax, !boundIsOption else { continue }
                    output.append(json[copied..<member.value.lowerBound])
                    output.append(decimal: outputTokensMax)
                    hasBound = true
                case .options:
                    guard boundIsOption, outputTokensMax != nil || !defaults.options.isEmpty
                    else { continue }
                    output.append(json[copied..<member.value.lowerBound])
                    append(options: json[member.value], into: &output)
                    hasMembersOfOptions = true
                }
                copied = member.value.upperBound
            }
            appendEnd(
                of: json, copied: copied, addsOptions: asksForUsage && !hasOptions,
                addsBound: boundIsOption ? !hasMembersOfOptions : !hasBound, into: &output)
        }
    }

    /// Appends what is left, and what the client did not say.
    private func appendEnd(
        of json: ByteView, copied: Int, addsOptions: Bool, addsBound: Bool,
        into output: inout ByteQueue
    ) {
        var added = ByteQueue()
        if addsOptions { added.append(#","stream_options":{"include_usage":true}"#) }
        if addsBound { appendBound(into: &added) }
        append(defaults.members, into: &added)
        if added.isEmpty { return output.append(json.dropping(first: copied)) }
        // Behind the last member: the object has one at least, the model's name.
        var end = json.count
        while end > copied, json[end - 1] != UInt8(ascii: "}") { end -= 1 }
        output.append(json[copied..<end - 1])
        output.append(added.view)
        output.append("}")
    }

    /// Appends the bound, or `options` with it and what else belongs there.
    private func appendBound(into output: inout ByteQueue) {
        if boundIsOption {
            if outputTokensMax == nil && defaults.options.isEmpty { return }
            output.append(",\"options\":")
            return append(options: ByteView("{}"), into: &output)
        }
        guard let outputTokensMax else { return }
        output.append(",\"")
        output.append(boundName)
        output.append("\":")
        output.append(decimal: outputTokensMax)
    }

    private func append(_ members: [SplicedDefaults.Member], into output: inout ByteQueue) {
        for member in members {
            output.append(",\"")
            output.append(member.name)
            output.append("\":")
            output.append(text: member.json)
        }
    }

    /// Leaves a member out, and the comma that goes with it: the one before it, or, where what is
    /// before it is gone or never was, the one behind it. Returns where to go on.
    private func leaveOut(
        _ member: Range<Int>, of json: ByteView, copied: Int, into output: inout ByteQueue
    ) -> Int {
        func isSpace(_ byte: UInt8) -> Bool { byte <= 0x20 }
        var start = member.lowerBound
        while start > copied, isSpace(json[start - 1]) { start -= 1 }
        if start > copied, json[start - 1] == UInt8(ascii: ",") {
            output.append(json[copied..<start - 1])
            return member.upperBound
        }
        output.append(json[copied..<start])
        var end = member.upperBound
        while end < json.count, isSpace(json[end]) { end += 1 }
        return end < json.count && json[end] == UInt8(ascii: ",") ? end + 1 : member.upperBound
    }

    /// `stream_options` as the client wrote them, but with the usage.
    private func appendOptions(_ options: ByteView, into output: inout ByteQueue) {
        output.append(#"{"include_usage":true"#)
        append(membersOf: options, but: "include_usage", into: &output)
        output.append("}")
    }

    /// `options` as the client wrote them, but with the bound and the defaults.
    private func append(options: ByteView, into output: inout ByteQueue) {
        var members = ByteQueue()
        if let outputTokensMax {
            members.append(",\"")
            members.append(boundName)
            members.append("\":")
            members.append(decimal: outputTokensMax)
            append(membersOf: options, but: boundName, into: &members)
        } else {
            append(membersOf: options, but: "", into: &members)
        }
        append(defaults.options, into: &members)
        output.append("{")
        // Without the comma that each begins with.
        output.append(members.view.dropping(first: members.isEmpty ? 0 : 1))
        output.append("}")
    }

    private func append(
        membersOf object: ByteView, but name: StaticString, into output: inout ByteQueue
    ) {
        for member in RawMembers(object) where !member.isNamed(name) {
            output.append(",\"")
            output.append(member.name)
            output.append("\":")
            output.append(member.value)
        }
    }
}
