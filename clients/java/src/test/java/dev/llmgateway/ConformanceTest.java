package dev.llmgateway;

import static dev.llmgateway.Messages.ask;
import static dev.llmgateway.Messages.textOf;

import com.google.protobuf.UnknownFieldSet;
import dev.llmgateway.v1.ChatCompletion;
import dev.llmgateway.v1.ChatRequest;
import dev.llmgateway.v1.ErrorReason;
import dev.llmgateway.v1.FinishReason;
import dev.llmgateway.v1.GenerateEmbeddingsResponse;
import dev.llmgateway.v1.LimitKind;
import dev.llmgateway.v1.LimitViolation;
import dev.llmgateway.v1.Message;
import dev.llmgateway.v1.Model;
import dev.llmgateway.v1.Tool;
import dev.llmgateway.v1.ToolCall;
import dev.llmgateway.v1.UsageSource;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The list of clients/conformance, cell by cell, against the gateway's own binary; run.py there
 * starts it. A program of its own, so that it needs no framework.
 */
public final class ConformanceTest {
    interface Cell {
        void show() throws Exception;
    }

    private static final List<GatewayClient> OPEN = new ArrayList<>();
    private final GatewayClient client = dial(variable("KEY"));

    public static void main(String[] arguments) throws Exception {
        boolean failed = false;
        for (Map.Entry<String, Cell> cell : new ConformanceTest().cells().entrySet()) {
            try {
                cell.getValue().show();
                Files.writeString(Path.of(variable("CELLS")), cell.getKey() + "\n",
                        StandardOpenOption.APPEND);
                System.out.println("ok     " + cell.getKey());
            } catch (Exception | AssertionError failure) {
                failed = true;
                System.out.println("FAILED " + cell.getKey());
                failure.printStackTrace(System.out);
            }
        }
        OPEN.forEach(GatewayClient::close);
        System.exit(failed ? 1 : 0);
    }

    private Map<String, Cell> cells() {
        Map<String, Cell> cells = new LinkedHashMap<>();
        cells.put("unary", this::unary);
        cells.put("stream", this::stream);
        cells.put("tools", this::tools);
        cells.put("embeddings", this::embeddings);
        cells.put("models", this::models);
        cells.put("deadline", this::deadline);
        cells.put("cancel", this::cancel);
        cells.put("bad-key", this::badKey);
        cells.put("budget", this::budget);
        cells.put("errors", this::errors);
        cells.put("unknown-fields", this::unknownFields);
        cells.put("large", this::large);
        cells.put("reconnect", this::reconnect);
        cells.put("tls", this::tls);
        cells.put("unreachable", this::unreachable);
        return cells;
    }

    private static String variable(String name) {
        String value = System.getenv("LLM_GATEWAY_" + name);
        if (value == null) {
            throw new IllegalStateException(
                    "LLM_GATEWAY_" + name + " is not set: clients/conformance/run.py sets it");
        }
        return value;
    }

    private static GatewayClient dial(String key) {
        return dial(key, "ADDRESS");
    }

    private static GatewayClient dial(String key, String address) {
        GatewayClient client = GatewayClient.connect(variable(address), key);
        OPEN.add(client);
        return client.withTimeout(Duration.ofMinutes(1));
    }

    private static String control(String path) throws Exception {
        Process curl = new ProcessBuilder(
                "curl", "--silent", "--fail", variable("CONTROL") + path).start();
        String answer = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        equal(curl.waitFor(), 0);
        return answer;
    }

    private static void expect(boolean holds) {
        if (!holds) {
            throw new AssertionError();
        }
    }

    private static void equal(Object value, Object expected) {
        if (!value.equals(expected)) {
            throw new AssertionError(value + " is not " + expected);
        }
    }

    private static <T extends GatewayException> T failure(Class<T> kind, Cell call)
            throws Exception {
        try {
            call.show();
        } catch (GatewayException failure) {
            if (!kind.isInstance(failure)) {
                throw failure;
            }
            return kind.cast(failure);
        }
        throw new AssertionError("no " + kind.getSimpleName());
    }

    private static String joined(ChatStream stream) {
        return stream.texts().collect(Collectors.joining());
    }

    private static List<String> names(GatewayClient client) {
        return client.models().stream().map(Model::getDisplayName).collect(Collectors.toList());
    }

    private void unary() {
        ChatCompletion completion = client.chat(ask("demo", "Hello").build());
        expect(textOf(completion).startsWith("Hello! I am the demo model"));
        equal(completion.getChoices(0).getFinishReason(), FinishReason.FINISH_REASON_STOP);
        long tokens = completion.getUsage().getOutputTokens();
        expect(tokens > 0);
        equal(completion.getCost().getOutputNanoUsd(), 2000 * tokens);
        equal(completion.getRouting().getProvider(), "scripted");
        ChatRequest.Builder request = ChatRequest.newBuilder().setModel("demo")
                .addMessages(Messages.system("Be short.")).addMessages(Messages.user("Hello"))
                .setMaxOutputTokens(3);
        request.getSamplingBuilder().setTemperature(0.5);
        ChatCompletion cut = client.chat(request.build());
        equal(textOf(cut), "Hello! I am ");
        equal(cut.getChoices(0).getFinishReason(), FinishReason.FINISH_REASON_LENGTH);
    }

    private void stream() {
        try (ChatStream stream = client.stream(ask("demo", "Hello").build())) {
            equal(stream.next().getText(), "Hello! ");
            expect(!stream.routing().getDeployment().isEmpty() && stream.usage() == null);
            List<String> rest = stream.texts().collect(Collectors.toList());
            equal("Hello! " + String.join("", rest), textOf(client.chat(ask("demo", "Hello").build())));
            equal(stream.usage().getOutputTokens(), rest.size() + 1L);
            equal(stream.usage().getSource(), UsageSource.USAGE_SOURCE_REPORTED);
            equal(stream.cost().getOutputNanoUsd(), 2000 * (rest.size() + 1L));
            expect(stream.routing().hasFirstTokenLatency());
            equal(stream.finished().getOutcomes(0).getFinishReason(),
                    FinishReason.FINISH_REASON_STOP);
        }
    }

    private void tools() {
        Message question = Messages.user("How warm is it in Oslo?");
        ChatRequest request = ChatRequest.newBuilder().setModel("tools").addMessages(question)
                .addTools(Tool.newBuilder().setName("weather")
                        .setParametersJson("{\"type\":\"object\"}")).build();
        ChatCompletion completion = client.chat(request);
        equal(completion.getChoices(0).getFinishReason(), FinishReason.FINISH_REASON_TOOL_CALLS);
        ChatStream stream = client.stream(request);
        int count = 0;
        while (stream.hasNext()) {
            stream.next();
            count += 1;
        }
        expect(count > 2);
        for (Message message : List.of(completion.getChoices(0).getMessage(), stream.message())) {
            List<ToolCall> calls = Messages.toolCallsOf(message);
            equal(calls.size(), 1);
            equal(calls.get(0), ToolCall.newBuilder().setId("call_1").setName("weather")
                    .setArgumentsJson("{\"city\":\"Oslo\"}").build());
            equal(textOf(client.chat(request.toBuilder().addMessages(message)
                    .addMessages(Messages.toolResult(calls.get(0), "7 degrees")).build())),
                    "It is 7 degrees");
        }
    }

    private void embeddings() {
        GenerateEmbeddingsResponse reply = client.embed(
                Messages.embed("demo", List.of("a", "b")).setDimensionCount(8).build());
        equal(reply.getEmbeddingsCount(), 2);
        reply.getEmbeddingsList().forEach(
                each -> equal(each.getFloatVector().getValuesCount(), 8));
    }

    private void models() {
        expect(names(client).containsAll(List.of("demo", "paced", "slow")));
        equal(client.model("demo").getName(), "models/demo");
        equal(names(dial(variable("DEMO_KEY"))), List.of("demo"));
        equal(names(dial(null, "NEWER_ADDRESS")), List.of("a", "b"));
    }

    private void deadline() throws Exception {
        GatewayClient hurried = client.withTimeout(Duration.ofMillis(200));
        for (Cell call : List.<Cell>of(
                () -> hurried.chat(ask("slow", "Hello").build()),
                () -> joined(hurried.stream(ask("slow", "Hello").build())),
                () -> joined(hurried.stream(ask("endless", "Hello").build())))) {
            long began = System.nanoTime();
            failure(GatewayException.DeadlineExceeded.class, call);
            double took = (System.nanoTime() - began) / 1e9;
            expect(took > 0.15 && took < 5);
        }
    }

    private void cancel() throws Exception {
        ChatStream stream = client.stream(ask("endless", "Hello").build());
        equal(stream.next().getText(), "and ");
        stream.close();
        failure(GatewayException.CallCancelled.class, () -> joined(stream));
        control("/idle");
    }

    private void badKey() throws Exception {
        for (GatewayClient other : List.of(dial(null), dial("sk-unknown-0123456789"))) {
            for (Cell call : List.<Cell>of(
                    () -> other.chat(ask("demo", "x").build()),
                    () -> joined(other.stream(ask("demo", "x").build())), other::models)) {
                GatewayException failure = failure(GatewayException.KeyInvalid.class, call);
                equal(failure.reason(), "KEY_INVALID");
                expect(!failure.requestId().isEmpty());
                expect(failure.getMessage().contains(failure.requestId()));
            }
        }
    }

    private void budget() throws Exception {
        GatewayClient other = dial(variable("BUDGET_KEY"));
        for (Cell call : List.<Cell>of(
                () -> other.chat(ask("demo", "x").build()),
                () -> joined(other.stream(ask("demo", "x").build())))) {
            GatewayException failure = failure(GatewayException.ResourceExhausted.class, call);
            equal(failure.reason(), "BUDGET_EXHAUSTED");
            expect(!failure.retryAfter().isZero());
            expect(failure.retryAfter().compareTo(Duration.ofDays(1)) <= 0);
            equal(failure.context().getViolationsCount(), 1);
            LimitViolation violation = failure.context().getViolations(0);
            equal(violation.getSubject(), "penniless");
            equal(violation.getKind(), LimitKind.LIMIT_KIND_SPEND);
            equal(violation.getLimit(), 100L);
            equal(violation.getRemaining(), 100L);
            expect(violation.getRequested() > 100);
            expect(violation.getResetTime().getSeconds() > Instant.now().getEpochSecond());
        }
    }

    private void errors() throws Exception {
        GatewayException missing = failure(GatewayException.NotFound.class,
                () -> client.chat(ask("nobody", "Hello").build()));
        equal(missing.code(), Status.Code.NOT_FOUND);
        equal(missing.reason(), "MODEL_NOT_FOUND");
        equal(missing.context().getReason(), ErrorReason.ERROR_REASON_MODEL_NOT_FOUND);
        failure(GatewayException.NotFound.class,
                () -> joined(client.stream(ask("nobody", "Hello").build())));
        GatewayException invalid = failure(GatewayException.InvalidRequest.class,
                () -> client.chat(ChatRequest.getDefaultInstance()));
        equal(invalid.fields().size(), 2);
        expect(invalid.fields().keySet().containsAll(List.of("chat.model", "chat.messages")));
        failure(GatewayException.NotAllowed.class,
                () -> dial(variable("DEMO_KEY")).chat(ask("slow", "Hello").build()));
        GatewayException limited = failure(GatewayException.ResourceExhausted.class,
                () -> client.chat(ask("limited", "Hello").build()));
        equal(limited.reason(), "UPSTREAM_RATE_LIMITED");
        equal(limited.retryAfter(), Duration.ofSeconds(7));
        equal(limited.context().getUpstreamError().getHttpStatus(), 429);
        equal(limited.context().getUpstreamError().getMessage(), "slow down");
    }

    private void unknownFields() throws Exception {
        GatewayClient later = dial(null, "NEWER_ADDRESS");
        ChatCompletion completion = later.chat(ask("demo", "Hello").build());
        equal(textOf(completion), "Hello");
        equal(completion.getChoices(0).getFinishReasonValue(), 99);
        expect(completion.getUnknownFields().hasField(1000));
        ChatStream stream = later.stream(ask("demo", "Hello").build());
        equal(joined(stream), "Hello");
        equal(stream.usage().getOutputTokens(), 2L);
        GatewayException failure = failure(GatewayException.ResourceExhausted.class,
                () -> later.chat(ask("moon", "Hello").build()));
        equal(failure.reason(), "MOON_IN_THE_WRONG_PHASE");
        equal(failure.requestId(), "later");
        // And what the gateway does not know of a later client: field 1000 of the request.
        UnknownFieldSet unknown = UnknownFieldSet.newBuilder().addField(1000,
                UnknownFieldSet.Field.newBuilder().addVarint(7).build()).build();
        client.chat(ask("demo", "Hello").setUnknownFields(unknown).build());
    }

    private void large() throws Exception {
        ChatCompletion completion = client.chat(ask("demo", "x".repeat(3_000_000)).build());
        equal(completion.getUsage().getInputTokens(), 750_000L);
        GenerateEmbeddingsResponse reply = client.embed(Messages.embed(
                "demo", Collections.nCopies(2048, "a")).setDimensionCount(1024).build());
        equal(reply.getEmbeddingsList().stream()
                .mapToInt(each -> each.getFloatVector().getValuesCount()).sum(), 2048 * 1024);
        failure(GatewayException.ResourceExhausted.class,
                () -> client.chat(ask("demo", "x".repeat(5_000_000)).build()));
    }

    private void reconnect() throws Exception {
        ChatStream stream = client.stream(ask("paced", "Hello").build());
        stream.next();
        String model = control("/restart");
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!names(client).contains(model)) {
            // The first calls may still meet the old one; none of them may fail.
            client.chat(ask("demo", "Hello").build());
            expect(System.nanoTime() < end);
        }
        equal(stream.texts().count(), 399L);
        equal(stream.usage().getOutputTokens(), 400L);
    }

    private void tls() throws Exception {
        String address = variable("TLS_ADDRESS");
        TlsChannelCredentials.Builder trusting = TlsChannelCredentials.newBuilder();
        trusting.trustManager(new File(variable("TLS_CA")));
        try (GatewayClient secure =
                GatewayClient.connect(address, variable("KEY"), trusting.build())) {
            expect(!textOf(secure.chat(ask("demo", "Hello").build())).isEmpty());
        }
        try (GatewayClient other = GatewayClient.connect(
                address, variable("KEY"), TlsChannelCredentials.create())) {
            failure(GatewayException.Unavailable.class,
                    () -> other.chat(ask("demo", "Hello").build()));
        }
    }

    private void unreachable() throws Exception {
        try (GatewayClient other = GatewayClient.connect("127.0.0.1:1", null)) {
            GatewayException failure = failure(GatewayException.Unavailable.class,
                    () -> other.chat(ask("demo", "Hello").build()));
            equal(failure.reason(), "");
            equal(failure.requestId(), "");
        }
    }
}
