#include "llmgateway/client.h"

#include <grpcpp/create_channel.h>

namespace llmgateway {

Client::Client(const std::string& target, Options options) : options_(std::move(options)) {
  grpc::ChannelArguments arguments;
  // The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
  arguments.SetMaxReceiveMessageSize(-1);
  const auto credentials =
      options_.credentials ? options_.credentials : grpc::InsecureChannelCredentials();
  channel_ = grpc::CreateCustomChannel(target, credentials, arguments);
  chat_ = v1::ChatService::NewStub(channel_);
  embeddings_ = v1::EmbeddingService::NewStub(channel_);
  models_ = v1::ModelService::NewStub(channel_);
}

std::unique_ptr<grpc::ClientContext> Client::Context() const {
  auto context = std::make_unique<grpc::ClientContext>();
  if (!options_.key.empty()) context->AddMetadata("authorization", "Bearer " + options_.key);
  if (options_.timeout.count() > 0) {
    context->set_deadline(std::chrono::system_clock::now() + options_.timeout);
  }
  return context;
}

v1::ChatCompletion Client::Chat(const v1::ChatRequest& request) {
  v1::GenerateChatCompletionRequest message;
  *message.mutable_chat() = request;
  v1::GenerateChatCompletionResponse reply;
  Error::ThrowUnlessOk(chat_->GenerateChatCompletion(Context().get(), message, &reply));
  return std::move(*reply.mutable_completion());
}

ChatStream Client::Stream(const v1::ChatRequest& request) {
  v1::StreamChatCompletionRequest message;
  *message.mutable_chat() = request;
  return ChatStream(*chat_, Context(), message);
}

v1::GenerateEmbeddingsResponse Client::Embed(const v1::GenerateEmbeddingsRequest& request) {
  v1::GenerateEmbeddingsResponse reply;
  Error::ThrowUnlessOk(embeddings_->GenerateEmbeddings(Context().get(), request, &reply));
  return reply;
}

std::vector<v1::Model> Client::Models() {
  std::vector<v1::Model> models;
  v1::ListModelsRequest request;
  do {
    v1::ListModelsResponse page;
    Error::ThrowUnlessOk(models_->ListModels(Context().get(), request, &page));
    models.insert(models.end(), page.models().begin(), page.models().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return models;
}

v1::Model Client::Model(const std::string& name) {
  v1::GetModelRequest request;
  request.set_name("models/" + name);
  v1::GetModelResponse reply;
  Error::ThrowUnlessOk(models_->GetModel(Context().get(), request, &reply));
  return std::move(*reply.mutable_model());
}

v1::ChatRequest Ask(const std::string& model, const std::string& text) {
  v1::ChatRequest request;
  request.set_model(model);
  *request.add_messages() = TextMessage(v1::ROLE_USER, text);
  return request;
}

v1::GenerateEmbeddingsRequest EmbedTexts(
    const std::string& model, const std::vector<std::string>& texts) {
  v1::GenerateEmbeddingsRequest request;
  request.set_model(model);
  for (const auto& text : texts) request.add_inputs()->set_text(text);
  return request;
}

v1::Message TextMessage(v1::Role role, const std::string& text) {
  v1::Message message;
  message.set_role(role);
  message.add_parts()->set_text(text);
  return message;
}

v1::Message ToolResult(const v1::ToolCall& call, const std::string& text) {
  v1::Message message;
  message.set_role(v1::ROLE_TOOL);
  auto& result = *message.add_parts()->mutable_tool_result();
  result.set_tool_call_id(call.id());
  result.add_parts()->set_text(text);
  return message;
}

std::string TextOf(const v1::ChatCompletion& completion) {
  std::string text;
  if (completion.choices().empty()) return text;
  for (const auto& part : completion.choices(0).message().parts()) text += part.text();
  return text;
}

std::vector<v1::ToolCall> ToolCallsOf(const v1::Message& message) {
  std::vector<v1::ToolCall> calls;
  for (const auto& part : message.parts()) {
    if (part.has_tool_call()) calls.push_back(part.tool_call());
  }
  return calls;
}

}  // namespace llmgateway
