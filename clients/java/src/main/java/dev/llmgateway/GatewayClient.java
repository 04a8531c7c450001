package dev.llmgateway;

import dev.llmgateway.v1.ChatCompletion;
import dev.llmgateway.v1.ChatRequest;
import dev.llmgateway.v1.ChatServiceGrpc;
import dev.llmgateway.v1.EmbeddingServiceGrpc;
import dev.llmgateway.v1.GenerateChatCompletionRequest;
import dev.llmgateway.v1.GenerateEmbeddingsRequest;
import dev.llmgateway.v1.GenerateEmbeddingsResponse;
import dev.llmgateway.v1.GetModelRequest;
import dev.llmgateway.v1.ListModelsRequest;
import dev.llmgateway.v1.ListModelsResponse;
import dev.llmgateway.v1.Model;
import dev.llmgateway.v1.ModelServiceGrpc;
import dev.llmgateway.v1.StreamChatCompletionRequest;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Calls of a gateway, which wait. Safe to share between threads. */
public final class GatewayClient implements AutoCloseable {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final ManagedChannel channel;
    private final Metadata metadata;
    private final Duration timeout;

    private GatewayClient(ManagedChannel channel, Metadata metadata, Duration timeout) {
        this.channel = channel;
        this.metadata = metadata;
        this.timeout = timeout;
    }

    /** A client of the gateway at host:port, in the clear. */
    public static GatewayClient connect(String target, String key) {
        return connect(target, key, InsecureChannelCredentials.create());
    }

    /**
     * A client of the gateway at host:port.
     *
     * @param key the API key; null for none
     * @param credentials for TLS, such as those of {@link io.grpc.TlsChannelCredentials}
     */
    public static GatewayClient connect(
            String target, String key, ChannelCredentials credentials) {
        Metadata metadata = new Metadata();
        if (key != null) {
            metadata.put(AUTHORIZATION, "Bearer " + key);
        }
        // The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
        ManagedChannel channel = Grpc.newChannelBuilder(target, credentials)
                .maxInboundMessageSize(Integer.MAX_VALUE).build();
        return new GatewayClient(channel, metadata, null);
    }

    /** The same connection, with a bound on how long each call may take. */
    public GatewayClient withTimeout(Duration timeout) {
        return new GatewayClient(channel, metadata, timeout);
    }

    /** A whole completion. {@link Messages#ask} makes a simple request. */
    public ChatCompletion chat(ChatRequest request) {
        return translated(() -> stub(ChatServiceGrpc.newBlockingStub(channel))
                .generateChatCompletion(
                        GenerateChatCompletionRequest.newBuilder().setChat(request).build())
                .getCompletion());
    }

    /** A completion piece by piece. */
    public ChatStream stream(ChatRequest request) {
        return new ChatStream(() -> stub(ChatServiceGrpc.newBlockingStub(channel))
                .streamChatCompletion(
                        StreamChatCompletionRequest.newBuilder().setChat(request).build()));
    }

    /** An embedding of each input. {@link Messages#embed} makes a simple request. */
    public GenerateEmbeddingsResponse embed(GenerateEmbeddingsRequest request) {
        return translated(
                () -> stub(EmbeddingServiceGrpc.newBlockingStub(channel)).generateEmbeddings(request));
    }

    /** The models that the key may use, by name. */
    public List<Model> models() {
        List<Model> models = new ArrayList<>();
        ListModelsRequest.Builder request = ListModelsRequest.newBuilder();
        do {
            ListModelsResponse page = translated(
                    () -> stub(ModelServiceGrpc.newBlockingStub(channel)).listModels(request.build()));
            models.addAll(page.getModelsList());
            request.setPageToken(page.getNextPageToken());
        } while (!request.getPageToken().isEmpty());
        return models;
    }

    /** One model, by the name that requests use. */
    public Model model(String name) {
        GetModelRequest request = GetModelRequest.newBuilder().setName("models/" + name).build();
        return translated(
                () -> stub(ModelServiceGrpc.newBlockingStub(channel)).getModel(request).getModel());
    }

    /** Closes the connection; calls that still run are cancelled. */
    @Override
    public void close() {
        channel.shutdownNow();
    }

    private <S extends AbstractStub<S>> S stub(S stub) {
        S keyed = stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
        return timeout == null
                ? keyed : keyed.withDeadlineAfter(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private static <T> T translated(Supplier<T> call) {
        try {
            return call.get();
        } catch (StatusRuntimeException failure) {
            throw GatewayException.of(failure);
        }
    }
}
