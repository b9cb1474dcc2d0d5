// Assertions for programmer errors. They stay in release builds: a server that goes on after one would write what
// nobody can trust.
#pragma once

#include <cstdio>
#include <cstdlib>

#define ORC_ASSERT(condition)                                                                \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
