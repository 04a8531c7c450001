// The list of clients/conformance, cell by cell, against the gateway's own binary; run.py there
// starts it. A program of its own, so that it needs no framework.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <set>
#include <sstream>
#include <thread>

#include "llmgateway/client.h"

namespace {

using namespace llmgateway;
using namespace std::chrono_literals;

std::string Variable(const std::string& name) {
  const char* value = std::getenv(("LLM_GATEWAY_" + name).c_str());
  if (!value) {
    throw std::runtime_error("LLM_GATEWAY_" + name + " is not set: clients/conformance/run.py sets it");
  }
  return value;
}

#define EXPECT(condition)                                                                     \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      throw std::runtime_error("line " + std::to_string(__LINE__) + ": " #condition " is false"); \
    }                                                                                         \
  } while (false)

/// The error of a call that must fail, of its kind.
template <class Kind>
Kind Failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Kind& error) {
    return error;
  }
  throw std::runtime_error("the call did not fail");
}

Client Dial(const std::string& key, const std::string& address = "ADDRESS",
            std::chrono::milliseconds timeout = 60s) {
  return Client(Variable(address), {key, nullptr, timeout});
}

Client Dial() { return Dial(Variable("KEY")); }

std::string Control(const std::string& path) {
  FILE* curl = popen(("curl --silent --fail " + Variable("CONTROL") + path).c_str(), "r");
  std::string answer;
  for (int each; (each = std::fgetc(curl)) != EOF;) answer += static_cast<char>(each);
  EXPECT(pclose(curl) == 0);
  return answer;
}

std::string Joined(ChatStream stream, int* count = nullptr) {
  std::string text;
  while (auto piece = stream.NextText()) {
    text += *piece;
    if (count) ++*count;
  }
  return text;
}

std::set<std::string> Names(Client client) {
  std::set<std::string> names;
  for (const auto& model : client.Models()) names.insert(model.display_name());
  return names;
}

void Unary() {
  auto client = Dial();
  const auto completion = client.Chat(Ask("demo", "Hello"));
  EXPECT(TextOf(completion).rfind("Hello! I am the demo model", 0) == 0);
  EXPECT(completion.choices(0).finish_reason() == v1::FINISH_REASON_STOP);
  const auto tokens = completion.usage().output_tokens();
  EXPECT(tokens > 0 && completion.cost().output_nano_usd() == 2000 * tokens);
  EXPECT(completion.routing().provider() == "scripted");
  auto request = Ask("demo", "Hello");
  *request.add_messages() = TextMessage(v1::ROLE_SYSTEM, "Be short.");
  request.set_max_output_tokens(3);
  request.mutable_sampling()->set_temperature(0.5);
  const auto cut = client.Chat(request);
  EXPECT(TextOf(cut) == "Hello! I am ");
  EXPECT(cut.choices(0).finish_reason() == v1::FINISH_REASON_LENGTH);
}

void Stream() {
  auto client = Dial();
  auto stream = client.Stream(Ask("demo", "Hello"));
  std::string text;
  int count = 0;
  for (const auto& delta : stream) {
    EXPECT(!stream.routing().deployment().empty() && !stream.finished());
    text += delta.text();
    ++count;
  }
  EXPECT(text == TextOf(client.Chat(Ask("demo", "Hello"))));
  EXPECT(stream.finished()->usage().output_tokens() == count);
  EXPECT(stream.finished()->usage().source() == v1::USAGE_SOURCE_REPORTED);
  EXPECT(stream.finished()->cost().output_nano_usd() == 2000 * count);
  EXPECT(stream.routing().has_first_token_latency());
  EXPECT(stream.finished()->outcomes(0).finish_reason() == v1::FINISH_REASON_STOP);
}

void Tools() {
  auto client = Dial();
  auto request = Ask("tools", "How warm is it in Oslo?");
  auto& tool = *request.add_tools();
  tool.set_name("weather");
  tool.set_parameters_json(R"({"type":"object"})");
  const auto completion = client.Chat(request);
  EXPECT(completion.choices(0).finish_reason() == v1::FINISH_REASON_TOOL_CALLS);
  auto stream = client.Stream(request);
  EXPECT(std::distance(stream.begin(), stream.end()) > 2);
  for (const auto& message : {completion.choices(0).message(), stream.message()}) {
    const auto calls = ToolCallsOf(message);
    EXPECT(calls.size() == 1 && calls[0].id() == "call_1" && calls[0].name() == "weather");
    EXPECT(calls[0].arguments_json() == R"({"city":"Oslo"})");
    auto next = request;
    *next.add_messages() = message;
    *next.add_messages() = ToolResult(calls[0], "7 degrees");
    EXPECT(TextOf(client.Chat(next)) == "It is 7 degrees");
  }
}

void Embeddings() {
  auto request = EmbedTexts("demo", {"a", "b"});
  request.set_dimension_count(8);
  const auto reply = Dial().Embed(request);
  EXPECT(reply.embeddings_size() == 2);
  for (const auto& each : reply.embeddings()) EXPECT(each.float_vector().values_size() == 8);
}

void Models() {
  const auto names = Names(Dial());
  EXPECT(names.count("demo") && names.count("paced") && names.count("slow"));
  EXPECT(Dial().Model("demo").name() == "models/demo");
  EXPECT(Names(Dial(Variable("DEMO_KEY"))) == std::set<std::string>{"demo"});
  EXPECT((Names(Dial("", "NEWER_ADDRESS")) == std::set<std::string>{"a", "b"}));
}

void Deadline() {
  auto client = Dial(Variable("KEY"), "ADDRESS", 200ms);
  for (const std::function<void()>& call : {
           std::function<void()>([&] { client.Chat(Ask("slow", "Hello")); }),
           std::function<void()>([&] { Joined(client.Stream(Ask("slow", "Hello"))); }),
           std::function<void()>([&] { Joined(client.Stream(Ask("endless", "Hello"))); })}) {
    const auto began = std::chrono::steady_clock::now();
    Failure<DeadlineExceeded>(call);
    const auto took = std::chrono::steady_clock::now() - began;
    EXPECT(took > 150ms && took < 5s);
  }
}

void Cancel() {
  auto client = Dial();
  auto stream = client.Stream(Ask("endless", "Hello"));
  EXPECT(*stream.NextText() == "and ");
  stream.Cancel();
  Failure<CallCancelled>([&] { while (stream.NextText()) {} });
  Control("/idle");
  {
    auto left = client.Stream(Ask("endless", "Hello"));
    EXPECT(left.NextText());
  }
  Control("/idle");
}

void BadKey() {
  for (const std::string key : {"", "sk-unknown-0123456789"}) {
    auto client = Dial(key);
    for (const std::function<void()>& call : {
             std::function<void()>([&] { client.Chat(Ask("demo", "x")); }),
             std::function<void()>([&] { Joined(client.Stream(Ask("demo", "x"))); }),
             std::function<void()>([&] { client.Models(); })}) {
      const auto error = Failure<KeyInvalid>(call);
      EXPECT(error.reason == "KEY_INVALID" && !error.request_id().empty());
      EXPECT(std::string(error.what()).find(error.request_id()) != std::string::npos);
    }
  }
}

void Budget() {
  auto client = Dial(Variable("BUDGET_KEY"));
  for (const std::function<void()>& call : {
           std::function<void()>([&] { client.Chat(Ask("demo", "x")); }),
           std::function<void()>([&] { Joined(client.Stream(Ask("demo", "x"))); })}) {
    const auto error = Failure<ResourceExhausted>(call);
    EXPECT(error.reason == "BUDGET_EXHAUSTED");
    EXPECT(error.retry_after && *error.retry_after > 0s && *error.retry_after <= 24h);
    EXPECT(error.context.violations_size() == 1);
    const auto& violation = error.context.violations(0);
    EXPECT(violation.subject() == "penniless" && violation.kind() == v1::LIMIT_KIND_SPEND);
    EXPECT(violation.limit() == 100 && violation.remaining() == 100);
    EXPECT(violation.requested() > 100 && violation.reset_time().seconds() > std::time(nullptr));
  }
}

void Errors() {
  auto client = Dial();
  const auto missing = Failure<NotFound>([&] { client.Chat(Ask("nobody", "Hello")); });
  EXPECT(missing.code == grpc::StatusCode::NOT_FOUND && missing.reason == "MODEL_NOT_FOUND");
  EXPECT(missing.context.reason() == v1::ERROR_REASON_MODEL_NOT_FOUND);
  Failure<NotFound>([&] { Joined(client.Stream(Ask("nobody", "Hello"))); });
  const auto invalid = Failure<InvalidRequest>([&] { client.Chat({}); });
  EXPECT(invalid.fields.size() == 2);
  EXPECT(invalid.fields.count("chat.model") && invalid.fields.count("chat.messages"));
  Failure<NotAllowed>([&] { Dial(Variable("DEMO_KEY")).Chat(Ask("slow", "Hello")); });
  const auto limited = Failure<ResourceExhausted>([&] { client.Chat(Ask("limited", "Hello")); });
  EXPECT(limited.reason == "UPSTREAM_RATE_LIMITED" && limited.retry_after == 7s);
  EXPECT(limited.context.upstream_error().http_status() == 429);
  EXPECT(limited.context.upstream_error().message() == "slow down");
  // Details that cannot be read do not hide the failure.
  const Error unreadable({grpc::StatusCode::UNAVAILABLE, "gone", "\xff\xff"});
  EXPECT(std::string(unreadable.what()) == "gone" && unreadable.reason.empty());
}

void UnknownFields() {
  auto later = Dial("", "NEWER_ADDRESS");
  const auto completion = later.Chat(Ask("demo", "Hello"));
  EXPECT(TextOf(completion) == "Hello");
  EXPECT(completion.choices(0).finish_reason() == 99);
  auto stream = later.Stream(Ask("demo", "Hello"));
  std::string text;
  for (const auto& delta : stream) text += delta.text();
  EXPECT(text == "Hello" && stream.finished()->usage().output_tokens() == 2);
  const auto error = Failure<ResourceExhausted>([&] { later.Chat(Ask("moon", "Hello")); });
  EXPECT(error.reason == "MOON_IN_THE_WRONG_PHASE" && error.request_id() == "later");
  // And what the gateway does not know of a later client: field 1000 of the request.
  auto request = Ask("demo", "Hello");
  EXPECT(request.MergeFromString("\xc0\x3e\x07"));
  EXPECT(!TextOf(Dial().Chat(request)).empty());
}

void Large() {
  auto client = Dial();
  const auto completion = client.Chat(Ask("demo", std::string(3'000'000, 'x')));
  EXPECT(completion.usage().input_tokens() == 750'000);
  auto request = EmbedTexts("demo", std::vector<std::string>(2048, "a"));
  request.set_dimension_count(1024);
  int numbers = 0;
  const auto reply = client.Embed(request);
  for (const auto& each : reply.embeddings()) numbers += each.float_vector().values_size();
  EXPECT(numbers == 2048 * 1024);
  Failure<ResourceExhausted>([&] { client.Chat(Ask("demo", std::string(5'000'000, 'x'))); });
}

void Reconnect() {
  auto client = Dial();
  auto stream = client.Stream(Ask("paced", "Hello"));
  EXPECT(stream.NextText());
  const auto model = Control("/restart");
  const auto end = std::chrono::steady_clock::now() + 30s;
  for (bool is_new = false; !is_new;) {
    // The first calls may still meet the old one; none of them may fail.
    client.Chat(Ask("demo", "Hello"));
    for (const auto& each : client.Models()) is_new = is_new || each.display_name() == model;
    EXPECT(std::chrono::steady_clock::now() < end);
  }
  int count = 1;
  while (stream.NextText()) ++count;
  EXPECT(count == 400 && stream.finished()->usage().output_tokens() == 400);
}

void TLS() {
  std::stringstream authority;
  authority << std::ifstream(Variable("TLS_CA")).rdbuf();
  grpc::SslCredentialsOptions trusting;
  trusting.pem_root_certs = authority.str();
  const auto chat = [](const grpc::SslCredentialsOptions& options) {
    Client client(
        Variable("TLS_ADDRESS"), {Variable("KEY"), grpc::SslCredentials(options), 20s});
    return TextOf(client.Chat(Ask("demo", "Hello")));
  };
  EXPECT(!chat(trusting).empty());
  Failure<Unavailable>([&] { chat({}); });
}

void Unreachable() {
  const auto error = Failure<Unavailable>([] {
    Client("127.0.0.1:1").Chat(Ask("demo", "Hello"));
  });
  EXPECT(error.reason.empty() && error.request_id().empty());
}

}  // namespace

int main() {
  const std::pair<const char*, void (*)()> cells[] = {
      {"unary", Unary}, {"stream", Stream}, {"tools", Tools}, {"embeddings", Embeddings},
      {"models", Models}, {"deadline", Deadline}, {"cancel", Cancel}, {"bad-key", BadKey},
      {"budget", Budget}, {"errors", Errors}, {"unknown-fields", UnknownFields},
      {"large", Large}, {"reconnect", Reconnect}, {"tls", TLS}, {"unreachable", Unreachable}};
  int failures = 0;
  for (const auto& [name, show] : cells) {
    try {
      show();
      std::ofstream(Variable("CELLS"), std::ios::app) << name << "\n";
      std::cout << "ok     " << name << std::endl;
    } catch (const std::exception& error) {
      ++failures;
      std::cout << "FAILED " << name << ": " << error.what() << std::endl;
    }
  }
  return failures == 0 ? 0 : 1;
}
