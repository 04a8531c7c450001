# frozen_string_literal: true

module LLMGateway
  # A completion that is on its way: an Enumerable of its deltas. Failures come out of the iteration.
  # Leaving it early, or +cancel+, stops the upstream. After the last delta +finished+ tells how it
  # ended.
  class ChatStream
    include Enumerable

    # The first event, a V1::ChatStarted.
    attr_reader :started
    # The last event, a V1::ChatFinished.
    attr_reader :finished

    # +call+ is an operation of gRPC that has not begun, with the Time it must end by, or nil.
    def initialize(call, deadline = nil)
      @call = call
      @deadline = deadline
      @is_cancelled = false
      @parts = {}
    end

    # Yields each V1::ChatDelta as it comes.
    def each
      return enum_for(:each) unless block_given?

      read { |delta| yield delta }
      return self if @finished

      raise InternalError.new(
        GRPC::Core::StatusCodes::INTERNAL, "The stream ended without its last event.")
    ensure
      cancel unless @finished || !block_given?
    end

    # The pieces of one choice's text: an Enumerator, or yielded to the block.
    def texts(choice: 0)
      return enum_for(:texts, choice: choice) unless block_given?

      each { |delta| yield delta.text if delta.choice_index == choice && delta.delta == :text }
    end

    # The tokens used; nil until the stream has finished.
    def usage = finished&.usage

    # What was charged; nil until the stream has finished.
    def cost = finished&.cost

    # Who serves the stream, with timings once it has finished; nil until it starts.
    def routing = (finished || started)&.routing

    # The first choice's message as far as it has come, to be sent back in the next turn.
    def message
      # A piece may have nothing but fields of the upstream's own: no part comes of that alone.
      V1::Message.new(role: :ROLE_ASSISTANT, parts: @parts.sort.map(&:last).select(&:content))
    end

    # Ends the call; the gateway closes its upstream within milliseconds.
    def cancel
      @is_cancelled = true
      @call.cancel
    end

    private

    def read
      raise GRPC::Core::CallError if @is_cancelled

      LLMGateway.translated do
        @events ||= @call.execute
        @events.each { |event| take(event) { |delta| yield delta } }
      end
    rescue GRPC::Core::CallError
      # What gRPC raises when a call ends on this side before the first event has come.
      raise CallCancelled.new(1, "The call was cancelled.") if @is_cancelled
      raise unless @deadline && Time.now >= @deadline

      raise DeadlineExceeded.new(4, "The call took longer than its deadline.")
    end

    def take(event)
      case event.event
      when :started then @started = event.started
      when :finished then @finished = event.finished
      when :delta
        append(event.delta) if event.delta.choice_index.zero?
        yield event.delta
      end
    end

    # Adds a piece to its part.
    def append(delta)
      part = (@parts[delta.part_index] ||= V1::Part.new)
      part.signature += delta.signature
      case delta.delta
      when :text then part.text += delta.text
      when :refusal then part.refusal += delta.refusal
      when :reasoning
        part.reasoning ||= V1::Reasoning.new
        part.reasoning.text += delta.reasoning.text
        part.reasoning.redacted_data += delta.reasoning.redacted_data
      when :tool_call
        part.tool_call ||= V1::ToolCall.new
        part.tool_call.id += delta.tool_call.id
        part.tool_call.name += delta.tool_call.name
        part.tool_call.arguments_json += delta.tool_call.arguments_json
      end
    end
  end
end
