// A library: the operators that it registers.

#ifndef ROIOPS_ORT_LIBRARY_H_
#define ROIOPS_ORT_LIBRARY_H_

#include <vector>

#include "ort/custom_op.h"

namespace roiops::ort {

struct Domain {
  const char* name;
  std::vector<void (*)(OperatorList& list)> operators;  // each adds an operator with all its types
};

using Library = std::vector<Domain>;

// Defined once in each library, in a file of ops/libraries/.
extern const Library kLibrary;

}  // namespace roiops::ort

#endif  // ROIOPS_ORT_LIBRARY_H_
