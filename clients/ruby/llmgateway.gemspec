# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = "llmgateway"
  spec.version = "0.1.0"
  spec.summary = "A client of llm-gateway: chat completions, streams and embeddings over gRPC"
  spec.authors = ["llm-gateway"]
  spec.license = "Apache-2.0"
  spec.files = Dir["lib/**/*.rb", "README.md"]
  spec.required_ruby_version = ">= 3.0"
  spec.add_dependency "google-protobuf", ">= 3.21"
  spec.add_dependency "googleapis-common-protos-types", ">= 1.4"
  spec.add_dependency "grpc", ">= 1.51"
end
