# frozen_string_literal: true

module LLMGateway
  # Calls of a gateway. Safe to share between threads.
  class Client
    # +target+:      host:port
    # +key+:         the API key
    # +credentials+: GRPC::Core::ChannelCredentials.new(...) for TLS; without, in the clear
    # +timeout+:     seconds a call may take unless it says otherwise; nil: as the gateway has it
    # +options+:     gRPC's own options of a channel
    def initialize(target, key: nil, credentials: nil, timeout: nil, options: {})
      credentials ||= :this_channel_is_insecure
      # The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
      options = { "grpc.max_receive_message_length" => -1 }.merge(options)
      channel = GRPC::ClientStub.setup_channel(nil, target, credentials, options)
      @channel = channel
      @timeout = timeout
      @metadata = key ? { "authorization" => "Bearer #{key}" } : {}
      @chat, @embeddings, @models =
        [V1::ChatService, V1::EmbeddingService, V1::ModelService].map do |service|
          service::Stub.new(target, credentials, channel_override: channel)
        end
    end

    # A whole completion, a V1::ChatCompletion. +fields+ are those of V1::ChatRequest. See
    # LLMGateway.chat_request for +messages+.
    def chat(model, messages, timeout: nil, **fields)
      request = V1::GenerateChatCompletionRequest.new(
        chat: LLMGateway.chat_request(model, messages, **fields))
      call(@chat, :generate_chat_completion, request, timeout).completion
    end

    # A completion piece by piece, a ChatStream.
    def stream(model, messages, timeout: nil, **fields)
      request = V1::StreamChatCompletionRequest.new(
        chat: LLMGateway.chat_request(model, messages, **fields))
      context = context(timeout)
      call = @chat.stream_chat_completion(request, return_op: true, **context)
      ChatStream.new(call, context[:deadline])
    end

    # An embedding of each text, a V1::GenerateEmbeddingsResponse.
    def embed(model, inputs, timeout: nil, **fields)
      request = V1::GenerateEmbeddingsRequest.new(
        model: model, inputs: Array(inputs).map { |text| { text: text } }, **fields)
      call(@embeddings, :generate_embeddings, request, timeout)
    end

    # The models that the key may use, by name: an Enumerator that fetches pages as they are needed.
    def models(timeout: nil)
      return enum_for(:models, timeout: timeout) unless block_given?

      token = ""
      loop do
        request = V1::ListModelsRequest.new(page_token: token)
        page = call(@models, :list_models, request, timeout)
        page.models.each { |model| yield model }
        token = page.next_page_token
        break if token.empty?
      end
    end

    # One model, by the name that requests use.
    def model(name, timeout: nil)
      request = V1::GetModelRequest.new(name: "models/#{name}")
      call(@models, :get_model, request, timeout).model
    end

    # Closes the connection; calls that still run are cancelled.
    def close = @channel.close

    private

    def call(stub, method, request, timeout)
      LLMGateway.translated { stub.public_send(method, request, **context(timeout)) }
    end

    def context(timeout)
      timeout ||= @timeout
      { metadata: @metadata, deadline: timeout && Time.now + timeout }
    end
  end
end
