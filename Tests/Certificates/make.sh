#!/usr/bin/env bash
# Makes the certificates that tests use, in a folder: authorities, servers', clients', and bad ones.
#   Tests/Certificates/make.sh FOLDER
# NAME.pem is a certificate, NAME.key its key. All but `other-*` and `self` are issued by `ca`.
set -euo pipefail
mkdir -p "$1"
cd "$1"

curve=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)

authority() { # NAME
    openssl req -x509 "${curve[@]}" -noenc -keyout "$1.key" -out "$1.pem" -days 2 \
        -subj "/O=llm-gateway tests/CN=$1" 2>/dev/null
}

issued() { # NAME AUTHORITY DAYS SUBJECT ALTERNATIVE-NAMES [KEY-OPTIONS...]
    local name=$1 authority=$2 days=$3 subject=$4 names=$5
    shift 5
    local kind=("$@")
    [ "${#kind[@]}" -gt 0 ] || kind=("${curve[@]}")
    openssl req "${kind[@]}" -noenc -keyout "$name.key" -out "$name.csr" -subj "$subject" 2>/dev/null
    openssl x509 -req -in "$name.csr" -CA "$authority.pem" -CAkey "$authority.key" -CAcreateserial \
        -days "$days" -out "$name.pem" 2>/dev/null \
        -extfile <(printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$names")
    rm "$name.csr"
}

authority ca
authority other-ca
issued server ca 2 /CN=server "DNS:localhost,DNS:*.example.test,IP:127.0.0.1,IP:::1"
issued renewed ca 2 /CN=renewed "DNS:localhost,IP:127.0.0.1"
issued rsa ca 2 /CN=rsa "DNS:localhost,IP:127.0.0.1" -newkey rsa:2048
issued expired ca -1 /CN=expired "DNS:localhost,IP:127.0.0.1"
issued elsewhere ca 2 /CN=localhost "DNS:elsewhere.test"
issued other-server other-ca 2 /CN=server "DNS:localhost,IP:127.0.0.1"
issued client ca 2 "/O=Example/CN=billing" \
    "DNS:billing.internal,email:billing@example.test,URI:spiffe://example.test/billing"
issued nobody ca 2 /CN=nobody "DNS:nobody.internal"
issued other-client other-ca 2 "/O=Example/CN=billing" "DNS:billing.internal"
openssl req -x509 "${curve[@]}" -noenc -keyout self.key -out self.pem -days 2 -subj /CN=self \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2>/dev/null
openssl ec -in server.key -aes128 -passout pass:secret -out locked.key 2>/dev/null
