// A test of what is compiled for one instruction set: isa_main.cc skips it on a processor that lacks that.

#ifndef ROIOPS_TESTS_ISA_TEST_H_
#define ROIOPS_TESTS_ISA_TEST_H_

namespace roiops_test {

void RunIsaTest();

}  // namespace roiops_test

#endif  // ROIOPS_TESTS_ISA_TEST_H_
