#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "llmgateway/error.h"
#include "llmgateway/v1/chat_service.grpc.pb.h"

namespace llmgateway {

/// A completion that is on its way: iterate over it once for its deltas. Failures are thrown out of
/// the iteration. Used by one thread at a time, but for Cancel.
class ChatStream {
 public:
  /// An input iterator over the deltas.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = v1::ChatDelta;
    using difference_type = std::ptrdiff_t;
    using pointer = const v1::ChatDelta*;
    using reference = const v1::ChatDelta&;

    explicit Iterator(ChatStream* stream) : stream_(stream) {}
    reference operator*() const { return stream_->event_.delta(); }
    pointer operator->() const { return &stream_->event_.delta(); }
    Iterator& operator++() {
      if (!stream_->Next()) stream_ = nullptr;
      return *this;
    }
    bool operator==(const Iterator& other) const { return stream_ == other.stream_; }
    bool operator!=(const Iterator& other) const { return stream_ != other.stream_; }

   private:
    ChatStream* stream_;
  };

  ChatStream(v1::ChatService::Stub& stub, std::unique_ptr<grpc::ClientContext> context,
             const v1::StreamChatCompletionRequest& request);
  ChatStream(ChatStream&&) = default;
  /// Stops the upstream if the stream has not ended.
  ~ChatStream();

  Iterator begin() { return Iterator(Next() ? this : nullptr); }
  Iterator end() { return Iterator(nullptr); }

  /// The next piece of the first choice's text; nothing at the end.
  std::optional<std::string> NextText();

  /// The first event; null until it has come.
  const v1::ChatStarted* started() const { return started_ ? &*started_ : nullptr; }
  /// The last event, with usage and cost; null until the stream has finished.
  const v1::ChatFinished* finished() const { return finished_ ? &*finished_ : nullptr; }
  /// Who serves the stream, with timings once it has finished.
  const v1::RoutingInfo& routing() const;
  /// The first choice's message as far as it has come, to be sent back in the next turn.
  v1::Message message() const;

  /// Ends the call; the gateway closes its upstream within milliseconds.
  void Cancel() { context_->TryCancel(); }

 private:
  bool Next();
  void Append(const v1::ChatDelta& delta);

  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::StreamChatCompletionResponse>> reader_;
  v1::StreamChatCompletionResponse event_;
  std::optional<v1::ChatStarted> started_;
  std::optional<v1::ChatFinished> finished_;
  std::map<int, v1::Part> parts_;
};

}  // namespace llmgateway
