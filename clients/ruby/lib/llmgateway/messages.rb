# frozen_string_literal: true

# Messages of the contract, made of Ruby's own types and taken apart.
module LLMGateway
  module_function

  # The text of a completion's choice, without its reasoning and tool calls.
  def text_of(completion, choice: 0) = completion.choices[choice].message.parts.map(&:text).join

  # The calls that a model asks for.
  def tool_calls_of(message) = message.parts.filter_map(&:tool_call)

  # What a tool answered, as the turn after the message that asked for it.
  def tool_result(call, text, is_error: false)
    result = { tool_call_id: call.id, parts: [{ text: text }], is_error: is_error }
    V1::Message.new(role: :ROLE_TOOL, parts: [{ tool_result: result }])
  end

  # A ChatRequest. +messages+ is the user's text, or an array of messages and of hashes with +role+
  # and +content+.
  def chat_request(model, messages, **fields)
    turns = messages.is_a?(String) ? [{ role: :user, content: messages }] : messages
    V1::ChatRequest.new(model: model, messages: turns.map { |turn| message_of(turn) }, **fields)
  end

  def message_of(turn)
    return turn if turn.is_a?(V1::Message)

    role = :"ROLE_#{turn.fetch(:role).upcase}"
    V1::Message.new(role: role, parts: [{ text: turn.fetch(:content) }])
  end
end
