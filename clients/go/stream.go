package llmgateway

import (
	"context"
	"errors"
	"io"
	"sort"

	"google.golang.org/grpc/codes"

	v1 "llmgateway.dev/go/llmgatewayv1"
)

// ChatStream is a completion that is on its way, read like a bufio.Scanner:
//
//	stream := client.Stream(ctx, llmgateway.Ask("demo", "Hello"))
//	defer stream.Close()
//	for stream.Next() {
//		fmt.Print(stream.Text())
//	}
//	if err := stream.Err(); err != nil { … }
//
// Used by one goroutine at a time; only Close may be called by others.
type ChatStream struct {
	// Started is the first event; nil until it has come.
	Started *v1.ChatStarted
	// Finished is the last event; nil until Next has returned false without an error.
	Finished *v1.ChatFinished

	call   v1.ChatService_StreamChatCompletionClient
	cancel context.CancelFunc
	delta  *v1.ChatDelta
	parts  map[int32]*v1.Part
	err    error
}

// Next waits for the next delta. It returns false at the end of the stream, or when it failed: see
// Err.
func (s *ChatStream) Next() bool {
	for s.err == nil {
		event, err := s.call.Recv()
		if errors.Is(err, io.EOF) {
			if s.Finished == nil {
				s.err = &Error{
					Code:    codes.Internal,
					Message: "The stream ended without its last event.", Context: &v1.ErrorContext{}}
			}
			break
		}
		if err != nil {
			s.err = errorOf(err)
			break
		}
		switch event := event.Event.(type) {
		case *v1.StreamChatCompletionResponse_Started:
			s.Started = event.Started
		case *v1.StreamChatCompletionResponse_Finished:
			s.Finished = event.Finished
		case *v1.StreamChatCompletionResponse_Delta:
			s.delta = event.Delta
			s.append(event.Delta)
			return true
		}
	}
	s.cancel()
	return false
}

// Delta is the piece that Next found.
func (s *ChatStream) Delta() *v1.ChatDelta { return s.delta }

// Text is the text of that piece if it belongs to the first choice; empty if it is something else.
func (s *ChatStream) Text() string {
	if s.delta.GetChoiceIndex() != 0 {
		return ""
	}
	return s.delta.GetText()
}

// Err is why the stream ended before its last event, an *Error; nil if it did not.
func (s *ChatStream) Err() error { return s.err }

// Usage is the tokens used; nil until the stream has finished.
func (s *ChatStream) Usage() *v1.Usage { return s.Finished.GetUsage() }

// Cost is what was charged; nil until the stream has finished.
func (s *ChatStream) Cost() *v1.Cost { return s.Finished.GetCost() }

// Routing is who serves the stream, with timings once it has finished.
func (s *ChatStream) Routing() *v1.RoutingInfo {
	if s.Finished != nil {
		return s.Finished.Routing
	}
	return s.Started.GetRouting()
}

// Message is the first choice's message as far as it has come, to be sent back in the next turn.
func (s *ChatStream) Message() *v1.Message {
	indices := make([]int, 0, len(s.parts))
	for index := range s.parts {
		indices = append(indices, int(index))
	}
	sort.Ints(indices)
	message := &v1.Message{Role: v1.Role_ROLE_ASSISTANT}
	for _, index := range indices {
		// A piece may have nothing but fields of the upstream's own: no part comes of that alone.
		if part := s.parts[int32(index)]; part.Content != nil {
			message.Parts = append(message.Parts, part)
		}
	}
	return message
}

// Close ends the call if it still runs; the gateway then closes its upstream within milliseconds.
func (s *ChatStream) Close() { s.cancel() }

// append adds a piece to its part.
func (s *ChatStream) append(delta *v1.ChatDelta) {
	if delta.ChoiceIndex != 0 {
		return
	}
	part := s.parts[delta.PartIndex]
	if part == nil {
		part = &v1.Part{}
		if s.parts == nil {
			s.parts = map[int32]*v1.Part{}
		}
		s.parts[delta.PartIndex] = part
	}
	part.Signature += delta.Signature
	switch piece := delta.Delta.(type) {
	case *v1.ChatDelta_Text:
		part.Content = &v1.Part_Text{Text: part.GetText() + piece.Text}
	case *v1.ChatDelta_Refusal:
		part.Content = &v1.Part_Refusal{Refusal: part.GetRefusal() + piece.Refusal}
	case *v1.ChatDelta_Reasoning:
		part.Content = &v1.Part_Reasoning{Reasoning: &v1.Reasoning{
			Text:         part.GetReasoning().GetText() + piece.Reasoning.Text,
			RedactedData: append(part.GetReasoning().GetRedactedData(), piece.Reasoning.RedactedData...),
		}}
	case *v1.ChatDelta_ToolCall:
		call := part.GetToolCall()
		part.Content = &v1.Part_ToolCall{ToolCall: &v1.ToolCall{
			Id:            call.GetId() + piece.ToolCall.Id,
			Name:          call.GetName() + piece.ToolCall.Name,
			ArgumentsJson: call.GetArgumentsJson() + piece.ToolCall.ArgumentsJson,
		}}
	}
}
