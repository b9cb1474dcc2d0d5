// orchestrator_mix ADDRESS SECONDS CHANNEL,... ORGANIZATION,...: the mixed load (mix.h) against a server that admits
// all the organizations to all the channels. Prints figures (measure.h).
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "mix.h"

namespace {

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream input(list);
  for (std::string word; std::getline(input, word, ',');) words.push_back(word);
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: orchestrator_mix ADDRESS SECONDS CHANNEL,... ORGANIZATION,...\n");
    return 2;
  }
  const double seconds = std::atof(argv[2]);
  bench::Mix mix(argv[1], Split(argv[3]), Split(argv[4]));
  mix.Work(seconds, std::clamp<size_t>(static_cast<size_t>(seconds), 1, 60));
  mix.CatchUp();
  mix.Report();
  return 0;
}
