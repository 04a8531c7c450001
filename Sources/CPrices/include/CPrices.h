#ifndef GW_PRICES_H
#define GW_PRICES_H

#include <stddef.h>

/* The bytes of prices.tsv, which scripts/prices.py makes, and their number. */
const unsigned char *gw_prices(void);
size_t gw_prices_count(void);

#endif
