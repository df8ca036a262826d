// memscan: looks for known secrets in the memory of running processes, as root can. See README.md.
//
//   memscan --secrets FILE --pid PID [--pid PID…] [options]
//     --no-tree            do not follow children
//     --methods LIST       of mem,stopmem,vmreadv,gcore,regs,env,fds (default: all of these) and perf
//     --rounds N (3) | --seconds S
//     --pause-ms MS (20)   up to MS of random wait between rounds
//     --reg-samples N (500, per thread and round)
//     --min-run BYTES (16) shortest part of a binary form that counts in memory
//     --file PATH          also scan a file (repeatable); cores by segment
//     --json FILE  --dump-dir DIR (/dev/shm)  --list-forms  --quiet
//
// Exit: 0 nothing found and the canary was seen; 1 found; 2 wrong usage; 3 inconclusive.
#include <sodium.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>

#include "forms.h"
#include "methods.h"
#include "process.h"
#include "report.h"

namespace waas::memscan {
namespace {

enum Exit { CLEAN = 0, FOUND = 1, USAGE = 2, INCONCLUSIVE = 3 };

struct Options {
  std::string secrets, json, dumpFolder = "/dev/shm";
  std::set<std::string> methods = {"mem", "stopmem", "vmreadv", "gcore", "regs", "env", "fds"};
  std::vector<pid_t> processes;
  std::vector<std::string> files;
  bool tree = true, quiet = false, listForms = false;
  int rounds = 3, registerSamples = 500;
  unsigned pauseMilliseconds = 20;
  size_t shortestRun = 16;
  double seconds = 0;
};

std::set<std::string> splitMethods(const std::string& list) {
  std::set<std::string> methods;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) methods.insert(word);
  return methods;
}

[[noreturn]] void refuse(const std::string& why) {
  fprintf(stderr, "memscan: %s; see the top of main.c++ and README.md\n", why.c_str());
  exit(USAGE);
}

// A process id; never 0 or less, which would mean ourselves to kill().
pid_t processId(const std::string& text) {
  char* end = nullptr;
  long id = strtol(text.c_str(), &end, 10);
  if (*end != 0 || id < 1) refuse("--pid " + text + " is no process id");
  return static_cast<pid_t>(id);
}

Options parse(int count, char** arguments) {
  Options o;
  for (int i = 1; i < count; i++) {
    std::string option = arguments[i];
    auto value = [&]() -> std::string {
      if (++i >= count) refuse(option + " needs a value");
      return arguments[i];
    };
    if (option == "--secrets")
      o.secrets = value();
    else if (option == "--pid")
      o.processes.push_back(processId(value()));
    else if (option == "--no-tree")
      o.tree = false;
    else if (option == "--methods")
      o.methods = splitMethods(value());
    else if (option == "--rounds")
      o.rounds = atoi(value().c_str());
    else if (option == "--seconds")
      o.seconds = atof(value().c_str());
    else if (option == "--pause-ms")
      o.pauseMilliseconds = static_cast<unsigned>(atoi(value().c_str()));
    else if (option == "--reg-samples")
      o.registerSamples = atoi(value().c_str());
    else if (option == "--min-run")
      o.shortestRun = static_cast<size_t>(atoi(value().c_str()));
    else if (option == "--file")
      o.files.push_back(value());
    else if (option == "--json")
      o.json = value();
    else if (option == "--dump-dir")
      o.dumpFolder = value();
    else if (option == "--list-forms")
      o.listForms = true;
    else if (option == "--quiet")
      o.quiet = true;
    else
      refuse("unknown option " + option);
  }
  if (o.secrets.empty()) refuse("--secrets is missing");
  if (o.processes.empty() && o.files.empty() && !o.listForms) refuse("nothing to scan");
  if (o.shortestRun < 8) refuse("--min-run below 8");
  for (const std::string& method : o.methods) {
    if (!std::set<std::string>{"mem", "stopmem", "vmreadv", "gcore", "regs", "env", "fds", "perf"}.contains(method)) {
      refuse("unknown method " + method);
    }
  }
  return o;
}

std::vector<pid_t> alive(const Options& options) {
  std::vector<pid_t> found;
  for (pid_t process : options.processes) {
    if (options.tree)
      addTree(process, found);
    else if (kill(process, 0) == 0)
      found.push_back(process);
  }
  return found;
}

void scanRound(Search& search, const Options& options, const std::vector<pid_t>& processes) {
  auto wanted = [&](const char* method) { return options.methods.contains(method); };
  for (pid_t process : processes) {
    if (wanted("mem")) readMemory(search, process, "mem");
    if (wanted("vmreadv")) readByVector(search, process);
    if (wanted("env")) readProc(search, process);
    if (wanted("fds")) readDescriptors(search, process);
    if (wanted("regs")) readRegisters(search, process, options.registerSamples);
    if (wanted("gcore")) readCore(search, process, options.dumpFolder);
    if (wanted("perf")) samplePerf(search, process);
  }
  if (!wanted("stopmem")) return;
  for (pid_t process : processes) readStopped(search, process);
}

int run(const Options& options) {
  Forms forms(options.shortestRun);
  std::string complaint = forms.load(options.secrets);
  if (!complaint.empty()) refuse(complaint);
  if (options.listForms) {
    for (const Needle& needle : forms.needles()) {
      const Secret& secret = forms.secrets()[needle.secret];
      printf("%s\t%s\t%s\t%zu\n", secret.kind.c_str(), secret.name.c_str(), needle.form.c_str(), needle.bytes.size());
    }
    return CLEAN;
  }
  Search search(forms);
  for (const std::string& file : options.files) readFile(search, file);
  auto start = std::chrono::steady_clock::now();
  auto elapsed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); };
  std::set<std::string> names;
  Summary summary;
  auto goesOn = [&] { return options.seconds > 0 ? elapsed() < options.seconds : summary.rounds < options.rounds; };
  for (; !options.processes.empty() && goesOn(); summary.rounds++) {
    nap(options.pauseMilliseconds * 1000);
    std::vector<pid_t> processes = alive(options);
    if (processes.empty() && summary.rounds == 0) refuse("no such process");
    if (processes.empty()) break;
    for (pid_t process : processes) names.insert(processName(process));
    scanRound(search, options, processes);
  }
  names.erase("gone");
  summary.seconds = elapsed();
  summary.blind = blindMethods(search, forms, names);
  if (!options.json.empty() && !writeJson(options.json, search, forms, summary))
    refuse(options.json + ": can't be written");
  if (!options.quiet) printReport(search, forms, summary);
  return search.total() != 0 ? FOUND : summary.blind.empty() ? CLEAN : INCONCLUSIVE;
}

}  // namespace
}  // namespace waas::memscan

int main(int count, char** arguments) {
  if (sodium_init() < 0) return waas::memscan::USAGE;
  return waas::memscan::run(waas::memscan::parse(count, arguments));
}
