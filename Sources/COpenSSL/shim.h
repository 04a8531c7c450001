// The one-shot digests of OpenSSL 3 fetch their algorithm on every call; the older
// SHA256_Init family does not and is what a hash per request can afford.
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <openssl/sha.h>
