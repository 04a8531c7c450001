import CGatewayProto
import GatewayPrimitives

/// The answer to one question of a reflection call. What cannot be answered is an `ErrorResponse`
/// within the call, which goes on.
struct ReflectionAnswer: ~Copyable {
    private let arena = MessageArena()
    private let response: UnsafeMutablePointer<Grpc__Reflection__V1__ServerReflectionResponse>

    /// Throws when the question cannot be read.
    ///
    /// - Parameter sentFiles: indexes of the files that the call was sent before; added to.
    init(
        to request: ByteView, by service: ReflectionService, sentFiles: inout Set<Int>
    ) throws(GRPCStatusError) {
        let question: UnsafePointer<Grpc__Reflection__V1__ServerReflectionRequest>
        response = arena.make(Types.response)
        do throws(MessageError) {
            question = try arena.unpack(request, as: Types.request)
        } catch {
            throw GRPCStatusError(error)
        }
        response.pointee.valid_host = question.pointee.host
        response.pointee.original_request = UnsafeMutablePointer(mutating: question)
        answer(question, by: service, &sentFiles)
    }

    /// Appends it in its wire form.
    func append(to queue: inout ByteQueue) { queue.append(packing: UnsafePointer(response)) }

    private func answer(
        _ question: UnsafePointer<Grpc__Reflection__V1__ServerReflectionRequest>,
        by service: ReflectionService, _ sentFiles: inout Set<Int>
    ) {
        let index = service.index
        switch Int(question.pointee.message_request_case.rawValue) {
        case Question.fileByName:
            let name = String(cString: question.pointee.file_by_filename)
            answer(index.file(named: name), of: "file", name, index, &sentFiles)
        case Question.fileBySymbol:
            let name = String(cString: question.pointee.file_containing_symbol)
            answer(index.file(defining: name), of: "symbol", name, index, &sentFiles)
        case Question.fileByExtension:
            let asked = question.pointee.file_containing_extension.pointee
            let type = String(cString: asked.containing_type)
            fail(.notFound, "There is no extension of \(type).")
        case Question.extensionNumbers:
            let type = String(cString: question.pointee.all_extension_numbers_of_type)
            guard index.hasMessage(type) else {
                fail(.notFound, "There is no message \(type).")
                return
            }
            let numbers = arena.make(Types.extensionNumbers)
            numbers.pointee.base_type_name = arena.text(type)
            response.pointee.all_extension_numbers_response = numbers
            decide(Answer.extensionNumbers)
        case Question.services:
            list(service.serviceNames)
        default:
            fail(.invalidArgument, "The request asks nothing that is known here.")
        }
    }

    private func answer(
        _ file: Int?, of kind: StaticString, _ name: String, _ index: DescriptorIndex,
        _ sentFiles: inout Set<Int>
    ) {
        guard let file else {
            fail(.notFound, "There is no \(kind) \(name).")
            return
        }
        // The file asked for is sent in any case.
        let fresh = index.closure(of: file).filter { $0 == file || !sentFiles.contains($0) }
        sentFiles.formUnion(fresh)
        let files = arena.make(Types.files)
        files.pointee.n_file_descriptor_proto = fresh.count
        files.pointee.file_descriptor_proto = arena.array(
            fresh.map { arena.data(index.files[$0].bytes) })
        response.pointee.file_descriptor_response = files
        decide(Answer.files)
    }

    private func list(_ names: [String]) {
        let entries = names.map { name -> UnsafeMutablePointer<Grpc__Reflection__V1__ServiceResponse>? in
            let entry = arena.make(Types.service)
            entry.pointee.name = arena.text(name)
            return entry
        }
        let services = arena.make(Types.services)
        services.pointee.n_service = entries.count
        services.pointee.service = arena.array(entries)
        response.pointee.list_services_response = services
        decide(Answer.services)
    }

    private func fail(_ code: GRPCStatusCode, _ message: String) {
        let error = arena.make(Types.error)
        error.pointee.error_code = Int32(code.rawValue)
        error.pointee.error_message = arena.text(message)
        response.pointee.error_response = error
        decide(Answer.error)
    }

    private func decide(_ kind: UInt32) { response.pointee.message_response_case.rawValue = kind }

    /// The field numbers of the questions (grpc/reflection/v1/reflection.proto).
    private enum Question {
        static let fileByName = 3
        static let fileBySymbol = 4
        static let fileByExtension = 5
        static let extensionNumbers = 6
        static let services = 7
    }

    /// The field numbers of the answers.
    private enum Answer {
        static let files: UInt32 = 4
        static let extensionNumbers: UInt32 = 5
        static let services: UInt32 = 6
        static let error: UInt32 = 7
    }

    private enum Types {
        static let request = MessageType(grpc__reflection__v1__server_reflection_request__init)
        static let response = MessageType(grpc__reflection__v1__server_reflection_response__init)
        static let files = MessageType(grpc__reflection__v1__file_descriptor_response__init)
        static let extensionNumbers = MessageType(
            grpc__reflection__v1__extension_number_response__init)
        static let services = MessageType(grpc__reflection__v1__list_service_response__init)
        static let service = MessageType(grpc__reflection__v1__service_response__init)
        static let error = MessageType(grpc__reflection__v1__error_response__init)
    }
}
