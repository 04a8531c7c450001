package dev.llmgateway;

import dev.llmgateway.v1.ChatCompletion;
import dev.llmgateway.v1.ChatRequest;
import dev.llmgateway.v1.EmbeddingInput;
import dev.llmgateway.v1.GenerateEmbeddingsRequest;
import dev.llmgateway.v1.Message;
import dev.llmgateway.v1.Part;
import dev.llmgateway.v1.Role;
import dev.llmgateway.v1.ToolCall;
import dev.llmgateway.v1.ToolResult;
import dev.llmgateway.v1.ToolResultPart;
import java.util.List;
import java.util.stream.Collectors;

/** Messages of the contract, made and taken apart. */
public final class Messages {
    private Messages() {}

    /** A request whose only turn is the user's. */
    public static ChatRequest.Builder ask(String model, String text) {
        return ChatRequest.newBuilder().setModel(model).addMessages(user(text));
    }

    /** A request for an embedding of each text. */
    public static GenerateEmbeddingsRequest.Builder embed(String model, List<String> texts) {
        GenerateEmbeddingsRequest.Builder request =
                GenerateEmbeddingsRequest.newBuilder().setModel(model);
        texts.forEach(text -> request.addInputs(EmbeddingInput.newBuilder().setText(text)));
        return request;
    }

    /** A turn of the user. */
    public static Message user(String text) {
        return message(Role.ROLE_USER, text);
    }

    /** What the application wants of the model. */
    public static Message system(String text) {
        return message(Role.ROLE_SYSTEM, text);
    }

    /** A turn of the model. */
    public static Message assistant(String text) {
        return message(Role.ROLE_ASSISTANT, text);
    }

    private static Message message(Role role, String text) {
        return Message.newBuilder().setRole(role).addParts(Part.newBuilder().setText(text)).build();
    }

    /** What a tool answered, as the turn after the message that asked for it. */
    public static Message toolResult(ToolCall call, String text) {
        ToolResult result = ToolResult.newBuilder().setToolCallId(call.getId())
                .addParts(ToolResultPart.newBuilder().setText(text)).build();
        return Message.newBuilder().setRole(Role.ROLE_TOOL)
                .addParts(Part.newBuilder().setToolResult(result)).build();
    }

    /** The text of a completion's first choice, without its reasoning and tool calls. */
    public static String textOf(ChatCompletion completion) {
        return completion.getChoices(0).getMessage().getPartsList().stream()
                .map(Part::getText).collect(Collectors.joining());
    }

    /** The calls that a model asks for. */
    public static List<ToolCall> toolCallsOf(Message message) {
        return message.getPartsList().stream().filter(Part::hasToolCall).map(Part::getToolCall)
                .collect(Collectors.toList());
    }

    /** Adds a piece to its part. */
    static void append(dev.llmgateway.v1.ChatDelta delta, Part.Builder part) {
        part.setSignature(part.getSignature() + delta.getSignature());
        switch (delta.getDeltaCase()) {
            case TEXT:
                part.setText(part.getText() + delta.getText());
                break;
            case REFUSAL:
                part.setRefusal(part.getRefusal() + delta.getRefusal());
                break;
            case REASONING:
                part.getReasoningBuilder()
                        .setText(part.getReasoning().getText() + delta.getReasoning().getText())
                        .setRedactedData(part.getReasoning().getRedactedData()
                                .concat(delta.getReasoning().getRedactedData()));
                break;
            case TOOL_CALL:
                ToolCall call = part.getToolCall();
                part.getToolCallBuilder().setId(call.getId() + delta.getToolCall().getId())
                        .setName(call.getName() + delta.getToolCall().getName())
                        .setArgumentsJson(
                                call.getArgumentsJson() + delta.getToolCall().getArgumentsJson());
                break;
            default:
        }
    }
}
