#!/usr/bin/env bash
# Generates, builds (into build/) and tests the client with Debian's packages of Java.
#   clients/conformance/run.py java clients/java/test.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
proto=$here/../../proto
build=$here/build
rm -rf "$build"
mkdir -p "$build/generated" "$build/classes" "$build/test"
protoc -I "$proto" -I /usr/include --plugin="protoc-gen-grpc=$(command -v grpc_java_plugin)" \
    --java_out="$build/generated" --grpc_out="$build/generated" \
    $(cd "$proto" && find llmgateway -name '*.proto' | sort)
# Debian's common protos are older than ErrorInfo; the file of proto/vendor comes before them.
protoc -I "$proto/vendor" -I /usr/include --java_out="$build/generated" google/rpc/error_details.proto
# Debian's netty takes TLS with ALPN from OpenSSL alone, whose library it looks for by another name
# than Debian's, in a folder where that must be a file.
mkdir "$build/native"
cp "$(dpkg -L libnetty-tcnative-jni | grep '\.so$')" "$build/native/libnetty_tcnative.so"
run=(java "-Djava.library.path=$build/native")
jars=$(printf '/usr/share/java/%s.jar:' grpc-api grpc-context grpc-core grpc-netty grpc-protobuf \
    grpc-protobuf-lite grpc-stub protobuf proto-google-common-protos guava gson \
    perfmark-api netty-buffer netty-codec netty-codec-http netty-codec-http2 netty-codec-socks \
    netty-common netty-handler netty-handler-proxy netty-resolver netty-transport \
    netty-tcnative geronimo-annotation-1.3-spec jsr305)
javac -nowarn -cp "$jars" -d "$build/classes" $(find "$build/generated" -name '*.java') \
    2>&1 | { grep -v '^Note:' || true; }
javac -Xlint:all,-serial,-classfile,-path -Werror -cp "$build/classes:$jars" -d "$build/classes" \
    $(find "$here/src/main" -name '*.java')
javac -cp "$build/classes:$jars" -d "$build/test" $(find "$here/src/test" -name '*.java')
"${run[@]}" -cp "$build/test:$build/classes:$jars" dev.llmgateway.ConformanceTest
python3 "$here/../conformance/example.py" "$here/README.md" "$build/example/Example.java" \
    "${run[@]}" -cp "$build/classes:$jars" "$build/example/Example.java"
