#include "cpu/isa_test.h"
#include "expect.h"

int main(int argc, char** argv) {
  roiops_test::RandomCases(argc, argv);
  roiops_test::RunIsaTest();
  return roiops_test::ExitStatus();
}
