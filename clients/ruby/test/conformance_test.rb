# frozen_string_literal: true

# The list of clients/conformance, cell by cell, against the gateway's own binary; run.py there
# starts it.

require "minitest/autorun"
require "llmgateway"

class ConformanceTest < Minitest::Test
  TOOLS = [{ name: "weather", parameters_json: '{"type":"object"}' }].freeze

  def self.variable(name) = ENV.fetch("LLM_GATEWAY_#{name}")

  # A test that shows a cell of the list.
  def self.cell(name, &body)
    define_method("test_#{name}") do
      instance_eval(&body)
      File.write(self.class.variable("CELLS"), "#{name}\n", mode: "a")
    end
  end

  def variable(name) = self.class.variable(name)

  def dial(key: variable("KEY"), address: "ADDRESS", **options)
    client = LLMGateway::Client.new(variable(address), key: key, timeout: 60, **options)
    (@clients ||= []) << client
    client
  end

  def client = @client ||= dial

  def control(path)
    answer = IO.popen(["curl", "--silent", "--fail", variable("CONTROL") + path], &:read)
    assert $?.success?
    answer
  end

  def teardown = @clients&.each(&:close)

  cell "unary" do
    completion = client.chat("demo", "Hello")
    assert LLMGateway.text_of(completion).start_with?("Hello! I am the demo model")
    assert_equal :FINISH_REASON_STOP, completion.choices[0].finish_reason
    assert_operator completion.usage.output_tokens, :>, 0
    assert_equal 2000 * completion.usage.output_tokens, completion.cost.output_nano_usd
    assert_equal "scripted", completion.routing.provider
    turns = [{ role: :system, content: "Be short." }, { role: :user, content: "Hello" }]
    cut = client.chat("demo", turns, max_output_tokens: 3, sampling: { temperature: 0.5 })
    assert_equal "Hello! I am ", LLMGateway.text_of(cut)
    assert_equal :FINISH_REASON_LENGTH, cut.choices[0].finish_reason
  end

  cell "stream" do
    stream = client.stream("demo", "Hello")
    assert_nil stream.usage
    texts = []
    stream.texts do |text|
      assert stream.routing.deployment && stream.usage.nil? if texts.empty?
      texts << text
    end
    assert_equal LLMGateway.text_of(client.chat("demo", "Hello")), texts.join
    assert_equal "Hello! ", texts.first
    assert_equal texts.size, stream.usage.output_tokens
    assert_equal :USAGE_SOURCE_REPORTED, stream.usage.source
    assert_equal 2000 * texts.size, stream.cost.output_nano_usd
    assert stream.routing.first_token_latency
    assert_equal :FINISH_REASON_STOP, stream.finished.outcomes[0].finish_reason
    two = client.stream("demo", "Hello", choice_count: 2, max_output_tokens: 2).to_a
    assert_equal [0, 1, 0, 1], two.map(&:choice_index)
  end

  cell "tools" do
    question = { role: :user, content: "How warm is it in Oslo?" }
    completion = client.chat("tools", [question], tools: TOOLS)
    assert_equal :FINISH_REASON_TOOL_CALLS, completion.choices[0].finish_reason
    stream = client.stream("tools", [question], tools: TOOLS)
    assert_operator stream.to_a.size, :>, 2
    [completion.choices[0].message, stream.message].each do |message|
      call, = LLMGateway.tool_calls_of(message)
      assert_equal ["call_1", "weather", '{"city":"Oslo"}'],
                   [call.id, call.name, call.arguments_json]
      turns = [question, message, LLMGateway.tool_result(call, "7 degrees")]
      answer = client.chat("tools", turns, tools: TOOLS)
      assert_equal "It is 7 degrees", LLMGateway.text_of(answer)
    end
  end

  cell "embeddings" do
    reply = client.embed("demo", %w[a b], dimension_count: 8)
    assert_equal [8, 8], (reply.embeddings.map { |each| each.float_vector.values.size })
    assert_equal 1, client.embed("demo", "a").embeddings.size
  end

  cell "models" do
    names = client.models.map(&:display_name)
    assert_empty %w[demo paced slow] - names
    assert_equal "models/demo", client.model("demo").name
    assert_equal ["demo"], dial(key: variable("DEMO_KEY")).models.map(&:display_name)
    assert_equal ["models/a", "models/b"], dial(address: "NEWER_ADDRESS").models.map(&:name)
  end

  cell "deadline" do
    short = LLMGateway::Client.new(variable("ADDRESS"), key: variable("KEY"), timeout: 0.2)
    [-> { client.chat("slow", "Hello", timeout: 0.2) },
     -> { client.stream("slow", "Hello", timeout: 0.2).to_a },
     -> { client.stream("endless", "Hello", timeout: 0.2).to_a },
     -> { short.chat("slow", "Hello") }].each do |call|
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      assert_raises(LLMGateway::DeadlineExceeded, &call)
      took = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
      assert took > 0.15 && took < 5, took
    end
  end

  cell "cancel" do
    stream = client.stream("endless", "Hello")
    assert_equal "and ", stream.texts.first
    control("/idle")
    assert_raises(LLMGateway::CallCancelled) { stream.to_a }
    stream = client.stream("slow", "Hello")
    Thread.new { sleep(0.2) && stream.cancel }
    assert_raises(LLMGateway::CallCancelled) { stream.to_a }
  end

  cell "bad-key" do
    [nil, "sk-unknown-0123456789"].each do |key|
      other = dial(key: key)
      [-> { other.chat("demo", "x") }, -> { other.stream("demo", "x").to_a },
       -> { other.models.to_a }].each do |call|
        error = assert_raises(LLMGateway::KeyInvalid, &call)
        assert_equal "KEY_INVALID", error.reason
        refute_empty error.request_id
        assert_includes error.message, error.request_id
      end
    end
  end

  cell "budget" do
    other = dial(key: variable("BUDGET_KEY"))
    [-> { other.chat("demo", "x") }, -> { other.stream("demo", "x").to_a }].each do |call|
      error = assert_raises(LLMGateway::ResourceExhausted, &call)
      assert_equal "BUDGET_EXHAUSTED", error.reason
      assert_includes 0.001..86_400.0, error.retry_after
      violation, = error.context.violations.to_a
      assert_equal ["penniless", :LIMIT_KIND_SPEND, 100, 100],
                   [violation.subject, violation.kind, violation.limit, violation.remaining]
      assert_operator violation.requested, :>, 100
      assert_operator violation.reset_time.seconds, :>, Time.now.to_i
    end
  end

  cell "errors" do
    missing = assert_raises(LLMGateway::NotFound) { client.chat("nobody", "Hello") }
    assert_equal [GRPC::Core::StatusCodes::NOT_FOUND, "MODEL_NOT_FOUND"],
                 [missing.code, missing.reason]
    assert_equal :ERROR_REASON_MODEL_NOT_FOUND, missing.context.reason
    assert_raises(LLMGateway::NotFound) { client.stream("nobody", "Hello").to_a }
    invalid = assert_raises(LLMGateway::InvalidRequest) { client.chat("", []) }
    assert_equal ["chat.messages", "chat.model"], invalid.fields.keys.sort
    assert_raises(LLMGateway::NotAllowed) do
      dial(key: variable("DEMO_KEY")).chat("slow", "Hello")
    end
    limited = assert_raises(LLMGateway::ResourceExhausted) { client.chat("limited", "Hello") }
    assert_equal ["UPSTREAM_RATE_LIMITED", 7.0], [limited.reason, limited.retry_after]
    assert_equal [429, "slow down"], [
      limited.context.upstream_error.http_status, limited.context.upstream_error.message]
    assert_equal :ATTEMPT_OUTCOME_RATE_LIMITED, limited.context.attempts[0].outcome
    # Details that cannot be read do not hide the failure.
    assert_equal "gone", LLMGateway::Unavailable.new(14, "gone", "\xff\xff").message
  end

  cell "unknown-fields" do
    later = dial(address: "NEWER_ADDRESS")
    completion = later.chat("demo", "Hello")
    assert_equal "Hello", LLMGateway.text_of(completion)
    assert_equal 99, completion.choices[0].finish_reason
    stream = later.stream("demo", "Hello")
    assert_equal ["Hello", 2], [stream.texts.to_a.join, stream.usage.output_tokens]
    error = assert_raises(LLMGateway::ResourceExhausted) { later.chat("moon", "Hello") }
    assert_equal %w[MOON_IN_THE_WRONG_PHASE later], [error.reason, error.request_id]
    # And what the gateway does not know of a later client: field 1000 of a message.
    turn = LLMGateway::V1::Message.decode("\xc0\x3e\x07".b)
    turn.role = :ROLE_USER
    turn.parts << LLMGateway::V1::Part.new(text: "Hello")
    assert LLMGateway.text_of(client.chat("demo", [turn]))
  end

  cell "large" do
    completion = client.chat("demo", "x" * 3_000_000)
    assert_equal 750_000, completion.usage.input_tokens
    reply = client.embed("demo", ["a"] * 2048, dimension_count: 1024)
    assert_equal 2048 * 1024, (reply.embeddings.sum { |each| each.float_vector.values.size })
    assert_raises(LLMGateway::ResourceExhausted) { client.chat("demo", "x" * 5_000_000) }
  end

  cell "reconnect" do
    stream = client.stream("paced", "Hello")
    texts = stream.texts
    texts.next
    model = control("/restart")
    deadline = Time.now + 30
    until client.models.map(&:display_name).include?(model)
      # The first calls may still meet the old one; none of them may fail.
      assert client.chat("demo", "Hello")
      assert_operator Time.now, :<, deadline
    end
    rest = 0
    loop { texts.next && rest += 1 }
    assert_equal [399, 400], [rest, stream.usage.output_tokens]
  end

  cell "tls" do
    authority = GRPC::Core::ChannelCredentials.new(File.read(variable("TLS_CA")))
    trusting = dial(address: "TLS_ADDRESS", credentials: authority)
    assert LLMGateway.text_of(trusting.chat("demo", "Hello"))
    other = dial(address: "TLS_ADDRESS", credentials: GRPC::Core::ChannelCredentials.new)
    assert_raises(LLMGateway::Unavailable) { other.chat("demo", "Hello", timeout: 20) }
  end

  cell "unreachable" do
    other = LLMGateway::Client.new("127.0.0.1:1", timeout: 20)
    error = assert_raises(LLMGateway::Unavailable) { other.chat("demo", "x") }
    assert_equal ["", ""], [error.reason, error.request_id]
  end
end
