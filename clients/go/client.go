// Package llmgateway is a client of llm-gateway over gRPC: completions whole and streamed,
// embeddings and models. The messages of the contract are in llmgatewayv1.
package llmgateway

import (
	"context"
	"crypto/tls"
	"math"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	v1 "llmgateway.dev/go/llmgatewayv1"
)

// Options of a connection. The zero value calls without a key and in the clear.
type Options struct {
	// Key is the API key.
	Key string
	// TLS, if it is set, is how the connection is encrypted; without it is in the clear.
	TLS *tls.Config
	// Timeout bounds calls whose context has no deadline. Zero: as the gateway has it.
	Timeout time.Duration
	// Dial are gRPC's own options.
	Dial []grpc.DialOption
}

// Client makes calls. It is safe for use by several goroutines.
type Client struct {
	connection *grpc.ClientConn
	options    Options
	chat       v1.ChatServiceClient
	embeddings v1.EmbeddingServiceClient
	models     v1.ModelServiceClient
}

// Dial returns a client of the gateway at host:port. It connects when it is first used, and again
// when it has to.
func Dial(target string, options Options) (*Client, error) {
	security := grpc.WithInsecure()
	if options.TLS != nil {
		security = grpc.WithTransportCredentials(credentials.NewTLS(options.TLS))
	}
	// The gateway bounds what it sends; a bound of gRPC's own would only get in the way.
	size := grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32))
	connection, err := grpc.Dial(target, append([]grpc.DialOption{security, size}, options.Dial...)...)
	if err != nil {
		return nil, err
	}
	return &Client{
		connection: connection,
		options:    options,
		chat:       v1.NewChatServiceClient(connection),
		embeddings: v1.NewEmbeddingServiceClient(connection),
		models:     v1.NewModelServiceClient(connection),
	}, nil
}

// Close closes the connection; calls that still run are cancelled.
func (c *Client) Close() error { return c.connection.Close() }

// call adds what every call has: the key, and the client's own timeout if there is no deadline.
func (c *Client) call(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.options.Key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.options.Key)
	}
	if _, bounded := ctx.Deadline(); !bounded && c.options.Timeout > 0 {
		return context.WithTimeout(ctx, c.options.Timeout)
	}
	return context.WithCancel(ctx)
}

// Chat returns a whole completion. Ask makes a simple request.
func (c *Client) Chat(ctx context.Context, request *v1.ChatRequest) (*v1.ChatCompletion, error) {
	ctx, cancel := c.call(ctx)
	defer cancel()
	reply, err := c.chat.GenerateChatCompletion(
		ctx, &v1.GenerateChatCompletionRequest{Chat: request})
	return reply.GetCompletion(), errorOf(err)
}

// Stream returns a completion piece by piece. Its failures come out of the stream.
func (c *Client) Stream(ctx context.Context, request *v1.ChatRequest) *ChatStream {
	ctx, cancel := c.call(ctx)
	call, err := c.chat.StreamChatCompletion(ctx, &v1.StreamChatCompletionRequest{Chat: request})
	return &ChatStream{call: call, cancel: cancel, err: errorOf(err)}
}

// Embed returns an embedding of each input of the request. EmbedTexts makes a simple request.
func (c *Client) Embed(
	ctx context.Context, request *v1.GenerateEmbeddingsRequest,
) (*v1.GenerateEmbeddingsResponse, error) {
	ctx, cancel := c.call(ctx)
	defer cancel()
	reply, err := c.embeddings.GenerateEmbeddings(ctx, request)
	return reply, errorOf(err)
}

// Models returns the models that the key may use, by name.
func (c *Client) Models(ctx context.Context) ([]*v1.Model, error) {
	ctx, cancel := c.call(ctx)
	defer cancel()
	var models []*v1.Model
	request := &v1.ListModelsRequest{}
	for {
		page, err := c.models.ListModels(ctx, request)
		if err != nil {
			return nil, errorOf(err)
		}
		models = append(models, page.Models...)
		if page.NextPageToken == "" {
			return models, nil
		}
		request.PageToken = page.NextPageToken
	}
}

// Model returns one model, by the name that requests use.
func (c *Client) Model(ctx context.Context, name string) (*v1.Model, error) {
	ctx, cancel := c.call(ctx)
	defer cancel()
	reply, err := c.models.GetModel(ctx, &v1.GetModelRequest{Name: "models/" + name})
	return reply.GetModel(), errorOf(err)
}
