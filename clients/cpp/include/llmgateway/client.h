#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "llmgateway/error.h"
#include "llmgateway/stream.h"
#include "llmgateway/v1/chat_service.grpc.pb.h"
#include "llmgateway/v1/embedding_service.grpc.pb.h"
#include "llmgateway/v1/model_service.grpc.pb.h"

namespace llmgateway {

/// How to connect.
struct Options {
  /// The API key; empty for none.
  std::string key;
  /// For TLS, such as grpc::SslCredentials(...); null: in the clear.
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  /// How long each call may take; zero: as the gateway has it.
  std::chrono::milliseconds timeout{0};
};

/// Calls of a gateway, which wait. Safe to share between threads. Failures are thrown as Errors.
class Client {
 public:
  /// A client of the gateway at host:port. It connects when it is first used.
  explicit Client(const std::string& target, Options options = {});

  /// A whole completion. Ask makes a simple request.
  v1::ChatCompletion Chat(const v1::ChatRequest& request);
  /// A completion piece by piece. It must not outlive the client.
  ChatStream Stream(const v1::ChatRequest& request);
  /// An embedding of each input. EmbedTexts makes a simple request.
  v1::GenerateEmbeddingsResponse Embed(const v1::GenerateEmbeddingsRequest& request);
  /// The models that the key may use, by name.
  std::vector<v1::Model> Models();
  /// One model, by the name that requests use.
  v1::Model Model(const std::string& name);

 private:
  std::unique_ptr<grpc::ClientContext> Context() const;

  Options options_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ChatService::Stub> chat_;
  std::unique_ptr<v1::EmbeddingService::Stub> embeddings_;
  std::unique_ptr<v1::ModelService::Stub> models_;
};

/// A request whose only turn is the user's.
v1::ChatRequest Ask(const std::string& model, const std::string& text);
/// A request for an embedding of each text.
v1::GenerateEmbeddingsRequest EmbedTexts(
    const std::string& model, const std::vector<std::string>& texts);
/// A turn of text.
v1::Message TextMessage(v1::Role role, const std::string& text);
/// What a tool answered, as the turn after the message that asked for it.
v1::Message ToolResult(const v1::ToolCall& call, const std::string& text);
/// The text of a completion's first choice, without its reasoning and tool calls.
std::string TextOf(const v1::ChatCompletion& completion);
/// The calls that a model asks for.
std::vector<v1::ToolCall> ToolCallsOf(const v1::Message& message);

}  // namespace llmgateway
