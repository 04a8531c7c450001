public import GatewayCore

/// One call of a pipeline, handed to an executor.
///
/// `@unchecked Sendable`: the executor and the test are on one thread.
public struct PipelineCall: @unchecked Sendable {
    private let pipeline: Pipeline
    private let door: RecordingDoor

    public init(pipeline: Pipeline, door: RecordingDoor) {
        self.pipeline = pipeline
        self.door = door
    }

    public func run() async { await pipeline.run(door) }
}
