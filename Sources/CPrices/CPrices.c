#include "CPrices.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char prices[] = {
#embed "prices.tsv"
};

const unsigned char *gw_prices(void) { return prices; }

size_t gw_prices_count(void) { return sizeof prices; }
