import GatewayPrimitives

/// What a management route answers with: JSON.
struct ManagementReply {
    var status = 200
    let body: [UInt8]

    /// An object, by its members.
    init(status: Int = 200, _ members: (inout JSONOutput) -> Void) {
        var output = JSONOutput()
        output.object(members)
        self.status = status
        body = output.bytes.view.bytes
    }

    /// An array.
    init<Elements: Sequence>(
        array elements: Elements, _ write: (inout JSONOutput, Elements.Element) -> Void
    ) {
        var output = JSONOutput()
        output.array(elements, write)
        body = output.bytes.view.bytes
    }
}
