// orchestrator_limits COMMAND: what the machine can do without any orchestrator, for comparison. Each command prints
// figures as orchestrator_bench does (measure.h).
//   serve-echo                          a bare gRPC server: prints {"address"} and serves until its input ends
//   echo ADDRESS CALLS REQUEST RESPONSE SECONDS    calls of these bytes, so many at once
//   stream ADDRESS STREAMS BYTES COUNT  so many streams at once, of messages of these bytes each
//   fsync FOLDER SECONDS                4 KiB appended to a file and synchronized, again and again
//   sqlite FILE FOLDER PARTS            the rows of a database, into an empty one of the same tables, in so many
//   commits postgres TARGET SCHEMA PARTS        the same for a schema
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "echo.h"
#include "measure.h"
#include "raw_rows.h"

namespace bench {
namespace {

size_t Number(const std::string& text) {
  return std::strtoull(text.c_str(), nullptr, 10);
}

void Syncs(const std::string& folder, double seconds) {
  const std::string path = folder + "/fsync-limit";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string block(4096, 'x');
  const Measurement measurement("fsync", block.size(), "bytes");
  Outcome outcome;
  while ((outcome.seconds = measurement.Seconds()) < seconds) {
    const auto before = Clock::now();
    ++outcome.calls;
    if (write(file, block.data(), block.size()) < 0 || fsync(file) != 0) ++outcome.failures;
    outcome.latencies.Add(SecondsSince(before) * 1000);
  }
  measurement.PrintRate("calls/s", outcome.calls, outcome);
  close(file);
  unlink(path.c_str());
}

void Streams(const std::string& address, size_t streams, size_t bytes, size_t count) {
  const Measurement measurement("stream", streams, "streams");
  Outcome outcome;
  outcome.calls = outcome.in_flight = streams;
  ReadStreams(address, streams, bytes, count);
  outcome.seconds = measurement.Seconds();
  measurement.PrintRate("events/s", streams * count, outcome);
}

int Main(const std::vector<std::string>& arguments) {
  const std::string command = arguments.empty() ? "" : arguments[0];
  const size_t given = arguments.size();
  if (command == "serve-echo" && given == 1) {
    ServeEcho();
  } else if (command == "echo" && given == 6) {
    const Measurement measurement("echo", Number(arguments[2]), "calls at once");
    const Outcome outcome = CallEcho(arguments[1], Number(arguments[2]), Number(arguments[3]), Number(arguments[4]),
                                     std::atof(arguments[5].c_str()));
    measurement.PrintRate("calls/s", outcome.calls, outcome);
  } else if (command == "stream" && given == 5) {
    Streams(arguments[1], Number(arguments[2]), Number(arguments[3]), Number(arguments[4]));
  } else if (command == "fsync" && given == 3) {
    Syncs(arguments[1], std::atof(arguments[2].c_str()));
  } else if (command == "sqlite" && given == 4) {
    CopySqlite(arguments[1], arguments[2], Number(arguments[3]));
  } else if (command == "postgres" && given == 4) {
    CopyPostgres(arguments[1], arguments[2], Number(arguments[3]));
  } else {
    std::fprintf(stderr, "usage: see bench/limits.cc\n");
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main({argv + 1, argv + argc});
}
