package llmgateway

import v1 "llmgateway.dev/go/llmgatewayv1"

// Ask is a request whose only turn is the user's.
func Ask(model, text string) *v1.ChatRequest {
	return &v1.ChatRequest{Model: model, Messages: []*v1.Message{UserMessage(text)}}
}

// EmbedTexts is a request for an embedding of each text.
func EmbedTexts(model string, texts ...string) *v1.GenerateEmbeddingsRequest {
	request := &v1.GenerateEmbeddingsRequest{Model: model}
	for _, text := range texts {
		request.Inputs = append(request.Inputs,
			&v1.EmbeddingInput{Input: &v1.EmbeddingInput_Text{Text: text}})
	}
	return request
}

// UserMessage is a turn of the user.
func UserMessage(text string) *v1.Message { return textMessage(v1.Role_ROLE_USER, text) }

// SystemMessage tells the model what the application wants of it.
func SystemMessage(text string) *v1.Message { return textMessage(v1.Role_ROLE_SYSTEM, text) }

// AssistantMessage is a turn of the model.
func AssistantMessage(text string) *v1.Message { return textMessage(v1.Role_ROLE_ASSISTANT, text) }

func textMessage(role v1.Role, text string) *v1.Message {
	return &v1.Message{Role: role, Parts: []*v1.Part{{Content: &v1.Part_Text{Text: text}}}}
}

// ToolResult is what a tool answered, as the turn after the message that asked for it.
func ToolResult(call *v1.ToolCall, text string) *v1.Message {
	result := &v1.ToolResult{ToolCallId: call.Id, Parts: []*v1.ToolResultPart{
		{Content: &v1.ToolResultPart_Text{Text: text}}}}
	return &v1.Message{
		Role:  v1.Role_ROLE_TOOL,
		Parts: []*v1.Part{{Content: &v1.Part_ToolResult{ToolResult: result}}},
	}
}

// TextOf is the text of a completion's first choice, without its reasoning and tool calls.
func TextOf(completion *v1.ChatCompletion) string {
	text := ""
	if choices := completion.GetChoices(); len(choices) > 0 {
		for _, part := range choices[0].GetMessage().GetParts() {
			text += part.GetText()
		}
	}
	return text
}

// ToolCallsOf are the calls that a model asks for.
func ToolCallsOf(message *v1.Message) []*v1.ToolCall {
	var calls []*v1.ToolCall
	for _, part := range message.GetParts() {
		if call := part.GetToolCall(); call != nil {
			calls = append(calls, call)
		}
	}
	return calls
}
