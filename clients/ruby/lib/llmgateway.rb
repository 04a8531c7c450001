# frozen_string_literal: true

# A client of llm-gateway over gRPC. The messages of the contract are in LLMGateway::V1, generated
# from proto/.
module LLMGateway
end

require "llmgateway/v1/chat_service_services_pb"
require "llmgateway/v1/embedding_service_services_pb"
require "llmgateway/v1/error_pb"
require "llmgateway/v1/model_service_services_pb"
require "llmgateway/errors"
require "llmgateway/messages"
require "llmgateway/stream"
require "llmgateway/client"
