package dev.llmgateway;

import dev.llmgateway.v1.ChatDelta;
import dev.llmgateway.v1.ChatFinished;
import dev.llmgateway.v1.ChatStarted;
import dev.llmgateway.v1.Cost;
import dev.llmgateway.v1.Message;
import dev.llmgateway.v1.Part;
import dev.llmgateway.v1.Role;
import dev.llmgateway.v1.RoutingInfo;
import dev.llmgateway.v1.StreamChatCompletionResponse;
import dev.llmgateway.v1.Usage;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.SortedMap;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A completion that is on its way: iterate over it for its deltas; failures come out of the
 * iteration as {@link GatewayException}s. Closing it early stops the upstream. Used by one thread at
 * a time, but for {@link #close}.
 */
public final class ChatStream implements Iterator<ChatDelta>, Iterable<ChatDelta>, AutoCloseable {
    private final Context.CancellableContext context = Context.current().withCancellation();
    private final Iterator<StreamChatCompletionResponse> events;
    private final SortedMap<Integer, Part.Builder> parts = new TreeMap<>();
    private ChatStarted started;
    private ChatFinished finished;
    private ChatDelta next;

    ChatStream(Supplier<Iterator<StreamChatCompletionResponse>> call) {
        Context outer = context.attach();
        try {
            events = call.get();
        } finally {
            context.detach(outer);
        }
    }

    @Override
    public boolean hasNext() {
        try {
            while (next == null && events.hasNext()) {
                take(events.next());
            }
        } catch (StatusRuntimeException failure) {
            close();
            throw GatewayException.of(failure);
        }
        if (next == null) {
            close();
            if (finished == null) {
                throw new GatewayException(
                        Status.Code.INTERNAL, "The stream ended without its last event.", null);
            }
        }
        return next != null;
    }

    private void take(StreamChatCompletionResponse event) {
        switch (event.getEventCase()) {
            case STARTED:
                started = event.getStarted();
                break;
            case FINISHED:
                finished = event.getFinished();
                break;
            case DELTA:
                next = event.getDelta();
                if (next.getChoiceIndex() == 0) {
                    Messages.append(next, parts.computeIfAbsent(
                            next.getPartIndex(), index -> Part.newBuilder()));
                }
                break;
            default:
                // An event of a later version.
        }
    }

    @Override
    public ChatDelta next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        ChatDelta delta = next;
        next = null;
        return delta;
    }

    /** This stream, for the for-each loop; there is one iteration only. */
    @Override
    public Iterator<ChatDelta> iterator() {
        return this;
    }

    /** The pieces of the first choice's text. */
    public Stream<String> texts() {
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(this, Spliterator.ORDERED), false)
                .filter(delta -> delta.getChoiceIndex() == 0 && delta.hasText())
                .map(ChatDelta::getText);
    }

    /** The last event; null until the stream has finished. */
    public ChatFinished finished() {
        return finished;
    }

    /** The tokens used; null until the stream has finished. */
    public Usage usage() {
        return finished == null ? null : finished.getUsage();
    }

    /** What was charged; null until the stream has finished. */
    public Cost cost() {
        return finished == null ? null : finished.getCost();
    }

    /** Who serves the stream, with timings once it has finished; null until it starts. */
    public RoutingInfo routing() {
        if (finished != null) {
            return finished.getRouting();
        }
        return started == null ? null : started.getRouting();
    }

    /** The first choice's message as far as it has come, to be sent back in the next turn. */
    public Message message() {
        Message.Builder message = Message.newBuilder().setRole(Role.ROLE_ASSISTANT);
        // A piece may have nothing but fields of the upstream's own: no part comes of that alone.
        parts.values().stream()
                .filter(part -> part.getContentCase() != Part.ContentCase.CONTENT_NOT_SET)
                .forEach(message::addParts);
        return message.build();
    }

    /** Ends the call if it still runs; the gateway then closes its upstream within milliseconds. */
    @Override
    public void close() {
        context.cancel(null);
    }
}
