// A bare gRPC server and its client: what gRPC itself costs for messages of given sizes.
#pragma once

#include <string>

#include "measure.h"

namespace bench {

// Answers any method, through the same interface of gRPC as the orchestrator (callbacks), until standard input ends:
// the request's headers say how many bytes the answer has and how many answers there are. Prints its address.
void ServeEcho();

// Calls of the given sizes for some seconds.
Outcome CallEcho(const std::string& address, size_t in_flight, size_t request_bytes, size_t response_bytes,
                 double seconds);

// Streams of `count` messages each, read at the same time as the subscribers of orchestrator_bench do; returns when all
// have been read.
void ReadStreams(const std::string& address, size_t streams, size_t bytes, size_t count);

}  // namespace bench
