package llmgateway_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"sort"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	llmgateway "llmgateway.dev/go"
	v1 "llmgateway.dev/go/llmgatewayv1"
)

// The list of clients/conformance, cell by cell, against the gateway's own binary; run.py there
// starts it.
func TestConformance(t *testing.T) {
	for _, cell := range []struct {
		name string
		show func(*testing.T, *llmgateway.Client)
	}{
		{"unary", unary}, {"stream", stream}, {"tools", tools}, {"embeddings", embeddings},
		{"models", models}, {"deadline", deadline}, {"cancel", cancel}, {"bad-key", badKey},
		{"budget", budget}, {"errors", failures}, {"unknown-fields", unknownFields},
		{"large", large}, {"reconnect", reconnect}, {"tls", overTLS}, {"unreachable", unreachable},
	} {
		passed := t.Run(cell.name, func(t *testing.T) {
			cell.show(t, dial(t, "ADDRESS", llmgateway.Options{Key: variable("KEY")}))
		})
		if passed {
			show(t, cell.name)
		}
	}
}

func show(t *testing.T, cell string) {
	file, err := os.OpenFile(variable("CELLS"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = file.WriteString(cell + "\n")
	check(t, err)
	check(t, file.Close())
}

func variable(name string) string {
	value := os.Getenv("LLM_GATEWAY_" + name)
	if value == "" {
		panic("LLM_GATEWAY_" + name + " is not set: clients/conformance/run.py sets it")
	}
	return value
}

func dial(t *testing.T, address string, options llmgateway.Options) *llmgateway.Client {
	client, err := llmgateway.Dial(variable(address), options)
	check(t, err)
	t.Cleanup(func() { client.Close() })
	return client
}

func control(t *testing.T, path string) string {
	out, err := exec.Command("curl", "--silent", "--fail", variable("CONTROL")+path).Output()
	check(t, err)
	return string(out)
}

func background(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, holds bool, values ...any) {
	t.Helper()
	if !holds {
		t.Fatal(values...)
	}
}

// failure is the error of a call that must fail, of its kind.
func failure(t *testing.T, err error, kind error) *llmgateway.Error {
	t.Helper()
	var found *llmgateway.Error
	expect(t, errors.As(err, &found) && errors.Is(err, kind), err, " is not ", kind)
	return found
}

func texts(stream *llmgateway.ChatStream) []string {
	var texts []string
	for stream.Next() {
		texts = append(texts, stream.Text())
	}
	return texts
}

func unary(t *testing.T, client *llmgateway.Client) {
	completion, err := client.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	check(t, err)
	text := llmgateway.TextOf(completion)
	expect(t, strings.HasPrefix(text, "Hello! I am the demo model"), text)
	expect(t, completion.Choices[0].FinishReason == v1.FinishReason_FINISH_REASON_STOP)
	tokens := completion.Usage.OutputTokens
	expect(t, tokens > 0 && completion.Cost.OutputNanoUsd == 2000*tokens, completion)
	expect(t, completion.Routing.Provider == "scripted")
	cut, err := client.Chat(background(t), &v1.ChatRequest{
		Model: "demo", MaxOutputTokens: 3, Messages: []*v1.Message{
			llmgateway.SystemMessage("Be short."), llmgateway.UserMessage("Hello")}})
	check(t, err)
	expect(t, llmgateway.TextOf(cut) == "Hello! I am ", cut)
	expect(t, cut.Choices[0].FinishReason == v1.FinishReason_FINISH_REASON_LENGTH)
}

func stream(t *testing.T, client *llmgateway.Client) {
	stream := client.Stream(background(t), llmgateway.Ask("demo", "Hello"))
	defer stream.Close()
	expect(t, stream.Next() && stream.Text() == "Hello! ", stream.Err())
	expect(t, stream.Routing().Deployment != "" && stream.Usage() == nil)
	rest := texts(stream)
	check(t, stream.Err())
	whole, err := client.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	check(t, err)
	expect(t, "Hello! "+strings.Join(rest, "") == llmgateway.TextOf(whole))
	tokens := stream.Usage().OutputTokens
	expect(t, tokens == int64(len(rest)+1) && stream.Cost().OutputNanoUsd == 2000*tokens)
	expect(t, stream.Usage().Source == v1.UsageSource_USAGE_SOURCE_REPORTED)
	expect(t, stream.Routing().FirstTokenLatency != nil)
	expect(t, stream.Finished.Outcomes[0].FinishReason == v1.FinishReason_FINISH_REASON_STOP)
}

func tools(t *testing.T, client *llmgateway.Client) {
	request := llmgateway.Ask("tools", "How warm is it in Oslo?")
	request.Tools = []*v1.Tool{{Name: "weather", ParametersJson: `{"type":"object"}`}}
	completion, err := client.Chat(background(t), request)
	check(t, err)
	stream := client.Stream(background(t), request)
	expect(t, len(texts(stream)) > 2, stream.Err())
	question := request.Messages[0]
	for _, message := range []*v1.Message{completion.Choices[0].Message, stream.Message()} {
		calls := llmgateway.ToolCallsOf(message)
		expect(t, len(calls) == 1, calls)
		call := calls[0]
		expect(t, call.Id == "call_1" && call.Name == "weather", call)
		expect(t, call.ArgumentsJson == `{"city":"Oslo"}`, call)
		request.Messages = []*v1.Message{
			question, message, llmgateway.ToolResult(call, "7 degrees")}
		answer, err := client.Chat(background(t), request)
		check(t, err)
		expect(t, llmgateway.TextOf(answer) == "It is 7 degrees", answer)
	}
}

func embeddings(t *testing.T, client *llmgateway.Client) {
	request := llmgateway.EmbedTexts("demo", "a", "b")
	request.DimensionCount = 8
	reply, err := client.Embed(background(t), request)
	check(t, err)
	expect(t, len(reply.Embeddings) == 2)
	for _, each := range reply.Embeddings {
		expect(t, len(each.GetFloatVector().Values) == 8)
	}
}

func names(t *testing.T, client *llmgateway.Client) []string {
	models, err := client.Models(background(t))
	check(t, err)
	var names []string
	for _, model := range models {
		names = append(names, model.DisplayName)
	}
	return names
}

func models(t *testing.T, client *llmgateway.Client) {
	all := names(t, client)
	sorted := append([]string{}, all...)
	sort.Strings(sorted)
	expect(t, strings.Join(all, " ") == strings.Join(sorted, " ") && len(all) >= 6, all)
	model, err := client.Model(background(t), "demo")
	check(t, err)
	expect(t, model.Name == "models/demo", model)
	other := names(t, dial(t, "ADDRESS", llmgateway.Options{Key: variable("DEMO_KEY")}))
	expect(t, len(other) == 1 && other[0] == "demo", other)
	pages := names(t, dial(t, "NEWER_ADDRESS", llmgateway.Options{}))
	expect(t, strings.Join(pages, " ") == "a b", pages)
}

func deadline(t *testing.T, client *llmgateway.Client) {
	short := dial(t, "ADDRESS",
		llmgateway.Options{Key: variable("KEY"), Timeout: 200 * time.Millisecond})
	drain := func(client *llmgateway.Client, ctx context.Context, model string) error {
		stream := client.Stream(ctx, llmgateway.Ask(model, "Hello"))
		for stream.Next() {
		}
		return stream.Err()
	}
	for _, call := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := client.Chat(ctx, llmgateway.Ask("slow", "Hello"))
			return err
		},
		func(ctx context.Context) error { return drain(client, ctx, "slow") },
		func(ctx context.Context) error { return drain(client, ctx, "endless") },
		func(context.Context) error { return drain(short, context.Background(), "slow") },
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		began := time.Now()
		failure(t, call(ctx), context.DeadlineExceeded)
		took := time.Since(began)
		expect(t, took > 150*time.Millisecond && took < 5*time.Second, took)
		cancel()
	}
}

func cancel(t *testing.T, client *llmgateway.Client) {
	stream := client.Stream(background(t), llmgateway.Ask("endless", "Hello"))
	expect(t, stream.Next() && stream.Text() == "and ", stream.Err())
	stream.Close()
	for stream.Next() {
	}
	failure(t, stream.Err(), context.Canceled)
	control(t, "/idle")
	ctx, cancel := context.WithCancel(background(t))
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err := client.Chat(ctx, llmgateway.Ask("slow", "Hello"))
	failure(t, err, context.Canceled)
}

func badKey(t *testing.T, _ *llmgateway.Client) {
	for _, key := range []string{"", "sk-unknown-0123456789"} {
		client := dial(t, "ADDRESS", llmgateway.Options{Key: key})
		stream := client.Stream(background(t), llmgateway.Ask("demo", "x"))
		expect(t, !stream.Next())
		_, err := client.Models(background(t))
		for _, err := range []error{stream.Err(), err} {
			found := failure(t, err, llmgateway.ErrKeyInvalid)
			expect(t, found.Reason == "KEY_INVALID" && found.RequestID() != "", found)
			expect(t, strings.Contains(found.Message, found.RequestID()), found)
		}
	}
}

func budget(t *testing.T, _ *llmgateway.Client) {
	client := dial(t, "ADDRESS", llmgateway.Options{Key: variable("BUDGET_KEY")})
	_, err := client.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	stream := client.Stream(background(t), llmgateway.Ask("demo", "Hello"))
	expect(t, !stream.Next())
	for _, err := range []error{err, stream.Err()} {
		found := failure(t, err, llmgateway.ErrResourceExhausted)
		expect(t, found.Reason == "BUDGET_EXHAUSTED", found)
		expect(t, found.RetryAfter > 0 && found.RetryAfter <= 24*time.Hour, found.RetryAfter)
		expect(t, len(found.Context.Violations) == 1)
		violation := found.Context.Violations[0]
		expect(t, violation.Subject == "penniless", violation)
		expect(t, violation.Kind == v1.LimitKind_LIMIT_KIND_SPEND, violation)
		expect(t, violation.Limit == 100 && violation.Remaining == 100, violation)
		expect(t, violation.Requested > 100, violation)
		expect(t, violation.ResetTime.AsTime().After(time.Now()), violation)
	}
}

func failures(t *testing.T, client *llmgateway.Client) {
	_, err := client.Chat(background(t), llmgateway.Ask("nobody", "Hello"))
	missing := failure(t, err, llmgateway.ErrNotFound)
	expect(t, missing.Code == codes.NotFound && missing.Reason == "MODEL_NOT_FOUND", missing)
	expect(t, missing.Context.Reason == v1.ErrorReason_ERROR_REASON_MODEL_NOT_FOUND)
	_, err = client.Chat(background(t), &v1.ChatRequest{})
	invalid := failure(t, err, llmgateway.ErrInvalidRequest)
	expect(t, len(invalid.Fields) == 2 && invalid.Fields["chat.model"] != "", invalid.Fields)
	other := dial(t, "ADDRESS", llmgateway.Options{Key: variable("DEMO_KEY")})
	_, err = other.Chat(background(t), llmgateway.Ask("slow", "Hello"))
	failure(t, err, llmgateway.ErrNotAllowed)
	_, err = client.Chat(background(t), llmgateway.Ask("limited", "Hello"))
	limited := failure(t, err, llmgateway.ErrResourceExhausted)
	expect(t, limited.Reason == "UPSTREAM_RATE_LIMITED", limited)
	expect(t, limited.RetryAfter == 7*time.Second, limited.RetryAfter)
	expect(t, limited.Context.UpstreamError.HttpStatus == 429)
	expect(t, limited.Context.UpstreamError.Message == "slow down")
}

func unknownFields(t *testing.T, client *llmgateway.Client) {
	later := dial(t, "NEWER_ADDRESS", llmgateway.Options{})
	completion, err := later.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	check(t, err)
	expect(t, llmgateway.TextOf(completion) == "Hello")
	expect(t, completion.Choices[0].FinishReason == 99)
	expect(t, len(completion.ProtoReflect().GetUnknown()) > 0)
	stream := later.Stream(background(t), llmgateway.Ask("demo", "Hello"))
	expect(t, strings.Join(texts(stream), "") == "Hello", stream.Err())
	expect(t, stream.Usage().OutputTokens == 2)
	_, err = later.Chat(background(t), llmgateway.Ask("moon", "Hello"))
	found := failure(t, err, llmgateway.ErrResourceExhausted)
	expect(t, found.Reason == "MOON_IN_THE_WRONG_PHASE" && found.RequestID() == "later", found)
	// And what the gateway does not know of a later client: field 1000 of the request.
	request := llmgateway.Ask("demo", "Hello")
	request.ProtoReflect().SetUnknown([]byte{0xc0, 0x3e, 7})
	_, err = client.Chat(background(t), request)
	check(t, err)
}

func large(t *testing.T, client *llmgateway.Client) {
	completion, err := client.Chat(
		background(t), llmgateway.Ask("demo", strings.Repeat("x", 3_000_000)))
	check(t, err)
	expect(t, completion.Usage.InputTokens == 750_000, completion.Usage)
	request := llmgateway.EmbedTexts("demo", strings.Split(strings.Repeat("a ", 2047)+"a", " ")...)
	request.DimensionCount = 1024
	reply, err := client.Embed(background(t), request)
	check(t, err)
	numbers := 0
	for _, each := range reply.Embeddings {
		numbers += len(each.GetFloatVector().Values)
	}
	expect(t, numbers == 2048*1024, numbers)
	_, err = client.Chat(background(t), llmgateway.Ask("demo", strings.Repeat("x", 5_000_000)))
	failure(t, err, llmgateway.ErrResourceExhausted)
}

func reconnect(t *testing.T, client *llmgateway.Client) {
	stream := client.Stream(background(t), llmgateway.Ask("paced", "Hello"))
	expect(t, stream.Next(), stream.Err())
	model := control(t, "/restart")
	end := time.Now().Add(30 * time.Second)
	for !strings.Contains(strings.Join(names(t, client), " "), model) {
		// The first calls may still meet the old one; none of them may fail.
		_, err := client.Chat(background(t), llmgateway.Ask("demo", "Hello"))
		check(t, err)
		expect(t, time.Now().Before(end))
	}
	expect(t, len(texts(stream)) == 399, stream.Err())
	expect(t, stream.Usage().OutputTokens == 400)
}

func overTLS(t *testing.T, _ *llmgateway.Client) {
	authority, err := os.ReadFile(variable("TLS_CA"))
	check(t, err)
	pool := x509.NewCertPool()
	expect(t, pool.AppendCertsFromPEM(authority))
	trusting := dial(t, "TLS_ADDRESS",
		llmgateway.Options{Key: variable("KEY"), TLS: &tls.Config{RootCAs: pool}})
	_, err = trusting.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	check(t, err)
	other := dial(t, "TLS_ADDRESS",
		llmgateway.Options{Key: variable("KEY"), TLS: &tls.Config{RootCAs: x509.NewCertPool()}})
	_, err = other.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	failure(t, err, llmgateway.ErrUnavailable)
}

func unreachable(t *testing.T, _ *llmgateway.Client) {
	client, err := llmgateway.Dial("127.0.0.1:1", llmgateway.Options{})
	check(t, err)
	defer client.Close()
	_, err = client.Chat(background(t), llmgateway.Ask("demo", "Hello"))
	found := failure(t, err, llmgateway.ErrUnavailable)
	expect(t, found.Reason == "" && found.RequestID() == "", found)
}
