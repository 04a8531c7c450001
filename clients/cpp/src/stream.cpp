#include "llmgateway/stream.h"

namespace llmgateway {

ChatStream::ChatStream(v1::ChatService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
                       const v1::StreamChatCompletionRequest& request)
    : context_(std::move(context)), reader_(stub.StreamChatCompletion(context_.get(), request)) {}

ChatStream::~ChatStream() {
  if (!reader_) return;
  context_->TryCancel();
  // gRPC wants every call to be finished.
  v1::StreamChatCompletionResponse rest;
  while (reader_->Read(&rest)) {
  }
  reader_->Finish();
}

bool ChatStream::Next() {
  while (reader_ && reader_->Read(&event_)) {
    if (event_.has_started()) started_ = event_.started();
    if (event_.has_finished()) finished_ = event_.finished();
    if (event_.has_delta()) {
      Append(event_.delta());
      return true;
    }
  }
  if (reader_) {
    const auto status = reader_->Finish();
    reader_ = nullptr;
    Error::ThrowUnlessOk(status);
  }
  if (!finished_) {
    throw Error({grpc::StatusCode::INTERNAL, "The stream ended without its last event."});
  }
  return false;
}

std::optional<std::string> ChatStream::NextText() {
  while (Next()) {
    const auto& delta = event_.delta();
    if (delta.choice_index() == 0 && delta.has_text()) return delta.text();
  }
  return std::nullopt;
}

const v1::RoutingInfo& ChatStream::routing() const {
  if (finished_) return finished_->routing();
  return started_ ? started_->routing() : v1::RoutingInfo::default_instance();
}

v1::Message ChatStream::message() const {
  v1::Message message;
  message.set_role(v1::ROLE_ASSISTANT);
  // A piece may have nothing but fields of the upstream's own: no part comes of that alone.
  for (const auto& [index, part] : parts_) {
    if (part.content_case() != v1::Part::CONTENT_NOT_SET) *message.add_parts() = part;
  }
  return message;
}

void ChatStream::Append(const v1::ChatDelta& delta) {
  if (delta.choice_index() != 0) return;
  auto& part = parts_[delta.part_index()];
  *part.mutable_signature() += delta.signature();
  if (delta.has_text()) *part.mutable_text() += delta.text();
  if (delta.has_refusal()) *part.mutable_refusal() += delta.refusal();
  if (delta.has_reasoning()) {
    *part.mutable_reasoning()->mutable_text() += delta.reasoning().text();
    *part.mutable_reasoning()->mutable_redacted_data() += delta.reasoning().redacted_data();
  }
  if (delta.has_tool_call()) {
    auto& call = *part.mutable_tool_call();
    *call.mutable_id() += delta.tool_call().id();
    *call.mutable_name() += delta.tool_call().name();
    *call.mutable_arguments_json() += delta.tool_call().arguments_json();
  }
}

}  // namespace llmgateway
