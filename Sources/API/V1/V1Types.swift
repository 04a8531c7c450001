import CGatewayProto
import GRPC

/// The messages of the contract that the services read and write.
enum V1Types {
    static let generateRequest = MessageType(
        llmgateway__v1__generate_chat_completion_request__init)
    static let generateResponse = MessageType(
        llmgateway__v1__generate_chat_completion_response__init)
    static let streamRequest = MessageType(llmgateway__v1__stream_chat_completion_request__init)
    static let streamResponse = MessageType(llmgateway__v1__stream_chat_completion_response__init)
    static let embeddingsRequest = MessageType(llmgateway__v1__generate_embeddings_request__init)
    static let embeddingsResponse = MessageType(llmgateway__v1__generate_embeddings_response__init)
    static let listModelsRequest = MessageType(llmgateway__v1__list_models_request__init)
    static let listModelsResponse = MessageType(llmgateway__v1__list_models_response__init)
    static let getModelRequest = MessageType(llmgateway__v1__get_model_request__init)
    static let getModelResponse = MessageType(llmgateway__v1__get_model_response__init)
    static let model = MessageType(llmgateway__v1__model__init)
    static let completion = MessageType(llmgateway__v1__chat_completion__init)
    static let choice = MessageType(llmgateway__v1__choice__init)
    static let message = MessageType(llmgateway__v1__message__init)
    static let part = MessageType(llmgateway__v1__part__init)
    static let toolCall = MessageType(llmgateway__v1__tool_call__init)
    static let reasoning = MessageType(llmgateway__v1__reasoning__init)
    static let started = MessageType(llmgateway__v1__chat_started__init)
    static let delta = MessageType(llmgateway__v1__chat_delta__init)
    static let reasoningDelta = MessageType(llmgateway__v1__reasoning_delta__init)
    static let toolCallDelta = MessageType(llmgateway__v1__tool_call_delta__init)
    static let finished = MessageType(llmgateway__v1__chat_finished__init)
    static let outcome = MessageType(llmgateway__v1__choice_outcome__init)
    static let logprob = MessageType(llmgateway__v1__token_logprob__init)
    static let candidate = MessageType(llmgateway__v1__token_candidate__init)
    static let usage = MessageType(llmgateway__v1__usage__init)
    static let routing = MessageType(llmgateway__v1__routing_info__init)
    static let attempt = MessageType(llmgateway__v1__attempt__init)
    static let embedding = MessageType(llmgateway__v1__embedding__init)
    static let floatVector = MessageType(llmgateway__v1__float_vector__init)
    static let errorContext = MessageType(llmgateway__v1__error_context__init)
    static let upstreamError = MessageType(llmgateway__v1__upstream_error__init)
    static let estimateRequest = MessageType(
        llmgateway__v1__estimate_chat_completion_request__init)
    static let estimateResponse = MessageType(
        llmgateway__v1__estimate_chat_completion_response__init)
    static let deploymentEstimate = MessageType(llmgateway__v1__deployment_estimate__init)
    static let tokenPrices = MessageType(llmgateway__v1__token_prices__init)
    static let cost = MessageType(llmgateway__v1__cost__init)
    static let limitViolation = MessageType(llmgateway__v1__limit_violation__init)
    static let timestamp = MessageType(google__protobuf__timestamp__init)
    static let duration = MessageType(google__protobuf__duration__init)
}
