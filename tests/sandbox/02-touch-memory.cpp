// a vector that grows for ever
// expect: MLE
// memory: 48
#include <vector>
int main() {
    std::vector<long> v;
    for (long i = 0;; i++) v.push_back(i);
}
